"""BP4D+: subjects in 10 tasks, four of which are coded for action units."""

from pathlib import Path

import polars as pl

from conjoin.datasets._archive import About, Archive
from conjoin.datasets._au_coding import read_au_coding

ABOUT = About(
    title="BP4D+",
    citation="Zhang, Girard, Wu, Zhang, Liu, Ciftci, Canavan, Reale, Horowitz, Yang, Cohn, Ji & Yin, Multimodal "
    "spontaneous emotion corpus for human behavior analysis, CVPR 2016",
    access="BP4D+ is given under a licence of Binghamton University.",
)


def bp4d_plus(root: str | Path, *, images: str | Path | None = None) -> Archive:
    """Read the action units of BP4D+.

    Annotation: `action_units`, all units that are coded; 9 in a file means that one is not known. Only parts of tasks
    1, 6, 7 and 8 are coded; other frames are left out, for nothing is known of them. `group` is the subject,
    as "BP4D+ F001": F001 of BP4D is somebody else.

    Args:
        root: the folder that holds `AUCoding/AU_OCC`.
        images: folder of the frames, by default `2D+3D` where there is one, else `root`; its archives unpacked:
            `F001/T1/0001.jpg`, with or without leading zeros.

    Raises:
        FileNotFoundError: if annotations or frames are not there.
        ValueError: if a table is not understood, or two files are the same frame.

    """
    frame, units, notes = read_au_coding(Path(root).absolute(), ABOUT, images)
    frame = frame.with_columns(group=f"{ABOUT.title} " + pl.col("group"))
    return Archive(ABOUT, frame, {"action_units": units}, tuple(notes))
