"""What a user reads when something is wrong: the argument, what was expected, what was found, why."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from jaxtyping import config
from torch import nn

import conjoin
from conjoin import Coupling, MultiClass, MultiLabel, Network, Objective, Relation
from conjoin.data import shares
from conjoin.datasets import digits
from conjoin.evaluation import paired_difference, train_arms
from conjoin.network import build_backbone
from conjoin.study import Recipe

from .cases import LABELS, MATERIAL, SHAPE, annotations, logits, relation


@pytest.fixture(autouse=True)
def _as_a_user_runs_it() -> Iterator[None]:
    """Without enforced shapes, so that it is conjoin that complains."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


ROUND = [[0.5, 0.5, 0.5, 0.5]] * 3
OTHER = MultiClass("shape", ["round", "square"])

BACK = Relation(MATERIAL, SHAPE, [[0.5, 0.3, 0.2]] * 4)

CONSTRUCTION: dict[str, tuple[Callable[[], Any], type[Exception], list[str]]] = {
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
        ["`weights['shape']` should be at least 0", "Found -1.0"],
    ),
    "unknown adjustment": (
        lambda: Objective([SHAPE], adjustments={"shap": 1.0}),
        ValueError,
        ["`adjustments` should name tasks", "Found 'shap'", "Did you mean 'shape'?"],
    ),
    "negative adjustment": (
        lambda: Objective([SHAPE], adjustments={"shape": -1.0}),
        ValueError,
        ["`adjustments['shape']` should be at least 0", "Found -1.0"],
    ),
    "unknown backbone": (
        lambda: Network([SHAPE], "resnet1"),
        ValueError,
        ["`backbone` should be 'small' or a timm model name", "Found 'resnet1'", "Near it", "resnet18"],
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


def changed(argument: str, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    given, labelled = logits(LABELS), annotations(LABELS)
    part = given if argument == "logits" else labelled
    for name, value in changes.items():
        part[name] = value(part.get(name)) if callable(value) else value
    return given, labelled


def put(row: int, value: float) -> Callable[[torch.Tensor], torch.Tensor]:
    def change(tensor: torch.Tensor) -> torch.Tensor:
        tensor = tensor.detach().clone()
        tensor[row] = value
        return tensor

    return change


SHAPES: dict[str, tuple[tuple[dict[str, Any], dict[str, Any]], type[Exception], list[str]]] = {
    "unknown task": (
        changed("annotations", lables=torch.zeros(12)),
        KeyError,
        ["`annotations` should be keyed by task names", "Found 'lables'", "Did you mean 'labels'?"],
    ),
    "unknown logits": (
        changed("logits", age=torch.zeros(12, 1)),
        KeyError,
        ["`logits`", "Found 'age'", "Known:"],
    ),
    "logit shape": (
        changed("logits", labels=torch.zeros(12, 3)),
        ValueError,
        ["`logits['labels']`", "shape (12, 4)", "Found torch.float32 of shape (12, 3)"],
    ),
    "logit type": (changed("logits", labels=torch.zeros(12, 4).long()), ValueError, ["Found torch.int64"]),
    "labels as codes": (
        changed("annotations", labels=torch.zeros(12).long()),
        ValueError,
        ["`annotations['labels']`", "(12, 4): one column for each label", "Found (12,)"],
    ),
    "codes as floats": (
        changed("annotations", shape=lambda codes: codes.float()),
        ValueError,
        ["a distribution over the classes", "Found (12,) of torch.float32", "annotation.long()"],
    ),
    "one-hot integers": (
        changed("annotations", shape=torch.eye(3).long().repeat(4, 1)),
        ValueError,
        ["class codes", "Found (12, 3)", "annotation.float()"],
    ),
    "logits as numpy": (
        changed("logits", labels=lambda z: z.detach().numpy()),
        TypeError,
        ["`logits['labels']` should be a tensor", "Found ndarray", "torch.as_tensor"],
    ),
    "annotations as a list": (
        changed("annotations", shape=lambda codes: codes.tolist()),
        TypeError,
        ["`annotations['shape']` should be a tensor", "Found list"],
    ),
    "another device": (
        changed("annotations", shape=lambda codes: codes.to("meta")),
        ValueError,
        ["`annotations['shape']` should be on the device of the logits, cpu", "Found meta"],
    ),
    "booleans": (
        changed("annotations", shape=torch.zeros(12).bool()),
        TypeError,
        ["`annotations['shape']`", "bool"],
    ),
}

VALUES: dict[str, tuple[tuple[dict[str, Any], dict[str, Any]], list[str]]] = {
    "NaN logits": (
        changed("logits", labels=put(3, float("nan"))),
        ["`logits['labels']`", "row 3", "diverged"],
    ),
    "code 9": (
        changed("annotations", shape=put(4, 9)),
        ["codes from 0 to 2, or -1", "Found 9 in row 4 (1 in all)", "written as -1"],
    ),
    "codes from 1": (
        changed("annotations", shape=torch.tensor([1, 2, 3] * 4)),
        ["Found 3 in row 2 (4 in all)", "annotation - 1"],
    ),
    "label 2": (
        changed("annotations", labels=put(0, 2)),
        ["codes from 0 to 1", "Found 2 in row 0 (4 in all)"],
    ),
    "probability": (
        changed("annotations", labels=torch.full((12, 4), -1.0)),
        ["probabilities within [0, 1], or NaN", "Found -1 in row 0 (48 in all)", "annotation.long()"],
    ),
    "sum": (
        changed("annotations", shape=torch.full((12, 3), 0.5)),
        ["rows that sum to 1", "Found [0.5, 0.5, 0.5] in row 0"],
    ),
    "partly NaN": (
        changed("annotations", shape=torch.tensor([[0.5, 0.5, torch.nan]] * 12)),
        ["NaN throughout", "nan", "row 0"],
    ),
}


@pytest.mark.parametrize("case", SHAPES)
@pytest.mark.parametrize("validate", [True, False, None])
def test_names_shapes_and_types_are_always_checked(case: str, validate: bool | None) -> None:
    (given, labelled), error, words = SHAPES[case]
    with pytest.raises(error) as caught:
        Objective([SHAPE, LABELS], validate=validate)(given, labelled)
    for word in words:
        assert word in str(caught.value)


def test_missing_logits() -> None:
    with pytest.raises(KeyError, match=r"entry for every task. Found none for \['labels'\]"):
        Objective([SHAPE, LABELS])({"shape": torch.zeros(2, 3)}, {})


def test_set_aside() -> None:
    with pytest.raises(ValueError, match=r"`set_aside` should be a boolean tensor of shape \(12,\).*Found torch.int64"):
        Objective([SHAPE, LABELS])(*changed("logits"), set_aside=torch.zeros(12).long())


@pytest.mark.parametrize("case", VALUES)
def test_values(case: str) -> None:
    (given, labelled), words = VALUES[case]
    with pytest.raises(ValueError, match=r"Found") as caught:
        Objective([SHAPE, LABELS], validate=True)(given, labelled)
    for word in words:
        assert word in str(caught.value)


def test_values_are_checked_in_the_first_ten_training_steps() -> None:
    bad, good = changed("logits", labels=put(0, float("inf"))), changed("logits")
    objective = Objective([SHAPE, LABELS])
    for _ in range(9):
        objective(*good)
    with pytest.raises(ValueError, match="finite"):
        objective(*bad)
    objective(*bad)  # the eleventh
    Objective([SHAPE, LABELS]).eval()(*bad)
    Objective([SHAPE, LABELS], validate=False)(*bad)


def test_unsigned_labels_are_fine() -> None:
    Objective([SHAPE, LABELS], validate=True)(*changed("annotations", labels=torch.ones(12, 4, dtype=torch.uint8)))


def test_nothing_is_counted_when_a_batch_is_refused() -> None:
    objective = Objective([SHAPE, LABELS], [Coupling(relation(LABELS))])
    before = {name: value.clone() for name, value in objective.state_dict().items()}
    with pytest.raises(ValueError, match="codes from 0"):
        objective(*changed("annotations", shape=put(4, 9)))
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())


COUNTS: dict[str, tuple[Callable[[Objective], Any], type[Exception], list[str]]] = {
    "nothing to count": (lambda o: o.count({}), ValueError, ["`annotations` should hold", "at least one task"]),
    "unknown task": (
        lambda o: o.count({"shap": torch.zeros(3).long()}),
        KeyError,
        ["Found 'shap'", "Did you mean 'shape'?"],
    ),
    "a list": (lambda o: o.count({"shape": [0, 1]}), TypeError, ["should be a tensor. Found list"]),  # type: ignore[dict-item]
    "two lengths": (
        lambda o: o.count({"shape": torch.zeros(3).long(), "labels": torch.zeros(2, 4).long()}),
        ValueError,
        ["`annotations['labels']` should have shape (3, 4)", "Found (2, 4)"],
    ),
    "set_aside as a list": (
        lambda o: o.count({"shape": torch.zeros(2).long()}, set_aside=[True, False]),  # type: ignore[arg-type]
        ValueError,
        ["`set_aside` should be a boolean tensor of shape (2,)", "Found list"],
    ),
    "other counts": (
        lambda o: o(*changed("logits"), counts={"shape": torch.ones(())}),
        ValueError,
        ["`counts` should be what `count` of this objective gives", "Found {'shape'"],
    ),
    "counts as numbers": (
        lambda o: o(*changed("logits"), counts=dict.fromkeys(o.count(changed("logits")[1]), 3)),
        ValueError,
        ["`counts` should be what `count` of this objective gives"],
    ),
}


@pytest.mark.parametrize("case", COUNTS)
def test_counts(case: str) -> None:
    call, error, words = COUNTS[case]
    objective = Objective([SHAPE, LABELS])
    before = {name: value.clone() for name, value in objective.state_dict().items()}
    with pytest.raises(error) as caught:
        call(objective)
    for word in words:
        assert word in str(caught.value)
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())
