"""What a user reads when parts cannot be built: the argument, what was expected, what was found."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import conjoin
from conjoin import Coupling, MultiClass, MultiLabel, Network, Objective, Relation
from conjoin.data import shares
from conjoin.datasets import digits
from conjoin.evaluation import paired_difference, train_arms
from conjoin.network import build_backbone
from conjoin.study import Recipe

from .cases import LABELS, MATERIAL, SHAPE, relation

pytestmark = pytest.mark.usefixtures("_as_a_user_runs_it")
ROUND = [[0.5, 0.5, 0.5, 0.5]] * 3
OTHER = MultiClass("shape", ["round", "square"])
BACK = Relation(MATERIAL, SHAPE, [[0.5, 0.3, 0.2]] * 4)
CONSTRUCTION: dict[str, tuple[Callable[[], Any], type[Exception], list[str]]] = {
    "matching below 0": (
        lambda: Coupling(relation(LABELS), matching=-1.0),
        ValueError,
        ["`matching` should be a number of at least 0", "Found -1.0"],
    ),
    "no number": (
        lambda: Coupling(relation(LABELS), coannotation=float("nan")),
        ValueError,
        ["`coannotation` should be a number", "Found nan"],
    ),
    "empty name": (lambda: MultiClass("", ["a", "b"]), ValueError, ["`name` should be", "Found ''"]),
    "dotted name": (lambda: MultiLabel("a.b", ["a"]), ValueError, ["without '.'", "Found 'a.b'"]),
    "one class": (
        lambda: MultiClass("x", ["a"]),
        ValueError,
        ["`classes` of task 'x'", "at least 2", "Found 1"],
    ),
    "no label": (lambda: MultiLabel("x", []), ValueError, ["`labels` of task 'x'", "at least 1", "Found 0"]),
    "string": (lambda: MultiLabel("x", "abc"), TypeError, ["`labels` of task 'x'", "sequence", "a string"]),
    "repeated": (lambda: MultiLabel("x", ["a", "b", "a"]), ValueError, ["unique", "Found ['a'] repeated"]),
    "source": (
        lambda: Relation(LABELS, SHAPE, ROUND),  # type: ignore[arg-type]
        TypeError,
        ["`source` should be a MultiClass task", "Found MultiLabel"],
    ),
    "floor": (
        lambda: Relation(SHAPE, LABELS, ROUND, floor=0.5),
        ValueError,
        ["`floor`", "(0, 0.5)", "Found 0.5"],
    ),
    "transposed": (
        lambda: Relation(SHAPE, LABELS, torch.full((4, 3), 0.5)),
        ValueError,
        ["relation shape->labels", "shape (3, 4)", "Found (4, 3)", "transposed"],
    ),
    "ragged": (
        lambda: Relation(SHAPE, LABELS, [[0.5] * 4, [0.5] * 3, [0.5] * 4]),
        ValueError,
        ["`table` of relation shape->labels should be rows of numbers", "length 4"],
    ),
    "percentages": (
        lambda: Relation(SHAPE, LABELS, [[0.5] * 4, [0.5] * 4, [0.5, 0.5, 51, 0.5]]),
        ValueError,
        ["within [0, 1]", "Found 51 for class 'flat', output 'large' (1 in all)", "divided by 100"],
    ),
    "NaN in table": (
        lambda: Relation(SHAPE, LABELS, [[0.5] * 4, [float("nan")] * 4, [0.5] * 4]),
        ValueError,
        ["Found nan for class 'square', output 'red' (4 in all)", "base rate"],
    ),
    "counts": (
        lambda: Relation(SHAPE, MATERIAL, [[0.25] * 4, [0.5] * 4, [0.25] * 4]),
        ValueError,
        ["rows that sum to 1", "'material' is multi-class", "Found 2 for class 'square' (1 rows", "counts"],
    ),
    "counts of another shape": (
        lambda: Relation(SHAPE, LABELS, ROUND, count=[[9.0] * 3] * 4),
        ValueError,
        ["`count` of relation shape->labels", "shape (3, 4)", "Found (4, 3)", "transposed"],
    ),
    "negative count": (
        lambda: Relation(SHAPE, LABELS, ROUND, count=[[9.0] * 4, [9.0, -1.0, 9.0, 9.0], [9.0] * 4]),
        ValueError,
        ["`count` of relation shape->labels", "NaN", "Found -1 for class 'square', output 'soft' (1 in all)"],
    ),
    "no relation": (Coupling, ValueError, ["`relations` should share one source", "Found []"]),
    "same target": (
        lambda: Coupling(relation(LABELS), relation(LABELS)),
        ValueError,
        ["a target of their own", "['labels', 'labels']"],
    ),
    "two couplings": (
        lambda: Objective([SHAPE, LABELS, MATERIAL], [Coupling(relation(LABELS)), Coupling(relation(MATERIAL))]),
        ValueError,
        ["at most one coupling for each source", "Coupling(relation, another)"],
    ),
    "both directions": (
        lambda: Objective([SHAPE, MATERIAL], [Coupling(relation(MATERIAL)), Coupling(BACK)]),
        ValueError,
        ["in one direction", "material->shape and shape->material", "couples both ways"],
    ),
    "no task": (lambda: Objective([]), ValueError, ["`tasks` should hold at least one task", "Found []"]),
    "task twice": (lambda: Objective([SHAPE, SHAPE]), ValueError, ["its own name", "['shape', 'shape']"]),
    "foreign relation": (
        lambda: Objective([SHAPE], [Coupling(relation(LABELS))]),
        ValueError,
        ["relation shape->labels", "'labels' is not among them"],
    ),
    "changed task": (
        lambda: Objective([OTHER, LABELS], [Coupling(relation(LABELS))]),
        ValueError,
        ["'shape' has other outputs there"],
    ),
    "unknown weight": (
        lambda: Objective([SHAPE], weights={"shap": 1.0}),
        ValueError,
        ["`weights`", "Found 'shap'", "Did you mean 'shape'?"],
    ),
    "negative weight": (
        lambda: Objective([SHAPE], weights={"shape": -1.0}),
        ValueError,
        ["`weights['shape']` should be a number of at least 0", "Found -1.0"],
    ),
    "unknown adjustment": (
        lambda: Objective([SHAPE], adjustments={"shap": 1.0}),
        ValueError,
        ["`adjustments` should name tasks", "Found 'shap'", "Did you mean 'shape'?"],
    ),
    "negative adjustment": (
        lambda: Objective([SHAPE], adjustments={"shape": -1.0}),
        ValueError,
        ["`adjustments['shape']` should be a number of at least 0", "Found -1.0"],
    ),
    "unknown backbone": (
        lambda: Network([SHAPE], "resnet1"),
        ValueError,
        [
            "`backbone` should be 'small', 'small-64' for that width, or a timm",
            "Found 'resnet1'",
            "Near it",
            "resnet18",
        ],
    ),
    "no such backbone": (
        lambda: Network([SHAPE], "xyzzy"),
        ValueError,
        ["Found 'xyzzy'", "timm.list_models()"],
    ),
    "width": (
        lambda: Network([SHAPE], nn.Flatten()),
        ValueError,
        ["`num_features`", "Found none on Flatten"],
    ),
    "weights": (
        lambda: build_backbone("resnet18", weights="nowhere.pth"),
        FileNotFoundError,
        ["`weights` should be a local checkpoint", "nowhere.pth"],
    ),
    "empty source": (lambda: shares([5, 0], 8), ValueError, ["at least one image", "Found [5, 0]"]),
    "small batch": (
        lambda: shares([5, 5, 5], 2),
        ValueError,
        ["`batch_size`", "number of sources, 3", "Found 2"],
    ),
    "too many digits": (
        lambda: digits(500, 1000),
        ValueError,
        ["at least 5 and together at most 1200", "Found 500 and 1000"],
    ),
    "unknown arm": (
        lambda: next(train_arms(digits, [("couple", 0)], Recipe())),
        ValueError,
        ["`arms` should be among", "Found 'couple'", "Did you mean 'coupled'?"],
    ),
    "one seed": (lambda: paired_difference([0.5], [0.4]), ValueError, ["at least two", "Found 1 and 1"]),
    "unknown name": (lambda: conjoin.Objectiv, AttributeError, ["no attribute 'Objectiv'", "Objective"]),
}


@pytest.mark.parametrize("case", CONSTRUCTION)
def test_construction(case: str) -> None:
    build, error, words = CONSTRUCTION[case]
    with pytest.raises(error) as caught:
        build()
    for word in words:
        assert word in str(caught.value)
