"""Frames of videos, extracted by whoever holds them, and the annotations that belong to them by number."""

import os
from collections.abc import Sequence
from pathlib import Path

import polars as pl

SUFFIX = r"\.(?i:jpe?g|png|bmp|tiff?)$"
"""How names of image files end."""


def image_files(folder: Path) -> pl.Series:
    """Paths of all image files below a folder, relative to it, sorted."""
    found: list[str] = []
    for place, _, names in os.walk(str(folder), followlinks=True):
        inner = os.path.relpath(place, folder)
        found.extend(name if inner == "." else f"{inner}/{name}" for name in names)
    paths = pl.Series("path", found, pl.String)
    return paths.filter(paths.str.contains(SUFFIX)).sort()


def extracted_frames(folder: Path, pattern: str) -> pl.DataFrame:
    """Image files whose path below a folder fits a pattern.

    Args:
        folder: where frames are, at whatever depth.
        pattern: a regular expression with named groups, one of them `frame`: the number, padded or not.

    Returns:
        `image` (path) and a column for each group, `frame` as a whole number.

    Raises:
        ValueError: if two files are the same frame.

    """
    paths = image_files(folder)
    found = (
        paths.to_frame()
        .select(
            pl.format("{}/{}", pl.lit(str(folder)), "path").alias("image"), pl.col("path").str.extract_groups(pattern)
        )
        .unnest("path")
        .filter(pl.col("frame").is_not_null())
        .with_columns(pl.col("frame").cast(pl.Int64))
    )
    keys = [name for name in found.columns if name != "image"]
    twice = found.filter(pl.struct(keys).is_duplicated()).sort(*keys, "image")["image"]
    if len(twice):
        raise ValueError(
            f"Each frame should have one image below {folder}. Found {twice[0]} and {twice[1]}, which are the same "
            "frame. Name the folder of those that you want in `options: {images: ...}`."
        )
    return found


def with_annotations(
    frames: pl.DataFrame, annotated: pl.DataFrame, on: Sequence[str]
) -> tuple[pl.DataFrame, list[str]]:
    """Frames that have both an image and annotations, and notes of how many have one only."""
    notes = []
    bare = frames.join(annotated, on=on, how="anti")["image"]
    if len(bare):
        notes.append(f"{len(bare):,} images are no annotated frame and are left out; the first: {bare.sort()[0]}.")
    lost = annotated.join(frames, on=on, how="anti").select(on).sort(on)
    if len(lost):
        first = " ".join(str(value) for value in lost.row(0))
        notes.append(f"{len(lost):,} annotated frames have no image and are left out; the first: {first}.")
    return frames.join(annotated, on=on, how="inner", maintain_order="left"), notes


def split_of(subject: pl.Expr, part: Sequence[str]) -> pl.Expr:
    """`test` for the subjects of one part of a published partition, `train` for the others."""
    return pl.when(subject.is_in(part)).then(pl.lit("test")).otherwise(pl.lit("train")).alias("split")
