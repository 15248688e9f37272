"""The handwritten digits that scikit-learn ships, annotated for two tasks that never meet.

1,797 images of 8x8 pixels from the test part of the UCI "Optical Recognition of Handwritten
Digits" (Alpaydin & Kaynak 1998), as `sklearn.datasets.load_digits` gives them.
"""

from dataclasses import replace
from functools import cache
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor

from conjoin.data import AnnotatedImages, Problem
from conjoin.relations import Relation
from conjoin.tasks import MultiClass, MultiLabel

Table = Literal["true", "permuted", "half-wrong"]

SEGMENTS = ("top", "upper right", "lower right", "bottom", "lower left", "upper left", "middle")
"""The strokes of a seven-segment display, segments a to g."""

MEASURED = ("thick", "slanted", "wide", "closed loop")
"""Properties measured from each image, which vary within a digit."""

# Which of the segments a to g are lit for each digit, as on common displays (9 with its tail).
_LIT = ("abcdef", "bc", "abdeg", "abcdg", "bcfg", "acdfg", "acdefg", "abc", "abcdefg", "abcdfg")

# How digits are written, stated and not counted: 0, 6, 8 and 9 close a loop, 4 may.
_CLOSED_LOOP = (0.9, 0.1, 0.1, 0.1, 0.5, 0.1, 0.9, 0.1, 0.9, 0.9)

_TEST_IMAGES = 597


def digits(
    digit_images: int = 50,
    stroke_images: int = 1000,
    *,
    seed: int = 0,
    table: Table = "true",
    fold: int | None = None,
) -> Problem[AnnotatedImages]:
    """Digits annotated for `digit` on some images and for `strokes` on others.

    The labels of `strokes` are seven segments that follow from the digit, and four properties
    measured from the image, of which the relation knows little or nothing.

    Test images are the same in every call. Which of the other 1,200 are annotated, and for what,
    is drawn by the seed. A fifth of each source, at most 50 images, is set aside
    from couplings.

    Args:
        digit_images: images annotated with their digit.
        stroke_images: other images, annotated with their strokes.
        seed: which images are annotated, and which rows of a wrong table change places.
        table: "true", "permuted" (no digit has its own row) or "half-wrong" (five digits have
            each other's rows).
        fold: None, or 0 to 4: return as test images a fifth of the annotated images, taken from
            training, and leave the test images alone. For choosing settings.

    Raises:
        ValueError: if more images are asked for than there are.

    """
    images, numbers, measured = _load()
    pool, test = train_test_split(np.arange(len(images)), test_size=_TEST_IMAGES, random_state=0, stratify=numbers)
    if min(digit_images, stroke_images) < 5 or digit_images + stroke_images > len(pool):
        raise ValueError(
            "`digit_images` and `stroke_images` should each be at least 5 and together at most "
            f"{len(pool)}. Found {digit_images} and {stroke_images}."
        )
    digit = MultiClass("digit", [str(number) for number in range(10)])
    strokes = MultiLabel("strokes", [*SEGMENTS, *MEASURED])
    relation = Relation(digit, strokes, _table(table, seed), origin=f"seven-segment display, {table}")

    segments = _segments()[numbers].long()
    labels = torch.cat([segments, measured.long()], 1)
    drawn = np.random.default_rng([seed, 0]).permutation(pool)[: digit_images + stroke_images]
    parts = [drawn[:digit_images], drawn[digit_images:]]
    held = [part[:0] for part in parts]
    if fold is not None:
        held = [np.array_split(part, 5)[fold] for part in parts]
        parts = [part[~np.isin(part, out)] for part, out in zip(parts, held, strict=True)]

    def annotated(for_digit: NDArray[np.int_], for_strokes: NDArray[np.int_]) -> AnnotatedImages:
        rows = torch.from_numpy(np.concatenate([for_digit, for_strokes]))
        source = torch.arange(len(rows)) >= len(for_digit)
        return AnnotatedImages(
            images[rows],
            {
                "digit": torch.where(source, -1, numbers[rows]),
                "strokes": torch.where(source[:, None], labels[rows], -1),
            },
            source.long(),
            torch.cat([torch.arange(len(part)) < min(len(part) // 5, 50) for part in (for_digit, for_strokes)]),
        )

    if fold is None:
        none = torch.zeros(len(test), dtype=torch.long)
        known = {"digit": numbers[test], "strokes": labels[test]}
        evaluation = AnnotatedImages(images[test], known, none, none.bool())
    else:
        evaluation = annotated(*held)
    train, rows = annotated(*parts), torch.from_numpy(np.concatenate(parts))
    everything = replace(train, annotations={"digit": numbers[rows], "strokes": labels[rows]})
    groups = {"strokes": {"segments": SEGMENTS, "measured": MEASURED}}
    return Problem((digit, strokes), (relation,), train, evaluation, everything=everything, groups=groups)


@cache
def _load() -> tuple[Float[Tensor, "images 1 8 8"], Int[Tensor, "images"], Bool[Tensor, "images properties"]]:
    raw = load_digits()
    pixels = raw.images / 16
    values = np.array([_measure(image) for image in pixels])
    limits = [*np.median(values[:, :3], axis=0), 0.5]  # any closed loop counts
    images = torch.from_numpy(pixels).float().unsqueeze(1)
    return images, torch.from_numpy(raw.target), torch.from_numpy(values > limits)


def _measure(image: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Stroke width, slant, width over height, and the number of closed loops of one image."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    weight = image / image.sum()
    x, y = x - (weight * x).sum(), y - (weight * y).sum()
    across, down, shear = (weight * x * x).sum(), (weight * y * y).sum(), (weight * x * y).sum()
    framed = np.pad(image, 1)
    contour = np.abs(np.diff(framed, axis=0)).sum() + np.abs(np.diff(framed, axis=1)).sum()
    background, regions = ndimage.label(ndimage.zoom(framed, 4, order=1) < 0.4)
    areas = ndimage.sum_labels(np.ones_like(background), background, np.arange(1, regions + 1))
    loops = (areas >= 8).sum() - 1  # the outside is a region too; smaller ones are specks
    return float(image.sum() / contour), float(-shear / down), float(np.sqrt(across / down)), float(loops)


def _segments() -> Float[Tensor, "10 segments"]:
    return torch.tensor([[float(segment in lit) for segment in "abcdefg"] for lit in _LIT])


def _table(kind: Table, seed: int) -> Float[Tensor, "10 labels"]:
    unknown = torch.full((10, len(MEASURED) - 1), 0.5)
    table = torch.cat([_segments(), unknown, torch.tensor(_CLOSED_LOOP)[:, None]], 1)
    if kind == "true":
        return table
    rng = np.random.default_rng([seed, 1])
    rows = rng.permutation(10)[: 10 if kind == "permuted" else 5]
    order = np.arange(10)
    order[rows] = np.roll(rows, 1)  # a cycle: none of these keeps its own row
    return table[order]
