"""The safety net: for each task the network that validation images prefer, and nothing else decides."""

from pathlib import Path

import pytest
import torch

import conjoin as cj
from conjoin.data import AnnotatedImages, Preprocessing, Problem
from conjoin.evaluation import GUARDED, Run, Score, Trained, check_arms, guarded, prefers_coupled
from conjoin.runs._delivered import delivered, scored
from conjoin.study import Recipe
from conjoin.training import Look

KIND, MARKS = cj.MultiClass("kind", ["a", "b"]), cj.MultiLabel("marks", ["x", "y"])
ALONE = {"kind": [Look(1, {"kind": 0.5}), Look(2, {"kind": 0.7})], "marks": [Look(1, {"marks": 0.6})]}


def together(kind: float, marks: float) -> list[Look]:
    """Two looks; the first has the better mean."""
    return [Look(1, {"kind": kind, "marks": marks}), Look(2, {"kind": 0.99, "marks": -9.0})]


@pytest.mark.parametrize(("kind", "marks", "kinds", "markses"), [(0.8, 0.5, True, False), (0.7, 0.7, False, True)])
def test_the_better_of_the_kept_weights_is_preferred(kind: float, marks: float, kinds: bool, markses: bool) -> None:
    """Of equals single-task training."""
    assert prefers_coupled("kind", ALONE["kind"], together(kind, marks)) is kinds
    assert prefers_coupled("marks", ALONE["marks"], together(kind, marks)) is markses


def test_the_kept_weights_need_not_be_the_best() -> None:
    """The second look is within the standard error of the first; it is its score that counts."""
    looks = [Look(1, {"kind": 0.9, "marks": 0.5}, 0.1), Look(2, {"kind": 0.6, "marks": 0.7})]
    assert not prefers_coupled("kind", ALONE["kind"], looks)
    assert prefers_coupled("marks", ALONE["marks"], looks)


def test_without_validation_nothing_is_preferred_to_single_task_training() -> None:
    assert not prefers_coupled("kind", [], [])
    assert not prefers_coupled("marks", ALONE["marks"], [Look(1, {"kind": 1.0})])


def a_run(arm: str, looks: list[list[Look]], value: float) -> Run:
    scores = [
        Score("kind", "accuracy", value),
        Score("marks/x", "macro-F1", value),
        Score("marks/y", "macro-F1", value),
    ]
    logits = {"kind": torch.full((3, 2), value), "marks": torch.full((3, 2), value)}
    run = Run(arm, 4, scores, 2.0, 10, 5, logits=logits, looks=looks)
    run.thresholds = {"marks": [value, value]}
    return run


def test_a_guarded_run_takes_each_task_whole_from_one_of_two() -> None:
    single, coupled = a_run("single", list(ALONE.values()), 0.1), a_run("coupled", [together(0.8, 0.5)], 0.2)
    chosen = guarded(single, coupled)
    assert (chosen.arm, chosen.seed) == (GUARDED, 4)
    assert [(score.task, score.value) for score in chosen.scores] == [("kind", 0.2), ("marks/x", 0.1), ("marks/y", 0.1)]
    assert float(chosen.logits["kind"][0, 0]) == pytest.approx(0.2)
    assert float(chosen.logits["marks"][0, 0]) == pytest.approx(0.1)
    assert chosen.thresholds == {"marks": [0.1, 0.1]}
    assert (chosen.seconds, chosen.images, chosen.parameters) == (4.0, 20, 10)


def test_there_must_be_something_to_choose_from() -> None:
    check_arms(["single", "joint", "coupled", "guarded"])
    with pytest.raises(ValueError, match=r"`arms` with 'guarded' should hold `single` and `coupled`. Found \['single"):
        check_arms(["single", "guarded"])
    with pytest.raises(ValueError, match=r"full, guarded. Found 'garded'. Did you mean 'guarded'\?"):
        check_arms(["single", "garded"])


def networks(kind: float, marks: float) -> tuple[Trained, list[Trained]]:
    torch.manual_seed(0)
    limit = {"marks": torch.tensor([0.4, 0.6])}
    shared = Trained(cj.Network([KIND, MARKS]).eval(), (KIND, MARKS), {}, together(kind, marks), 1)
    first = Trained(cj.Network([KIND]).eval(), (KIND,), {}, ALONE["kind"], 1)
    return shared, [first, Trained(cj.Network([MARKS]).eval(), (MARKS,), limit, ALONE["marks"], 1)]


@pytest.mark.parametrize(
    ("kind", "marks", "count"), [(0.8, 0.5, 2), (0.6, 0.7, 2), (0.9, 0.9, 1), (0.1, 0.1, 2)], ids=str
)
def test_what_is_delivered_reads_each_task_with_the_network_chosen_for_it(
    kind: float, marks: float, count: int, tmp_path: Path
) -> None:
    shared, singles = networks(kind, marks)
    model = delivered(shared, singles, "small", Preprocessing(size=(8, 8)))
    model.save(tmp_path / "model")
    images = torch.rand(5, 3, 8, 8)
    with torch.no_grad():
        said, again = model.network(images), cj.load(tmp_path / "model").network(images)
        for task, single in zip((KIND, MARKS), singles, strict=True):
            network = shared.network if prefers_coupled(task.name, single.looks, shared.looks) else single.network
            assert torch.equal(said[task.name], network(images)[task.name])
            assert torch.equal(said[task.name], again[task.name])
    assert list(said) == ["kind", "marks"]
    assert len(getattr(model.network, "networks", [0])) == count
    assert ("marks" in model.thresholds) is (marks < 0.6)


def test_scores_are_told_with_and_without_the_guard() -> None:
    shared, singles = networks(0.8, 0.5)
    truth = {"kind": torch.tensor([0, 1, 0]), "marks": torch.tensor([[1, 0], [0, 1], [1, 1]])}
    images = AnnotatedImages(torch.rand(3, 3, 8, 8), truth, torch.zeros(3).long(), torch.zeros(3).bool())
    rows = scored("coupled", shared, singles, Problem((KIND, MARKS), (), images, images), Recipe())
    values = {(arm, score.task): score.value for arm, score in rows}
    assert [arm for arm, _ in rows] == ["coupled"] * 2 + ["single"] * 2 + ["guarded"] * 2
    assert values["guarded", "kind"] == values["coupled", "kind"]
    assert values["guarded", "marks"] == values["single", "marks"]
    assert [arm for arm, _ in scored("joint", shared, [], Problem((KIND, MARKS), (), images, images), Recipe())] == [
        "joint",
        "joint",
    ]
