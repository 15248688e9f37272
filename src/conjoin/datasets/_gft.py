"""GFT: 96 participants in groups of three, 172,800 video frames coded for action units."""

import os
import re
from pathlib import Path

import polars as pl

from conjoin.datasets._archive import About, Archive, find
from conjoin.datasets._au_table import coded_units, read_au_table
from conjoin.datasets._frames import SUFFIX, extracted_frames, with_annotations

ABOUT = About(
    title="GFT",
    citation="Girard, Chu, Jeni, Cohn, De la Torre & Sayette, Sayette Group Formation Task (GFT) spontaneous facial "
    "expression database, FG 2017",
    access="Annotations of GFT are on OSF under CC BY 4.0; its videos are given by the University of Pittsburgh under "
    "a signed agreement.",
)

_PARTICIPANT = r"(?:^|[^A-Za-z0-9])(\d{3}[A-Z])(?:$|[^A-Za-z0-9])"
_FRAME = rf"(?:^|/)(?<participant>\d{{3}}[A-Z])/(?:.*\D)?(?<frame>\d+){SUFFIX}"


def gft(root: str | Path, *, annotations: str | Path | None = None, images: str | Path | None = None) -> Archive:
    """Read the action units of GFT, for frames that you extracted from its videos.

    Annotation: `action_units`, all units that are coded. A cell that is neither 0 nor 1 is not annotated. `group` is
    the participant. There are no splits: how the official partition is written could not be confirmed.

    Tables are read in any form that names action units in its first line (`AU1`, `AU 01`, `1`), since the official one
    could not be confirmed: one for each participant, named after it (`001A.csv`), with a column of frame numbers or a
    line for each frame from 1 on; or with a column of paths (`001A/1.jpg`).

    Args:
        root: folder of tables and frames.
        annotations: folder of the tables of occurrence, by default anywhere below `root`; needed where there are
            tables of intensity too.
        images: folder of the frames, by default anywhere below `root`: `001A/1.jpg`, with or without leading zeros.

    Raises:
        FileNotFoundError: if annotations or frames are not there.
        ValueError: if a table is not understood, or tells of a frame twice.

    """
    root = Path(root).absolute()
    folder = root / annotations if annotations else root
    tables = sorted(
        os.path.relpath(f"{place}/{name}", folder)
        for place, _, names in os.walk(str(folder), followlinks=True)
        for name in names
        if name.lower().endswith(".csv")
    )
    find(folder, ABOUT, *tables, what="a table of action units for each participant, such as 001A.csv")
    read, notes = [], []
    for table in tables:
        try:
            read.append(_annotated(folder / table))
        except ValueError as error:
            if re.search(_PARTICIPANT, Path(table).stem):
                raise
            notes.append(f"{table} is left out. {error}")
    if not read:
        raise ValueError(" ".join(notes))
    annotated = pl.concat(read, how="diagonal")
    twice = annotated.filter(pl.struct("participant", "frame").is_duplicated())
    if len(twice):
        raise ValueError(
            f"Each frame of GFT should be annotated once. Found frame {twice['frame'][0]} of "
            f"{twice['participant'][0]} more often below {folder}. Name the folder of the tables of occurrence in "
            "`options: {annotations: ...}`."
        )
    pictures = root / images if images else root
    frames = extracted_frames(pictures, _FRAME)
    if not len(frames):
        raise FileNotFoundError(
            f"`images` of GFT should be a folder of extracted frames, such as 001A/1.jpg. Found none below {pictures}. "
            "The distribution has videos: extract their frames first, for instance by ffmpeg -i 001A.mp4 001A/%d.jpg."
        )
    frame, more = with_annotations(frames, annotated, ["participant", "frame"])
    frame, units, others = coded_units(frame.rename({"participant": "group"}).drop("frame"))
    form = f"{len(read):,} tables of action units below {folder}; cells other than 0 and 1 are not annotated."
    return Archive(ABOUT, frame, {"action_units": units}, (form, *notes, *more, *others))


def _annotated(path: Path) -> pl.DataFrame:
    """`participant`, `frame`, and a column of each unit."""
    table = read_au_table(path, None)
    named = re.search(_PARTICIPANT, path.stem)
    participant = pl.lit(named[1]) if named else pl.col("key").str.extract(_PARTICIPANT)
    number = pl.col("key").str.extract(r"(\d+)(?:\.0+|\.[A-Za-z]+)?$").cast(pl.Int64)
    table = table.with_columns(participant.alias("participant"), number.alias("frame"))
    wrong = (table["participant"].is_null() | table["frame"].is_null()).arg_true()
    if len(wrong):
        raise ValueError(
            f"{path}, line {wrong[0] + 2}, should name a frame, such as {'1' if named else '001A/1.jpg'}. "
            f"Found {table['key'][wrong[0]]!r}."
        )
    return table.drop("key")
