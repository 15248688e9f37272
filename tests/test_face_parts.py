"""Parts of drawn faces: each action unit moves them its way and leaves wrinkles on the face, on every identity."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from conjoin.datasets import ACTION_UNITS
from conjoin.datasets._face_drawing import _FINER, NUISANCES, SIZE, _place
from conjoin.datasets._face_parts import parts
from conjoin.datasets._face_shapes import Numbers, Shape

PEOPLE = 200

Shapes = dict[str, list[Shape]]


def people_with(**units: float | Numbers) -> dict[str, Numbers]:
    """The same random people every time, with these action units: 200, or as many as a unit has numbers."""
    people = max(PEOPLE, *(np.size(strength) for strength in units.values()), 0)
    low, high = np.array(list(NUISANCES.values())).T
    values = low + (high - low) * np.random.default_rng(5).random((people, len(low)))
    face = {name: column[:, None] for name, column in zip(NUISANCES, values.T, strict=True)}
    face |= {f"AU{unit}": np.broadcast_to(units.get(f"AU{unit}", 0.0), (people, 1)) for unit in ACTION_UNITS}
    return face


def drawn(**units: float | Numbers) -> Shapes:
    """Parts by name."""
    found: Shapes = {}
    for shape in parts(people_with(**units)):
        found.setdefault(shape.part, []).append(shape)
    return found


def upper(shape: Shape, where: slice = slice(0, 17)) -> Numbers:
    """Mean height of part of its upper outline, from left to right; a larger number is higher."""
    height: Numbers = -shape.y[:, :17][:, where].mean(1)
    return height


def lower(shape: Shape, where: slice = slice(0, 17)) -> Numbers:
    height: Numbers = -shape.y[:, :16:-1][:, where].mean(1)
    return height


INNER, OUTER = slice(0, 4), slice(13, 17)  # of a brow, which is drawn from its inner end
CENTRE = slice(7, 10)


def brow(where: slice) -> Callable[[Shapes], Numbers]:
    return lambda shapes: np.minimum(*(-(shape.y[:, where].mean(1)) for shape in shapes["brow"]))


def inner_over_outer(shapes: Shapes) -> Numbers:
    return brow(INNER)(shapes) - brow(OUTER)(shapes)


def brows_apart(shapes: Shapes) -> Numbers:
    left, right = shapes["brow"]
    between: Numbers = right.x[:, INNER].min(1) - left.x[:, INNER].max(1)
    return between


def upper_lid(shapes: Shapes) -> Numbers:
    return np.minimum(*(upper(shape) for shape in shapes["eye"]))


def lower_lid(shapes: Shapes) -> Numbers:
    return np.minimum(*(lower(shape) for shape in shapes["eye"]))


def eye_opening(shapes: Shapes) -> Numbers:
    return upper_lid(shapes) - lower_lid(shapes)


def wings(shapes: Shapes) -> Numbers:
    height: Numbers = np.minimum(*(-shape.y.mean(1) for shape in shapes["wing"]))
    return height


def corners(shapes: Shapes) -> Numbers:
    """Of the mouth, over its middle."""
    (lips,) = shapes["lips"]
    middle = (upper(lips, CENTRE) + lower(lips, CENTRE)) / 2
    return -np.maximum(lips.y[:, 0], lips.y[:, 16]) - middle


def mouth_width(shapes: Shapes) -> Numbers:
    (lips,) = shapes["lips"]
    return lips.x[:, 16] - lips.x[:, 0]


def upper_lip(shapes: Shapes) -> Numbers:
    return upper(shapes["lips"][0])


def lower_lip(shapes: Shapes) -> Numbers:
    return lower(shapes["lips"][0])


def lower_lip_centre(shapes: Shapes) -> Numbers:
    return lower(shapes["lips"][0], CENTRE)


def lips_high(shapes: Shapes) -> Numbers:
    return upper_lip(shapes) - lower_lip(shapes)


def gap(shapes: Shapes) -> Numbers:
    (inside,) = shapes["gap"]
    assert inside.shown is not None
    return (upper(inside, CENTRE) - lower(inside, CENTRE)) * inside.shown


def chin(shapes: Shapes) -> Numbers:
    height: Numbers = -shapes["head"][0].y.max(1)
    return height


def folds(shapes: Shapes) -> Numbers:
    """Area of the wrinkles that are shown and run from beside the nose down to beside the mouth."""
    area = np.zeros(PEOPLE)
    for shape in shapes["crease"]:
        x, y = shape.x, shape.y
        assert shape.shown is not None
        runs = (y.min(1) > 0.1) & (y.min(1) < 0.35) & (np.ptp(y, axis=1) > 0.2) & shape.shown
        area += runs * np.abs((x * np.roll(y, -1, 1) - y * np.roll(x, -1, 1)).sum(1)) / 2
    return area


MOVES = [  # action unit, what it moves, which way (Ekman & Friesen 1978; up and apart are more)
    ("AU1", brow(INNER), 1),
    ("AU1", inner_over_outer, 1),
    ("AU2", brow(OUTER), 1),
    ("AU2", inner_over_outer, -1),
    ("AU4", brow(INNER), -1),
    ("AU4", brow(OUTER), -1),
    ("AU4", brows_apart, -1),
    ("AU5", upper_lid, 1),
    ("AU5", eye_opening, 1),
    ("AU6", lower_lid, 1),
    ("AU6", eye_opening, -1),
    ("AU7", eye_opening, -1),
    ("AU7", lower_lid, 1),
    ("AU9", wings, 1),
    ("AU10", upper_lip, 1),
    ("AU10", lips_high, 1),
    ("AU11", folds, 1),
    ("AU12", corners, 1),
    ("AU12", mouth_width, 1),
    ("AU15", corners, -1),
    ("AU17", lower_lip_centre, 1),
    ("AU20", mouth_width, 1),
    ("AU23", mouth_width, -1),
    ("AU23", lips_high, -1),
    ("AU24", lips_high, -1),
    ("AU25", gap, 1),
    ("AU25", lower_lip, -1),
    ("AU26", chin, -1),
    ("AU26", lower_lip, -1),
]


def test_all_units_are_listed() -> None:
    assert {unit for unit, _, _ in MOVES} == {f"AU{unit}" for unit in ACTION_UNITS}


@pytest.mark.parametrize(("unit", "measure", "way"), MOVES)
def test_a_unit_moves_its_part_its_way(unit: str, measure: Callable[[Shapes], Numbers], way: int) -> None:
    rest, half, full = (measure(drawn(**{unit: strength})) for strength in (0.0, 0.5, 1.0))
    moved = (full - rest) * way
    assert (moved > 0.01).all()
    assert ((half - rest) * way > 0.2 * moved).all()
    assert ((full - half) * way > 0.2 * moved).all()


STILL = {  # what a unit leaves alone
    "AU1": (upper_lid, corners, mouth_width, chin),
    "AU5": (lower_lid,),
    "AU10": (lower_lip, mouth_width),
    "AU20": (lips_high,),
    "AU25": (chin, mouth_width),
    "AU26": (upper_lid,),
}


@pytest.mark.parametrize("unit", STILL)
def test_a_unit_leaves_other_parts_alone(unit: str) -> None:
    rest, full = drawn(), drawn(**{unit: 1.0})
    for measure in STILL[unit]:
        np.testing.assert_allclose(measure(full), measure(rest), atol=1e-9)


def every_combination() -> dict[str, Numbers]:
    """One unit alone, one after another, then any number of them together; strongest and weaker."""
    generator = np.random.default_rng(6)
    alone = np.tile(np.eye(len(ACTION_UNITS)), (100, 1))
    present, strongest = np.round(generator.random((2, *alone.shape)))
    together = present * np.maximum(strongest, generator.random(alone.shape))
    strength = np.concatenate([alone, together])
    return {f"AU{unit}": column[:, None] for unit, column in zip(ACTION_UNITS, strength.T, strict=True)}


def inside(shape: Shape, points: Shape) -> NDArray[np.bool_]:
    """Whether each point lies in a polygon, by the crossings to its right."""
    x, y = points.x[:, :, None], points.y[:, :, None]
    x1, y1 = shape.x[:, None], shape.y[:, None]
    x2, y2 = np.roll(x1, -1, 2), np.roll(y1, -1, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        right = x < x1 + (y - y1) / (y2 - y1) * (x2 - x1)
    odd: NDArray[np.bool_] = (((y1 > y) != (y2 > y)) & right).sum(2) % 2 == 1
    return odd


def test_no_wrinkle_leaves_the_face_and_none_of_the_forehead_lies_on_the_hair() -> None:
    shapes = drawn(**every_combination())
    (head,), (fringe,) = shapes["head"], shapes["fringe"]
    for wrinkle in shapes["crease"]:
        assert wrinkle.shown is not None
        assert inside(head, wrinkle)[wrinkle.shown].all()
        assert not inside(fringe, wrinkle)[wrinkle.shown].any()
    for lips in shapes["lips"]:
        assert inside(head, lips).all()


def test_the_chin_stays_in_the_picture_when_the_jaw_drops() -> None:
    dropped = np.ones((2000, 1))
    (head,) = drawn(AU26=dropped)["head"]
    lowest = _place(people_with(AU26=dropped), head)[:, 1::2].max(1) / _FINER
    assert (lowest < SIZE).mean() > 0.99
    assert np.median(lowest) < SIZE - 2
