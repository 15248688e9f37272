"""Attribute scores of Kumar, Berg, Belhumeur & Nayar (ICCV 2009), as they come with LFW and PubFig."""

import os
from pathlib import Path

import polars as pl

from conjoin.datasets._archive import About
from conjoin.datasets._lines import Lines

CITATION = "Kumar, Berg, Belhumeur & Nayar, Attribute and simile classifiers for face verification, ICCV 2009"

_KEY = ("person", "imagenum")
_PICTURE = r"/(?<person>[^/]+)_(?<imagenum>\d+)\.(?i:jpe?g|png)$"


def read_rated(path: Path, folder: Path, about: About) -> tuple[pl.DataFrame, tuple[str, ...], list[str]]:
    """Images with the signs of their scores.

    Args:
        path: of the scores: after comments a header that has a cell more than the lines below it, apart by tabs.
        folder: somewhere below it are images such as `Barack_Obama_441.jpg`, the number with or without zeros.
        about: of the archive, for errors.

    Returns:
        Rows with `image`, `group` (the person, with spaces) and a column for each attribute; names of attributes;
        notes.

    Raises:
        FileNotFoundError: if there is no image.
        ValueError: if a line is not understood.

    """
    scores, names = _scores(path)
    pictures = _pictures(folder)
    if not len(pictures):
        raise FileNotFoundError(
            f"{folder} should hold images of {about.title}, such as Barack_Obama_441.jpg or Aaron_Eckhart_0001.jpg. "
            f"Found none. {about.access}"
        )
    notes = ["Attributes are what classifiers found (a score above 0 is present), not what people saw."]
    scored = len(scores)
    scores = scores.unique(list(_KEY), keep="first", maintain_order=True)
    if more := scored - len(scores):
        notes.append(f"{more:,} lines of {path.name} are of an image that has one already, and are left out.")
    once = pictures.unique(list(_KEY), keep="first", maintain_order=True)
    if more := len(pictures) - len(once):
        notes.append(f"{more:,} images below {folder} have the person and number of another, and are left out.")
    frame = scores.join(once, on=_KEY, maintain_order="left")
    if len(lost := scores.join(once, on=_KEY, how="anti", maintain_order="left")):
        person, number = lost.select(_KEY).row(0)
        told = f"{len(lost):,} of {len(scores):,} images with attributes have no file and are left out"
        notes.append(f"{told}; the first: {person}, {number}.")
    if len(bare := once.join(scores, on=_KEY, how="anti", maintain_order="left")):
        notes.append(f"{len(bare):,} images have no attributes and are left out; the first: {bare['image'][0]}.")
    columns = [f"attributes:{name}" for name in names]
    return frame.select("image", pl.col("person").alias("group"), *columns), names, notes


def _scores(path: Path) -> tuple[pl.DataFrame, tuple[str, ...]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        head = []
        for line in file:
            if not line.startswith("#"):
                break
            head.append(line)
    # The header has `#` for a first cell, and no other line has: cells would be one off.
    header = head[-1].lstrip("#").strip().split("\t") if head else []
    names = tuple(header[2:])
    if tuple(header[:2]) != _KEY or not names or len(set(names)) < len(names):
        raise ValueError(
            f"{path}, line {max(len(head), 1)}, should be `#`, person, imagenum and names of attributes, apart by "
            f"tabs. Found {(head[-1] if head else '')[:80]!r}."
        )
    lines = Lines(path, skip=len(head), separator="\t")
    expected = f"a person, the number of an image and {len(names)} scores, apart by tabs"
    cells = lines.cells((*_KEY, *names), expected)
    number = lines.numbers(cells["imagenum"], expected, low=0, high=10**9)
    scores = lines.matrix(cells.select(names), expected, low=float("-inf"), high=float("inf"))
    found = pl.DataFrame(scores, schema=[f"attributes:{name}" for name in names]).fill_nan(None)
    present = found.select((pl.all() > 0).cast(pl.Int8))
    key = cells.select(pl.col("person").str.replace_all("_", " "), imagenum=number)
    return key.hstack(present), names


def _pictures(folder: Path) -> pl.DataFrame:
    paths = sorted(f"{place}/{name}" for place, _, names in os.walk(folder) for name in names)
    found = pl.DataFrame({"image": paths}, schema={"image": pl.String})
    parts = pl.col("image").str.extract_groups(_PICTURE).struct
    return found.select(
        "image",
        person=parts.field("person").str.replace_all("_", " "),
        imagenum=parts.field("imagenum").cast(pl.Int64, strict=False),
    ).drop_nulls()


def by_person(frame: pl.DataFrame, split: dict[str, str], where: str) -> tuple[pl.DataFrame, list[str]]:
    """Rows with the split of their person; others are left out, and told.

    Args:
        frame: rows with `group`.
        split: of each person.
        where: what names the people.

    """
    found = frame.with_columns(split=pl.col("group").replace_strict(split, default=None, return_dtype=pl.String))
    kept = found.filter(pl.col("split").is_not_null())
    notes = [f"Splits are those of {where}."]
    if lost := len(found) - len(kept):
        notes.append(f"{lost:,} images are of people in none of {where}, and left out.")
    return kept, notes
