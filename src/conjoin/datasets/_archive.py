"""What every adapter gives: an official distribution as a table of images and annotations, by name."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class About:
    """A data set, and where it comes from.

    Args:
        title: what it is called.
        citation: authors, title, venue and year.
        access: how to get it, and under which terms, as far as known; nothing is downloaded.

    """

    title: str
    citation: str
    access: str


@dataclass(frozen=True, eq=False)
class Archive:
    """An official distribution, read; images are paths, opened when they are needed.

    Args:
        about: which data set.
        frame: a row an image: `image` (absolute path); `split` (train, validation or test), where the distribution
            has splits; `group` (subject, video), where it has groups; for each annotation a column of class names,
            null where not annotated, or columns `annotation:label` of 0 and 1, null where not annotated, or of
            probabilities (floats).
        outputs: for each annotation, names of its classes or labels in the order of the distribution.
        notes: what was found (which form), and what was left out and why.

    """

    about: About
    frame: pl.DataFrame
    outputs: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = field(default=())

    def columns(self, annotation: str) -> dict[str, str]:
        """Column of each label of an annotation; of one with classes nothing."""
        return {} if annotation in self.frame.columns else {n: f"{annotation}:{n}" for n in self.outputs[annotation]}


def find(root: Path, about: About, *alternatives: str, what: str = "") -> Path:
    """The first of some files or folders below a root that exists.

    Raises:
        FileNotFoundError: if none does; says what is there instead, and where the data set is to be had.

    """
    for name in alternatives:
        if (root / name).exists():
            return root / name
    there = sorted(entry.name for entry in root.iterdir()) if root.is_dir() else None
    found = f"{', '.join(there[:8]) or 'nothing'}{', ...' if len(there) > 8 else ''}" if there is not None else "none"
    raise FileNotFoundError(
        f"`root` of {about.title} should be a folder with {what or ' or '.join(alternatives)}. Found {found} "
        f"{'in' if there is not None else 'at'} {root}. {about.access}"
    )


def with_files(frame: pl.DataFrame, what: str = "images") -> tuple[pl.DataFrame, list[str]]:
    """Rows whose `image` is a file, and a note of how many others there were.

    Folders are listed once each, which is faster than asking for every file.
    """
    split = frame["image"].str.extract_groups(r"^(?<folder>.*)/(?<name>[^/]*)$").struct.unnest()
    names = {folder: listing(Path(folder)) for folder in split["folder"].unique().to_list()}
    there = pl.DataFrame(
        {"folder": list(names), "name": [list(found) for found in names.values()]},
        schema={"folder": pl.String, "name": pl.List(pl.String)},
    ).explode("name")
    keep = split.with_row_index().join(there, on=["folder", "name"], how="semi")["index"].sort()
    lost = split.with_row_index().join(there, on=["folder", "name"], how="anti")["index"]
    if not len(lost):
        return frame, []
    first = frame["image"][int(lost.min())]  # type: ignore[arg-type]
    note = f"{len(lost):,} of {len(frame):,} listed {what} have no file and are left out; the first: {first}."
    return frame[keep], [note]


def listing(folder: Path) -> Collection[str]:
    """Names in a folder; none where there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries]
    except (FileNotFoundError, NotADirectoryError):
        return ()
