"""BP4D-Spontaneous: 41 subjects in 8 tasks, some 147,000 frames coded for action units."""

from pathlib import Path
from typing import Literal

import polars as pl

from conjoin.datasets._archive import About, Archive
from conjoin.datasets._au_coding import read_au_coding
from conjoin.datasets._frames import split_of

ABOUT = About(
    title="BP4D",
    citation="Zhang, Yin, Cohn, Canavan, Reale, Horowitz, Liu & Girard, BP4D-Spontaneous: a high-resolution "
    "spontaneous 3D dynamic facial expression database, Image and Vision Computing 2014",
    access="BP4D is given under a licence of Binghamton University.",
)

_PARTS = (
    ["F001", "M007", "F018", "F008", "F002", "M004", "F010", "F009", "M012", "M001", "F016", "M014", "F023", "M008"],
    ["M011", "F003", "M010", "M002", "F005", "F022", "M018", "M017", "F013", "M016", "F020", "F011", "M013", "M005"],
    ["F007", "F015", "F006", "F019", "M006", "M009", "F012", "M003", "F004", "F021", "F017", "M015", "F014"],
)


def bp4d(root: str | Path, *, images: str | Path | None = None, test_part: Literal[1, 2, 3] | None = None) -> Archive:
    """Read the action units of BP4D-Spontaneous.

    Annotation: `action_units`, all units that are coded; 9 in a file means that one is not known. Frames that are not
    coded, most of them, are left out. `group` is the subject. What a task was to elicit is no label of its frames.

    Args:
        root: the folder that holds `AUCoding/AU_OCC`.
        images: folder of the frames, by default `2D+3D` where there is one, else `root`: `F001/T1/2440.jpg`, with or
            without leading zeros.
        test_part: make a third of the subjects the test split: the first, second or third of the parts that Shao et
            al. (Deep adaptive attention for joint facial action unit detection and face alignment, ECCV 2018) and
            later work average over. By default there are no splits.

    Raises:
        FileNotFoundError: if annotations or frames are not there.
        ValueError: if a table is not understood, or two files are the same frame.

    """
    frame, units, notes = read_au_coding(Path(root).absolute(), ABOUT, images)
    if test_part:
        frame = frame.with_columns(split_of(pl.col("group"), _PARTS[test_part - 1]))
    return Archive(ABOUT, frame, {"action_units": units}, tuple(notes))
