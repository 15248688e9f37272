"""CUB-200-2011: 11,788 photographs of 200 species of birds with 312 attributes."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from conjoin.datasets._archive import About, Archive, find, with_files
from conjoin.datasets._lines import Lines, named
from conjoin.relate import RelationTable

ABOUT = About(
    title="CUB-200-2011",
    citation="Wah, Branson, Welinder, Perona & Belongie, The Caltech-UCSD Birds-200-2011 dataset, technical report "
    "CNS-TR-2011-001, California Institute of Technology, 2011",
    access="CUB-200-2011 is given by the Perona lab at Caltech (vision.caltech.edu/datasets/cub_200_2011).",
)

_SOFT = np.array([[0, 0.5, 0.25, 0], [0, 0.5, 0.75, 1]], np.float32)
"""Probability by presence (row) and certainty less 1: not visible, guessing, probably, definitely."""
_NOT_VISIBLE = 1


def cub(root: str | Path, *, mask_not_visible: bool = False) -> Archive:
    """Read CUB-200-2011.

    Annotations: `species` (200 classes, names without their number and with spaces) and `attributes` (312 labels, as
    probabilities: "definitely" 0 or 1, "probably" 0.25 or 0.75, "guessing" 0.5, "not visible" 0, after Koh et al.,
    Concept bottleneck models, ICML 2020). Splits are the official ones, train and test.

    Args:
        root: the folder `CUB_200_2011`, or the one that holds it; `attributes.txt` may lie in either, or in
            `attributes`.
        mask_not_visible: an attribute that is not visible is not annotated, instead of absent.

    Raises:
        FileNotFoundError: if a file of the distribution is not there.
        ValueError: if a line of a file is not understood.

    """
    base, labels = _base(Path(root).absolute())
    paths = named(base / "images.txt", "the number of an image and its path")
    classes = _species(base)
    of_image = _numbered(base / "image_class_labels.txt", "the numbers of an image and of a class", paths, classes)
    parts = _numbered(base / "train_test_split.txt", "the number of an image and 1 (train) or 0 (test)", paths, (0, 1))
    attributes, notes = _attributes(base, paths, labels, mask_not_visible=mask_not_visible)
    frame = pl.DataFrame(
        {
            "image": [f"{base}/images/{path}" for path in paths.values()],
            "split": [{0: "test", 1: "train"}[parts[number]] for number in paths],
            "species": [classes[of_image[number]] for number in paths],
        }
    ).hstack(attributes)
    frame, lost = with_files(frame)
    outputs = {"species": tuple(classes.values()), "attributes": tuple(labels.values())}
    return Archive(ABOUT, frame, outputs, (*notes, *lost))


def cub_relation(root: str | Path) -> RelationTable:
    """P(attribute | species) of CUB-200-2011, by all annotators together.

    Args:
        root: as of `cub`.

    Raises:
        FileNotFoundError: if a file is not there.
        ValueError: if a line is not understood, or there is not one for each species.

    """
    base, labels = _base(Path(root).absolute())
    classes = _species(base)
    path = find(base, ABOUT, "attributes/class_attribute_labels_continuous.txt")
    lines = Lines(path)
    expected = f"{len(labels)} percentages"
    table = lines.matrix(lines.cells(list(labels.values()), expected), expected, low=0.0, high=100.0) / 100
    if len(table) != len(classes):
        raise ValueError(f"{path} should have a line for each of {len(classes)} species. Found {len(table)}.")
    return RelationTable(
        tuple(classes.values()),
        tuple(labels.values()),
        "multi-label",
        table,
        f"class_attribute_labels_continuous.txt of {ABOUT.title}: {ABOUT.citation}",
        notes=("The distribution does not say that images of its test split are left out of the percentages.",),
    )


def _base(root: Path) -> tuple[Path, dict[int, str]]:
    """Folder of the distribution, and names of attributes by number."""
    base = find(root, ABOUT, "CUB_200_2011/images.txt", "images.txt").parent
    names = find(base, ABOUT, "attributes/attributes.txt", "../attributes.txt", "attributes.txt")
    return base, named(names, "the number of an attribute and its name, such as has_bill_shape::cone")


def _species(base: Path) -> dict[int, str]:
    path = find(base, ABOUT, "classes.txt")
    found = named(path, "the number of a class and its name, such as 001.Black_footed_Albatross")
    return {number: name.partition(".")[2].replace("_", " ") for number, name in found.items()}


def _numbered(path: Path, expected: str, images: dict[int, str], allowed: Collection[int]) -> dict[int, int]:
    lines = Lines(find(path.parent, ABOUT, path.name))
    cells = lines.cells(("image", "code"), expected)
    image = lines.numbers(cells["image"], expected, low=1, high=10**9)
    code = lines.numbers(cells["code"], expected, low=0, high=10**9)
    lines.refuse(~code.is_in(list(allowed)), expected)
    found = dict(zip(image, code, strict=True))
    if missing := [number for number in images if number not in found]:
        raise ValueError(
            f"{path} should have a line for every image. Found none for {missing[0]} ({len(missing)} missing)."
        )
    return found


def _attributes(
    base: Path, images: dict[int, str], labels: dict[int, str], *, mask_not_visible: bool
) -> tuple[pl.DataFrame, list[str]]:
    stock = "attributes/image_attribute_labels.txt"
    path = find(base, ABOUT, stock, stock.replace(".txt", "_clean.txt"))
    lines = Lines(path)
    expected = "an image, an attribute, 0 or 1, a certainty from 1 to 4 and a time"
    # A stray 0 before the time gives some lines a cell too many: the first four are right all the same.
    cells = lines.cells(("image", "attribute", "present", "certainty"), expected, spare=3)
    image = _places(lines, cells["image"], images, expected)
    attribute = _places(lines, cells["attribute"], labels, expected)
    present = lines.numbers(cells["present"], expected, low=0, high=1)
    certainty = lines.numbers(cells["certainty"], expected, low=1, high=4)
    found = _SOFT[present.to_numpy(), certainty.to_numpy() - 1]
    hidden = (certainty == _NOT_VISIBLE).to_numpy()
    if mask_not_visible:
        found[hidden] = np.nan
    values = np.full((len(images), len(labels)), np.nan, np.float32)
    values[image, attribute] = found
    told = "not annotated" if mask_not_visible else "absent (`mask_not_visible` leaves them unannotated)"
    notes = [
        f"Attributes are soft, by certainty; {hidden.sum():,} of {len(lines):,} are not visible and count as {told}."
    ]
    if stray := int((lines.widths > 5).sum()):
        notes.append(f"{stray:,} lines of {path.name} have stray cells before the time, and are read without them.")
    if lost := values.size - len(pl.DataFrame({"i": image, "a": attribute}).unique()):
        notes.append(f"{lost:,} pairs of an image and an attribute have no line in {path.name}: not annotated.")
    columns = [f"attributes:{name}" for name in labels.values()]
    return pl.DataFrame(values, schema=columns).fill_nan(None), notes


def _places(lines: Lines, cells: pl.Series, known: dict[int, str], expected: str) -> NDArray[np.int64]:
    numbers = lines.numbers(cells, expected, low=1, high=max(known))
    place = np.full(max(known) + 1, -1)
    place[list(known)] = np.arange(len(known))
    places: NDArray[np.int64] = place[numbers.to_numpy()]
    lines.refuse(pl.Series(places < 0), f"{expected}, both of those that are listed")
    return places
