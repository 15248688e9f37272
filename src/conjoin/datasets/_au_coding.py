"""Action units as the Binghamton data sets hold them: `AUCoding/AU_OCC/F001_T1.csv`, frames `F001/T1/2440.jpg`."""

import re
from pathlib import Path

import polars as pl

from conjoin.datasets._archive import About, find, listing
from conjoin.datasets._au_table import coded_units, read_au_table
from conjoin.datasets._frames import SUFFIX, extracted_frames, with_annotations

_UNKNOWN = 9
_FRAME = rf"(?:^|/)(?<subject>[FM]\d{{3}})[/_](?<task>T\d+)/(?:.*\D)?(?<frame>\d+){SUFFIX}"


def read_au_coding(
    root: Path, about: About, images: str | Path | None
) -> tuple[pl.DataFrame, tuple[str, ...], list[str]]:
    """Coded frames that have an image.

    Args:
        root: the folder that holds `AUCoding`.
        about: which data set.
        images: folder of the frames, by default `2D+3D`, else `root`.

    Returns:
        `image`, `group` (subject), and a column of each unit that is coded; the units; notes.

    Raises:
        FileNotFoundError: if there are no such annotations, or no frames.
        ValueError: if a table is not understood.

    """
    coding = find(root, about, "AUCoding/AU_OCC", "AU_OCC")
    names = [re.fullmatch(r"([FM]\d{3})_(T\d+)\.csv", name) for name in sorted(listing(coding))]
    sequences = [_sequence(coding / name[0], name[1], name[2]) for name in names if name]
    if not sequences:
        raise FileNotFoundError(f"{coding} should hold files such as F001_T1.csv. Found none.")
    folder = root / images if images else find(root, about, "2D+3D", ".")
    frames = extracted_frames(folder, _FRAME)
    if not len(frames):
        raise FileNotFoundError(
            f"`images` of {about.title} should be a folder of frames, such as F001/T1/2440.jpg. Found none below "
            f"{folder}. Unpack its archives (F001.zip) first."
        )
    frame, notes = with_annotations(frames, pl.concat(sequences, how="diagonal"), ["subject", "task", "frame"])
    frame, units, more = coded_units(frame.rename({"subject": "group"}).drop("task", "frame"))
    return frame, units, [f"Occurrence of action units: {coding}.", *notes, *more]


def _sequence(path: Path, subject: str, task: str) -> pl.DataFrame:
    table = read_au_table(path, (_UNKNOWN,))
    frame = table["key"].cast(pl.Int64, strict=False)
    wrong = (frame.is_null() | frame.is_duplicated()).arg_true()
    if len(wrong):
        raise ValueError(
            f"{path}, line {wrong[0] + 2}, should start with the number of a frame, which no other line has. "
            f"Found {table['key'][wrong[0]]!r}."
        )
    return table.drop("key").with_columns(frame.alias("frame"), subject=pl.lit(subject), task=pl.lit(task))
