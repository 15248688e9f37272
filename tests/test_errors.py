"""What a user reads when a batch, or all it is drawn from, is wrong: the argument, what was expected and found."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from conjoin import Coupling, Network, Objective, TrainingSettings, fit
from conjoin.data import AnnotatedImages

from .cases import LABELS, SHAPE, annotations, logits, relation

pytestmark = pytest.mark.usefixtures("_as_a_user_runs_it")


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
        [
            "`annotations['shape']` should be on the device of the objective, cpu",
            "Found meta. `.to(device)` moves them",
        ],
    ),
    "logits on another device": (
        changed("logits", shape=lambda logits: logits.to("meta")),
        ValueError,
        ["`logits['shape']` should be on the device of the objective, cpu", "Found meta. `objective.to(device)` moves"],
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
    with pytest.raises(
        ValueError, match=r"`set_aside` should be on the device of the objective, cpu. Found meta. `.to"
    ):
        Objective([SHAPE, LABELS])(*changed("logits"), set_aside=torch.zeros(12).bool().to("meta"))


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


@pytest.mark.parametrize("case", [case for case in VALUES if case != "NaN logits"])
def test_annotations_that_training_will_draw_from_are_checked(case: str) -> None:
    (_, labelled), words = VALUES[case]
    with pytest.raises(ValueError, match=r"Found") as caught:
        Objective([SHAPE, LABELS], validate=False).expect(labelled)
    for word in words:
        assert word in str(caught.value)


def test_a_rare_wrong_code_is_found_before_training() -> None:
    """Further on than where batches begin and than is looked at in one go."""
    codes = torch.zeros(150_000, dtype=torch.int8)
    codes[140_000] = 9
    images = AnnotatedImages(
        torch.rand(1, 1, 8, 8).expand(150_000, -1, -1, -1),
        {"shape": codes},
        torch.zeros(150_000).long(),
        torch.zeros(150_000).bool(),
    )
    network = Network([SHAPE], "small", channels=1)
    with pytest.raises(ValueError, match=r"codes from 0 to 2.* Found 9 in row 140000 \(1 in all\)"):
        fit(network, Objective([SHAPE]), images, TrainingSettings(steps=1, batch_size=4))


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
