"""CelebA: 202,599 faces of 10,177 people with 40 attributes."""

from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import Field

from conjoin.datasets._archive import About, Archive, find, with_files
from conjoin.datasets._identity import with_identity
from conjoin.datasets._lines import Lines

ABOUT = About(
    title="CelebA",
    citation="Liu, Luo, Wang & Tang, Deep learning face attributes in the wild, ICCV 2015",
    access="CelebA is given by its authors (mmlab.ie.cuhk.edu.hk/projects/CelebA.html), as far as known for "
    "non-commercial research.",
)

_SPLITS = ("train", "validation", "test")
"""Of codes 0 to 2."""
_ATTRIBUTES = ("Anno/list_attr_celeba.txt", "list_attr_celeba.txt", "list_attr_celeba.csv")
_IMAGES = tuple(
    f"{folder}img_align_celeba{inner}"
    for folder in ("Img/", "")
    for inner in ("/img_align_celeba", "")  # archives unpacked into a folder of their own name
)


def celeba(root: str | Path, *, closed_set: bool = False, min_images: Annotated[int, Field(ge=1)] = 1) -> Archive:
    """Read CelebA, aligned faces.

    Annotations: `attributes` (40 labels), and with `closed_set` also `identity` (people by their number). Splits are
    those of the official partition, and identity is the group, of people who are in one split only. Boxes are not
    read; they are of the images in the wild.

    Args:
        root: the folder with `Anno`, `Eval` and `Img`, or with all files side by side; or the re-packed form with
            `list_attr_celeba.csv`; or a folder with one of them as `CelebA` or `celeba`.
        closed_set: for the recognition of people: identity is an annotation, and the study draws splits of images.
        min_images: with `closed_set`, of a person whose identity is annotated; attributes are of all.

    Raises:
        FileNotFoundError: if the list of attributes or the images are not there.
        ValueError: if a line of a file is not understood.

    """
    root = Path(root).absolute()
    inner = ("", "CelebA/", "celeba/")
    listed = find(root, ABOUT, *(place + name for place in inner for name in _ATTRIBUTES), what="list_attr_celeba.txt")
    base = listed.parent.parent if listed.parent.name == "Anno" else listed.parent
    images = find(base, ABOUT, *_IMAGES, what="images in img_align_celeba")
    frame, labels, notes = _attributes(listed)
    outputs: dict[str, tuple[str, ...]] = {"attributes": labels}

    partition = _beside(base, "Eval/list_eval_partition.txt", "list_eval_partition.txt", "list_eval_partition.csv")
    if partition is not None:
        codes = _codes(partition, "an image and 0 (train), 1 (validation) or 2 (test)", high=2)
        split = pl.col("code").replace_strict(dict(enumerate(_SPLITS)), return_dtype=pl.String)
        listed_images = len(frame)
        frame = frame.join(codes.select("name", split=split), on="name", maintain_order="left")
        if lost := listed_images - len(frame):
            notes.append(f"{lost:,} images are in no part of the official partition and are left out.")
    else:
        notes.append("No list_eval_partition: there are no official splits.")

    frame, lost_files = with_files(frame.with_columns(image=pl.lit(f"{images}/") + pl.col("name")))
    notes += lost_files
    persons = _beside(base, "Anno/identity_CelebA.txt", "identity_CelebA.txt")
    if closed_set and persons is None:
        find(base, ABOUT, "Anno/identity_CelebA.txt", "identity_CelebA.txt")
    if persons is None:
        return Archive(ABOUT, frame.drop("name"), outputs, (*notes, "No identity_CelebA.txt: there are no groups."))
    person = _codes(persons, "an image and the number of a person", high=10**9)
    person = person.select("name", group=pl.col("code").cast(pl.String))
    frame = frame.join(person, on="name", how="left", maintain_order="left").drop("name")
    frame, identity, told = with_identity(frame, closed_set=closed_set, min_images=min_images)
    return Archive(ABOUT, frame, outputs | identity, (*notes, *told))


def _beside(base: Path, *names: str) -> Path | None:
    return next((base / name for name in names if (base / name).exists()), None)


def _attributes(path: Path) -> tuple[pl.DataFrame, tuple[str, ...], list[str]]:
    comma = path.suffix == ".csv"
    lines = Lines(path, skip=1 if comma else 2, separator="," if comma else " ")
    head = [*lines.head, "", ""]
    names = tuple(head[0].split(",")[1:] if comma else head[1].split())
    if not names or len(set(names)) < len(names):
        raise ValueError(f"{path}, line {1 if comma else 2}, should name the attributes. Found {', '.join(names)!r}.")
    expected = f"an image and {len(names)} numbers, -1 or 1"
    cells = lines.cells(("name", *names), expected)
    known = pl.all_horizontal(pl.col(names).is_in(["-1", "1"]))
    lines.refuse(~cells.select(known).to_series(), expected)
    present = [(pl.col(name) == "1").cast(pl.Int8).alias(f"attributes:{name}") for name in names]
    notes = [f"{'Re-packed form, list_attr_celeba.csv' if comma else 'Official form'}, {len(lines):,} images listed."]
    if not comma and head[0].strip() != str(len(lines)):
        notes.append(f"The first line of {path.name} says {head[0].strip()!r} images: is the list cut off?")
    return cells.select("name", *present), names, notes


def _codes(path: Path, expected: str, *, high: int) -> pl.DataFrame:
    comma = path.suffix == ".csv"
    lines = Lines(path, skip=int(comma), separator="," if comma else " ")
    cells = lines.cells(("name", "code"), expected)
    return cells.with_columns(code=lines.numbers(cells["code"], expected, low=0, high=high))
