"""Drawn faces: a synthetic benchmark whose expression and action units are known for every image.

The small network alone reads 0.75 of the expressions from 500 images; who knows the true units, 0.948
(Bayes limit). Figures and how they were measured: docs/method.md, "Drawn faces".
"""

from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from numpy.typing import NDArray
from torch import Tensor

from conjoin.data import AnnotatedImages, Problem
from conjoin.datasets._face_drawing import NUISANCES, SIZE, draw
from conjoin.relate import published
from conjoin.relations import Relation
from conjoin.tasks import MultiClass, MultiLabel

_TABLE = published("du2014")

PROTOTYPICAL = 0.85
"""How often a prototypical unit is drawn: an assumption, the middle of what "more than 70 %" leaves open."""

UNLISTED = 0.03
"""How often a unit is drawn that the row of an expression does not list, or that is drawn on a neutral face: an
assumption; nothing is published."""

EXPRESSIONS = (*_TABLE.classes, "neutral")
ACTION_UNITS = tuple(int(name.removeprefix("AU")) for name in _TABLE.outputs)
"""All that the table lists, by their numbers in the Facial Action Coding System (Ekman & Friesen 1978)."""

WEAKEST = 0.3
"""Smallest intensity of a unit that is present; intensities are uniform from here to 1."""

_PLAIN = {"skin": 0.2, "hair_tone": 0.3, "hair_grey": 0.0, "fringe": 0.2, "gain": 1.0}
_TEST_IMAGES = 2000
_AT_ONCE = 250  # faces, to bound memory


class DrawnFaces(NamedTuple):
    """Synthetic faces and all that is known of them."""

    images: UInt8[Tensor, "faces 3 48 48"]
    expression: Int[Tensor, "faces"]
    """Row of `EXPRESSIONS`."""
    units: Int[Tensor, "faces 17"]
    """1 where a unit of `ACTION_UNITS` is present, else 0."""
    intensity: Float[Tensor, "faces 17"]
    """0 where a unit is absent, else within [`WEAKEST`, 1]."""
    nuisances: dict[str, Float[Tensor, "faces"]]
    """What varies independently of the labels: identity, pose, light, occlusion, noise."""


def unit_rates() -> Float[Tensor, "7 17"]:
    """P(unit | expression) as the faces are drawn.

    The table of Du, Tao & Martinez (PNAS 111, 2014, E1454) with `PROTOTYPICAL` for 1 and `UNLISTED` for nothing.
    """
    rates = np.where(_TABLE.probability > 0, np.minimum(_TABLE.probability, PROTOTYPICAL), UNLISTED)
    neutral = np.full((1, len(ACTION_UNITS)), UNLISTED)
    return torch.from_numpy(np.concatenate([rates, neutral])).to(torch.get_default_dtype())


def draw_units(intensity: Float[Tensor, "..."]) -> UInt8[Tensor, "faces 3 48 48"]:
    """Draw one synthetic person with the given units and nothing else that varies; no noise.

    Args:
        intensity: shape (faces, 17), of each of `ACTION_UNITS`, 0 = absent, 1 = strongest.

    Raises:
        ValueError: if the shape is another, there is no face, or an intensity is outside [0, 1].

    """
    if intensity.ndim != 2 or intensity.shape[1] != len(ACTION_UNITS) or not len(intensity):
        raise ValueError(
            f"`intensity` should have shape (faces, {len(ACTION_UNITS)}), with at least one face. "
            f"Found {tuple(intensity.shape)}."
        )
    if not bool(((intensity >= 0) & (intensity <= 1)).all()):
        raise ValueError(f"`intensity` should lie within [0, 1]. Found {intensity.min():g} to {intensity.max():g}.")
    values = np.tile(
        [_PLAIN.get(name, (low + high) / 2) for name, (low, high) in NUISANCES.items()], (len(intensity), 1)
    )
    return _channels_first(draw(_face(values, intensity.double().numpy())))


def drawn_faces(n: int, seed: int) -> DrawnFaces:
    """Draw `n` synthetic faces of 48x48 pixels; no photograph of anybody is in them.

    Each of the seven expressions is equally likely; given the expression, units are drawn
    independently with the probabilities `unit_rates()`. A unit moves the drawn part it is named for
    (brows, lids, cheeks, nose, mouth, chin) by an intensity of its own. Identity, pose, light,
    occlusion and noise are drawn apart from the labels.

    A function of the seed: the first faces of a larger `n` are those of a smaller one, and with
    the same versions of numpy and pillow on the same kind of machine they are the same to the byte.

    Args:
        n: number of faces, at least 1.
        seed: 0 or more.

    Raises:
        ValueError: if `n` or `seed` is too small.

    """
    if n < 1:
        raise ValueError(f"`n` should be at least 1. Found {n}.")
    if seed < 0:
        raise ValueError(f"`seed` should be 0 or more. Found {seed}.")
    return _drawn(n, 0, seed)


def drawn_faces_problem(
    expression_images: int = 500,
    unit_images: int = 5000,
    *,
    seed: int = 0,
    fold: int | None = None,
) -> Problem[AnnotatedImages]:
    """Synthetic faces annotated for `expression` on some images and for `units` on others.

    The relation is `unit_rates()`, the very table that the faces are drawn with. The 2,000 test images,
    with both annotations, are the same in every call and in no training part. A fifth of
    each source, at most 50 images, is set aside from couplings.

    Args:
        expression_images: images annotated with their expression.
        unit_images: other images, annotated with their action units.
        seed: which faces are drawn for training.
        fold: None, or 0 to 4: return as test images a fifth of the annotated images, taken from
            training, and leave the test images alone. For choosing settings.

    Raises:
        ValueError: if there are fewer than 5 images of a kind, or the seed or fold is out of range.

    """
    if min(expression_images, unit_images) < 5:
        raise ValueError(
            "`expression_images` and `unit_images` should each be at least 5. "
            f"Found {expression_images} and {unit_images}."
        )
    if fold not in (None, 0, 1, 2, 3, 4):
        raise ValueError(f"`fold` should be None or 0 to 4. Found {fold}.")
    expression = MultiClass("expression", EXPRESSIONS)
    units = MultiLabel("units", [f"AU{unit}" for unit in ACTION_UNITS])
    origin = "synthetic faces, drawn after Du, Tao & Martinez 2014; rates of prototypical and unlisted units assumed"
    relation = Relation(expression, units, unit_rates(), origin=origin)

    faces = drawn_faces(expression_images + unit_images, seed)
    parts = [np.arange(expression_images), np.arange(expression_images, expression_images + unit_images)]
    held = [np.array_split(part, 5)[fold] if fold is not None else part[:0] for part in parts]
    kept = [np.setdiff1d(part, out) for part, out in zip(parts, held, strict=True)]
    if fold is None:
        test = _test_faces()
        none = torch.zeros(len(test.images), dtype=torch.long)
        known = {"expression": test.expression, "units": test.units}
        evaluation = AnnotatedImages(test.images / 255, known, none, none.bool())
    else:
        evaluation = _annotated(faces, *held)
    train, rows = _annotated(faces, *kept), torch.from_numpy(np.concatenate(kept))
    everything = replace(train, annotations={"expression": faces.expression[rows], "units": faces.units[rows]})
    return Problem((expression, units), (relation,), train, evaluation, everything=everything)


def _annotated(faces: DrawnFaces, *parts: NDArray[np.int_]) -> AnnotatedImages:
    """Rows of the first part with their expression, rows of the second with their units."""
    rows = torch.from_numpy(np.concatenate(parts))
    source = torch.arange(len(rows)) >= len(parts[0])
    return AnnotatedImages(
        faces.images[rows] / 255,
        {
            "expression": torch.where(source, -1, faces.expression[rows]),
            "units": torch.where(source[:, None], faces.units[rows], -1),
        },
        source.long(),
        torch.cat([torch.arange(len(part)) < min(len(part) // 5, 50) for part in parts]),
    )


@cache
def _test_faces() -> DrawnFaces:
    return _drawn(_TEST_IMAGES, 1, 0)


def _drawn(n: int, *key: int) -> DrawnFaces:
    """Faces from streams of random numbers of their own: labels, nuisances, noise."""
    of_labels, of_nuisances, of_noise = (np.random.default_rng([*key, stream]) for stream in range(3))
    chance = of_labels.random((n, 1 + 2 * len(ACTION_UNITS)))
    expression = (chance[:, 0] * len(EXPRESSIONS)).astype(np.int64)
    present, strength = np.split(chance[:, 1:], 2, axis=1)
    units = present < unit_rates().double().numpy()[expression]
    intensity = units * (WEAKEST + (1 - WEAKEST) * strength)
    low, high = np.array(list(NUISANCES.values())).T
    values = low + (high - low) * of_nuisances.random((n, len(low)))

    face = _face(values, intensity)
    images = np.empty((n, SIZE, SIZE, 3), np.uint8)
    for first in range(0, n, _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        noise = of_noise.standard_normal(images[some].shape, dtype=np.float32)
        images[some] = draw({name: numbers[some] for name, numbers in face.items()}, noise)
    return DrawnFaces(
        _channels_first(images),
        torch.from_numpy(expression),
        torch.from_numpy(units).long(),
        torch.from_numpy(intensity).float(),
        {name: torch.from_numpy(column).float() for name, column in zip(NUISANCES, values.T, strict=True)},
    )


def _face(values: NDArray[np.float64], intensity: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Nuisances and intensities by name, each (faces, 1)."""
    names = [*NUISANCES, *(f"AU{unit}" for unit in ACTION_UNITS)]
    columns = np.concatenate([values, intensity], 1).T
    return {name: column[:, None] for name, column in zip(names, columns, strict=True)}


def _channels_first(images: NDArray[np.uint8]) -> UInt8[Tensor, "faces 3 48 48"]:
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
