"""Animals with Attributes 2: 37,322 photographs of 50 species, with 85 attributes of each species."""

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from conjoin.datasets._archive import About, Archive, find, listing
from conjoin.datasets._lines import Lines, named
from conjoin.relate import RelationTable

ABOUT = About(
    title="AwA2",
    citation="Xian, Lampert, Schiele & Akata, Zero-shot learning: a comprehensive evaluation of the good, the bad and "
    "the ugly, IEEE TPAMI 41(9), 2019",
    access="AwA2 is given by its authors (cvml.ista.ac.at/AwA2); see `licenses` in it for the terms of its images.",
)


def awa2(root: str | Path, *, zero_shot: bool = False) -> Archive:
    """Read AwA2.

    Annotations: `species` (50 classes, names with spaces) and `attributes` (85 labels). Attributes are those of the
    species, the same for all of its images: nobody has looked for them on an image. There are no official splits for
    the recognition of species.

    Args:
        root: the folder `Animals_with_Attributes2`, or the one that holds it.
        zero_shot: the official zero-shot splits: 40 species for training, 10 others for testing. Attributes can be
            learnt there, species that are tested cannot.

    Raises:
        FileNotFoundError: if a file of the distribution is not there.
        ValueError: if a line of a file is not understood.

    """
    base, species, labels = _base(Path(root).absolute())
    present = _matrix(base, "predicate-matrix-binary.txt", species, labels, "0 or 1", low=0.0, high=1.0)
    images = find(base, ABOUT, "JPEGImages")
    notes = ["Attributes of an image are those of its species: none is annotated image by image."]
    rows = []
    for number, name in enumerate(species):
        names = sorted(file for file in listing(images / name) if file.lower().endswith((".jpg", ".jpeg")))
        rows += [(f"{images / name}/{file}", number) for file in names]
        if not names:
            notes.append(f"No images of {_spaced(name)} at {images / name}.")
    frame = pl.DataFrame(rows, schema={"image": pl.String, "number": pl.Int64}, orient="row")
    if unknown := sorted(set(listing(images)) - set(species)):
        notes.append(f"{', '.join(unknown[:3])} in JPEGImages is no class of classes.txt, and left out.")
    codes = frame["number"].to_numpy()
    columns = [f"attributes:{name}" for name in labels]
    attributes = pl.DataFrame(present[codes].astype(np.int8), schema=columns)
    frame = frame.select("image", species=pl.Series([_spaced(species[code]) for code in codes], dtype=pl.String))
    if zero_shot:
        part = _zero_shot(base, species)
        split = pl.Series("split", [part[species[code]] for code in codes], dtype=pl.String)
        frame = frame.with_columns(split)
        notes.append("Zero-shot splits: no species that is tested has a training image.")
    outputs = {"species": tuple(map(_spaced, species)), "attributes": labels}
    return Archive(ABOUT, frame.hstack(attributes), outputs, tuple(notes))


def awa2_relation(root: str | Path, *, continuous: bool = False) -> RelationTable:
    """P(attribute | species) of AwA2, 0 or 1: what `awa2` annotates.

    Args:
        root: as of `awa2`.
        continuous: strength of the association between species and attribute, from 0 to 1, instead. -1 is taken to
            be missing, and is the mean over the other species.

    Raises:
        FileNotFoundError: if a file is not there.
        ValueError: if a line is not understood, or there is not one for each species.

    """
    base, species, labels = _base(Path(root).absolute())
    notes: tuple[str, ...] = ()
    if continuous:
        name = "predicate-matrix-continuous.txt"
        table = _matrix(base, name, species, labels, "0 to 100, -1 if missing", low=-1.0, high=100.0) / 100
        missing = table < 0
        table = np.where(missing, np.where(missing, 0, table).sum(0) / np.maximum((~missing).sum(0), 1), table)
        notes = (
            "Strengths of association, not frequencies.",
            f"{missing.sum():,} of {missing.size:,} are missing: the mean over other species.",
        )
    else:
        name = "predicate-matrix-binary.txt"
        table = _matrix(base, name, species, labels, "0 or 1", low=0.0, high=1.0)
    origin = f"{name} of {ABOUT.title}: {ABOUT.citation}"
    return RelationTable(tuple(map(_spaced, species)), labels, "multi-label", table, origin, notes=notes)


def _base(root: Path) -> tuple[Path, list[str], tuple[str, ...]]:
    """Folder of the distribution, species as folders are named, and attributes."""
    base = find(root, ABOUT, "Animals_with_Attributes2/classes.txt", "classes.txt").parent
    species = named(base / "classes.txt", "the number of a class and its name, such as killer+whale")
    labels = named(find(base, ABOUT, "predicates.txt"), "the number of an attribute and its name")
    return base, list(species.values()), tuple(labels.values())


def _spaced(name: str) -> str:
    return name.replace("+", " ")


def _matrix(
    base: Path, name: str, species: list[str], labels: tuple[str, ...], what: str, *, low: float, high: float
) -> NDArray[np.float64]:
    path = find(base, ABOUT, name)
    lines = Lines(path)
    expected = f"{len(labels)} numbers, {what}"
    table = lines.matrix(lines.cells(labels, expected), expected, low=low, high=high)
    if high == 1.0:
        lines.refuse(pl.Series((table % 1 != 0).any(1)), expected)
    if len(table) != len(species):
        raise ValueError(f"{path} should have a line for each of {len(species)} classes. Found {len(table)}.")
    return table


def _zero_shot(base: Path, species: list[str]) -> dict[str, str]:
    parts = {"train": "trainclasses.txt", "test": "testclasses.txt"}
    split = {name: part for part, file in parts.items() for name in find(base, ABOUT, file).read_text("utf-8").split()}
    if missing := [name for name in species if name not in split]:
        raise ValueError(
            f"{' and '.join(parts.values())} in {base} should together name every class. Found {missing[0]!r} in "
            f"neither ({len(missing)} missing)."
        )
    return split
