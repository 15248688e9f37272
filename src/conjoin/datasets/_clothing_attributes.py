"""Clothing Attributes: 1,856 photographs of persons with 26 attributes of what they wear."""

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from conjoin.datasets._archive import About, Archive, find, with_files

ABOUT = About(
    title="Clothing Attributes",
    citation="Chen, Gallagher & Girod, Describing clothing by semantic attributes, ECCV 2012",
    access="Clothing Attributes is published by Stanford University (Clothing Attributes Dataset, purl.stanford.edu).",
)

_COLOURS = (
    "black",
    "blue",
    "brown",
    "cyan",
    "gray",
    "green",
    "many_colors",
    "purple",
    "red",
    "white",
    "yellow",
)
_PATTERNS = ("floral", "graphics", "plaid", "solid", "spot", "stripe")
_DETAILS = ("collar", "gender", "necktie", "placket", "scarf", "skin_exposure")
_CLASSES = {
    "category": ("Shirt", "Sweater", "T-shirt", "Outerwear", "Suit", "Tank Top", "Dress"),
    "neckline": ("V-shape", "Round", "Other"),
    "sleeve_length": ("None", "Short", "Long"),
}
"""Of codes from 1."""


def clothing_attributes(root: str | Path) -> Archive:
    """Read Clothing Attributes.

    Annotations: `category`, `neckline`, `sleeve_length` (classes), `colour`, `pattern` and `detail` (labels: a code 2
    is present, 1 absent). Where annotators disagreed nothing is annotated. There is no official split.

    Args:
        root: the folder `ClothingAttributeDataset`, or the one that holds it.

    Raises:
        FileNotFoundError: if images or one of the 26 files of labels are not there.
        ValueError: if a file of labels is not understood.

    """
    root = Path(root).absolute()
    labels = find(root, ABOUT, "labels", "ClothingAttributeDataset/labels")
    images = find(labels.parent, ABOUT, "images")
    codes = {}
    for column, (name, count) in _files().items():
        codes[column] = _codes(find(labels, ABOUT, f"{name}_GT.mat"), count)
    lengths = {column: len(values) for column, values in codes.items()}
    if len(set(lengths.values())) > 1:
        first, rows = next(iter(lengths.items()))
        other = next(column for column, length in lengths.items() if length != rows)
        raise ValueError(
            f"Files in {labels} should have a row an image each. Found {rows} rows for {first} and {lengths[other]} "
            f"for {other}."
        )
    frame = pl.DataFrame(codes).select(
        pl.format("{}/{}.jpg", pl.lit(str(images)), pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(6)).alias(
            "image"
        ),
        *(
            pl.col(column).replace_strict(dict(enumerate(names, 1)), return_dtype=pl.String)
            for column, names in _CLASSES.items()
        ),
        *((pl.col(column) - 1).cast(pl.Int8) for column in codes if column not in _CLASSES),
    )
    frame, notes = with_files(frame)
    unconfirmed = (
        "The files number the classes of category, neckline and sleeve_length, and do not name them: the names are "
        "unconfirmed, and so is which gender has code 2 (label present). Look at images before relying on them."
    )
    outputs = {**_CLASSES, "colour": _COLOURS, "pattern": _PATTERNS, "detail": _DETAILS}
    return Archive(ABOUT, frame, outputs, ("There is no official split.", unconfirmed, *notes))


def _files() -> dict[str, tuple[str, int]]:
    """Name and number of codes of each file, by column."""
    labels = {f"colour:{name}": name for name in _COLOURS}
    labels |= {f"pattern:{name}": f"pattern_{name}" for name in _PATTERNS}
    labels |= {f"detail:{name}": name for name in _DETAILS}
    classes = {column: (column.replace("_", ""), len(names)) for column, names in _CLASSES.items()}
    return classes | {column: (name, 2) for column, name in labels.items()}


def _codes(path: Path, count: int) -> pl.Series:
    """Codes from 1, a row an image; null where not annotated."""
    try:
        values: NDArray[np.float64] = np.asarray(loadmat(path)["GT"], np.float64).reshape(-1)
    except (KeyError, MatReadError, NotImplementedError, TypeError, ValueError) as error:
        raise ValueError(f"{path} should be a MATLAB file with numbers in `GT`. Found {error}.") from error
    wrong = ~np.isnan(values) & ~np.isin(values, np.arange(1, count + 1))
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"{path}, row {row + 1} of `GT`, should be a code from 1 to {count}, or NaN. Found {values[row]:g}."
        )
    return pl.Series(values).fill_nan(None).cast(pl.Int8)
