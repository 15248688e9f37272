"""Weights and thresholds are chosen on validation images, and on nothing else."""

import multiprocessing
import time
from collections.abc import Generator
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import Callback

from conjoin import MultiClass, MultiLabel, Network, Objective, TrainingSettings, fit
from conjoin.data import AnnotatedImages, MixedBatches, Problem, shares
from conjoin.datasets import digits
from conjoin.evaluation import Run, predict, run_arm, score, train_arms, train_network, tune_thresholds
from conjoin.evaluation import _train as training_of_arms
from conjoin.evaluation._validation import Validation
from conjoin.runs._stored import save_run, stored_run
from conjoin.study import Classes, Labels, Recipe
from conjoin.training import DivergedError, Look, kept

SETTINGS = TrainingSettings(steps=12, batch_size=32, validate_every=4)


@pytest.fixture(scope="module")
def problem() -> Problem[AnnotatedImages]:
    """Digits; what is tested on elsewhere is validated on here."""
    made = digits(50, 200, fold=0)
    return replace(made, validation=digits(50, 200, fold=1).test)


def test_a_network_that_diverged_has_no_score(problem: Problem[AnnotatedImages]) -> None:
    network = Network(problem.tasks, channels=1)
    with torch.no_grad():
        next(network.heads.parameters()).fill_(torch.nan)
    with pytest.raises(ValueError, match=r"Logits of task 'digit' should be finite\. Found (\d+) of \1 images without"):
        predict(network, problem.test)


def test_the_run_that_diverged_is_named(problem: Problem[AnnotatedImages], monkeypatch: pytest.MonkeyPatch) -> None:
    def diverged(*_: Any) -> Run:
        raise DivergedError("no numbers")

    monkeypatch.setattr("conjoin.evaluation._compare.run_arm", diverged)
    with pytest.raises(DivergedError, match=r"Arm joint, seed 3: no numbers"):
        next(train_arms(lambda *, seed: problem, [("joint", 3)], Recipe(), processes=1))  # noqa: ARG005


def test_an_interruption_ends_only_what_was_started_for_it() -> None:
    recipe = Recipe(training=TrainingSettings(steps=2, batch_size=16))
    runs = train_arms(partial(digits, 20, 40), [("joint", 0), ("joint", 1), ("joint", 2)], recipe, processes=2)
    next(runs)
    mine = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    mine.start()
    with pytest.raises(KeyboardInterrupt):
        cast("Generator[Run]", runs).throw(KeyboardInterrupt)
    for worker in set(multiprocessing.active_children()) - {mine}:
        worker.join(timeout=30)
    assert multiprocessing.active_children() == [mine]
    mine.kill()
    mine.join()


def test_a_network_that_diverges_late_keeps_its_earlier_weights(problem: Problem[AnnotatedImages]) -> None:
    for good, steps in ((1, [4]), (0, [])):
        looks = iter([0.5] * good)

        def validate(_: Network, looks: Any = looks) -> tuple[dict[str, float], float]:
            value = next(looks, None)
            if value is None:
                raise DivergedError("no numbers")
            return {"digit": value}, 0.0

        network, objective = Network(problem.tasks, channels=1), Objective(problem.tasks)
        if good:
            found = fit(network, objective, problem.train, SETTINGS, validate=validate)
            assert [look.step for look in found] == steps
        else:
            with pytest.raises(DivergedError, match="no numbers"):
                fit(network, objective, problem.train, SETTINGS, validate=validate)


class Scripted:
    """Says given scores, and remembers the weights it was asked about."""

    def __init__(self, *scores: float, error: float = 0.0) -> None:
        self.scores, self.seen, self.error = list(scores), list[dict[str, torch.Tensor]](), error

    def __call__(self, network: Network) -> tuple[dict[str, float], float]:
        self.seen.append(deepcopy(network.state_dict()))
        return {"digit": self.scores.pop(0), "strokes": 0.5}, self.error


def trained(problem: Problem[AnnotatedImages], validate: Any, **more: Any) -> tuple[Network, list[Look]]:
    L.seed_everything(0, verbose=False)
    network = Network(problem.tasks, channels=1)
    return network, fit(network, Objective(problem.tasks), problem.train, SETTINGS, validate=validate, **more)


@pytest.mark.parametrize(("scores", "best"), [((0.2, 0.9, 0.3), 1), ((0.9, 0.2, 0.9), 2), ((0.3, 0.2, 0.1), 0)])
def test_the_weights_with_the_best_mean_are_kept(
    scores: tuple[float, ...], best: int, problem: Problem[AnnotatedImages]
) -> None:
    """Of equals the later ones, which were trained longer."""
    said = Scripted(*scores)
    network, looks = trained(problem, said)
    assert [look.step for look in looks] == [4, 8, 12]
    assert [look.scores["digit"] for look in looks] == list(scores)
    assert all(torch.equal(value, said.seen[best][name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize(
    ("scores", "best"),
    [((0.9, 0.2, 0.75), 0), ((0.9, 0.2, 0.85), 2), ((0.9, 0.85, 0.2), 1), ((0.1, 0.5, 0.45), 2)],
)
def test_what_may_be_luck_does_not_keep_earlier_weights(
    scores: tuple[float, ...], best: int, problem: Problem[AnnotatedImages]
) -> None:
    """The mean over two tasks varies by half of what the digit's score does; one standard error is .05."""
    said = Scripted(*scores, error=0.05)
    network, looks = trained(problem, said)
    assert looks.index(kept(looks)) == best
    assert all(torch.equal(value, said.seen[best][name]) for name, value in network.state_dict().items())


def test_the_standard_error_of_a_look_is_of_the_mean_over_tasks() -> None:
    """Two of 4 and 15 of 20 images right, one right and one wrong added: shares 1/2 and 8/11."""
    tasks = (MultiClass("few", ["a", "b"]), MultiClass("many", ["a", "b"]))
    truth = {"few": torch.full((20,), -1), "many": torch.zeros(20).long()}
    truth["few"][:4] = torch.tensor([0, 0, 1, 1])
    truth["many"][15:] = 1
    data = AnnotatedImages(torch.rand(20, 1, 8, 8), truth, torch.zeros(20).long(), torch.zeros(20).bool())
    validation = Validation.of(tasks, Problem(tasks, (), train=data, test=data, validation=data), Recipe())
    assert validation is not None
    network = Network(tasks, channels=1)
    for head in network.heads.values():  # which always says "a"
        torch.nn.init.zeros_(cast("torch.nn.Linear", head).weight)
        cast("torch.nn.Linear", head).bias.data = torch.tensor([1.0, 0.0])
    scores, error = validation(network)
    assert scores == {"few": 0.5, "many": 0.75}
    assert error == pytest.approx((1 / 4 / 4 + 8 / 11 * 3 / 11 / 20) ** 0.5 / 2)


@pytest.mark.parametrize("known", [True, False])
def test_a_task_without_a_score_chooses_nothing(known: bool) -> None:
    """No validation image has the label, so that there is no F1; without any score the last weights are kept."""
    tasks = (MultiClass("kind", ["a", "b"]), MultiLabel("marks", ["rare"]))
    images = torch.rand(40, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    truth = {"kind": torch.arange(40) % 2, "marks": (torch.arange(40) % 4 == 0).long()[:, None]}
    data = AnnotatedImages(images, truth, torch.zeros(40).long(), torch.zeros(40).bool())
    kinds = truth["kind"] if known else torch.full((40,), -1)
    seen = replace(data, annotations={"kind": kinds, "marks": torch.zeros(40, 1).long()})
    made = Problem(tasks, (), train=data, test=data, validation=seen)
    found = train_network(Objective(tasks), made, Recipe(training=SETTINGS), seed=0)
    assert [look.step for look in found.looks] == [4, 8, 12]
    assert [set(look.scores) for look in found.looks] == [{"kind"} if known else set()] * 3
    if not known:
        assert kept(found.looks) is found.looks[-1]


class Stop(Callback):
    def on_train_batch_end(self, trainer: L.Trainer, *_: Any) -> None:
        if trainer.global_step == 9:
            raise RuntimeError("the power is cut")


def test_a_resumed_run_chooses_among_all_looks(problem: Problem[AnnotatedImages], tmp_path: Path) -> None:
    whole, looks = trained(problem, Scripted(0.9, 0.2, 0.3), folder=tmp_path / "whole")
    with pytest.raises(RuntimeError, match="the power is cut"):
        trained(problem, Scripted(0.9, 0.2), folder=tmp_path / "cut", checkpoint_every=6, callbacks=[Stop()])
    resumed, again = trained(problem, Scripted(0.2, 0.3), folder=tmp_path / "cut", checkpoint_every=6, resume=True)
    assert again == looks
    assert all(torch.equal(value, resumed.state_dict()[name]) for name, value in whole.state_dict().items())


def test_a_resumed_run_remembers_what_may_be_luck(problem: Problem[AnnotatedImages], tmp_path: Path) -> None:
    """The last look is within the standard error of the first, which was taken before the cut."""
    whole, looks = trained(problem, Scripted(0.9, 0.2, 0.85, error=0.05))
    said = Scripted(0.9, 0.2, error=0.05)
    with pytest.raises(RuntimeError, match="the power is cut"):
        trained(problem, said, folder=tmp_path, checkpoint_every=6, callbacks=[Stop()])
    said = Scripted(0.2, 0.85)
    resumed, again = trained(problem, said, folder=tmp_path, checkpoint_every=6, resume=True)
    assert [look.error for look in again] == [0.05, 0.0, 0.0]
    assert kept(again) is again[-1]
    assert [look.scores for look in again] == [look.scores for look in looks]
    assert all(torch.equal(value, resumed.state_dict()[name]) for name, value in whole.state_dict().items())


class StopAtTheEnd(Callback):
    def on_train_end(self, *_: Any) -> None:
        raise RuntimeError("the power is cut")


def test_a_run_that_is_cut_after_its_last_step_keeps_the_best_weights(
    problem: Problem[AnnotatedImages], tmp_path: Path
) -> None:
    """Its last checkpoint holds the weights of the last step."""
    said = Scripted(0.9, 0.2, 0.3)
    with pytest.raises(RuntimeError, match="the power is cut"):
        trained(problem, said, folder=tmp_path, checkpoint_every=6, callbacks=[StopAtTheEnd()])
    for _ in range(2):  # and so does one that has ended
        resumed, looks = trained(problem, Scripted(), folder=tmp_path, checkpoint_every=6, resume=True)
        assert [look.scores["digit"] for look in looks] == [0.9, 0.2, 0.3]
        assert all(torch.equal(value, said.seen[0][name]) for name, value in resumed.state_dict().items())


def test_a_stored_run_keeps_its_looks_and_losses(tmp_path: Path) -> None:
    run = Run(
        "joint", 3, losses={"digit": [2.0, 1.0]}, looks=[[Look(4, {"digit": 0.5}, 0.25), Look(8, {"digit": 0.75})]]
    )
    save_run(run, tmp_path)
    assert stored_run("joint", 3, tmp_path) == run


def test_thresholds_are_tuned_where_a_task_says_so(problem: Problem[AnnotatedImages]) -> None:
    labels = {"strokes": Labels(labels="collected")}
    tuned, half = (
        train_network(Objective(problem.tasks), problem, Recipe(training=SETTINGS, tasks=tasks), seed=0)
        for tasks in (labels, {"strokes": Labels(labels="collected", threshold="half")})
    )
    assert set(tuned.thresholds) == {"strokes"}
    assert bool((tuned.thresholds["strokes"] != 0.5).any())
    assert half.thresholds == {}
    assert [look.step for look in tuned.looks] == [4, 8, 12]
    assert all(set(look.scores) == {"digit", "strokes"} for look in tuned.looks)


def test_test_images_decide_nothing(problem: Problem[AnnotatedImages]) -> None:
    """Whatever they are; looks and thresholds are those of validation images, worked out again."""
    tasks = {"strokes": Labels(labels="collected")}
    recipe = Recipe(training=SETTINGS, tasks=tasks)
    other = replace(problem, test=digits(50, 200, fold=2).test)
    one, two = (train_network(Objective(problem.tasks), p, recipe, seed=0) for p in (problem, other))
    assert one.looks == two.looks
    assert torch.equal(one.thresholds["strokes"], two.thresholds["strokes"])
    assert problem.validation is not None
    logits = predict(one.network, problem.validation)
    digit, strokes = problem.tasks
    limits = tune_thresholds(logits["strokes"], problem.validation.annotation("strokes"))
    assert torch.equal(one.thresholds["strokes"], limits)
    best = kept(one.looks)
    assert best.scores["digit"] == score(digit, logits["digit"], problem.validation.annotation("digit"))[0].value
    assert strokes.name in best.scores


def test_a_network_for_one_task_takes_what_a_mixed_batch_holds_for_it() -> None:
    """Of each source apart: 800 and 200 images annotated for it, beside 1,980 that are not."""
    sizes = (800, 200, 1980)
    source = torch.cat([torch.full((size,), number) for number, size in enumerate(sizes)])
    annotation = torch.where(source < 2, 1, -1)
    data = AnnotatedImages(
        torch.zeros(len(source), 1, 1, 1), {"c": annotation}, source, torch.zeros(len(source)).bool()
    )
    mixed = shares(sizes, 64)
    assert training_of_arms._counts(data, "c", 64) == {0: mixed[0], 1: mixed[1]}
    batches = MixedBatches(data.annotated("c").sources(), mixed[0] + mixed[1], 5, 0, counts={0: mixed[0], 1: mixed[1]})
    whole = MixedBatches(data.sources(), 64, 5, 0)
    for part, batch in zip(batches, whole, strict=True):
        assert [draw.row for draw in part] == [draw.row for draw in batch if draw.row < 1000]
    rare = AnnotatedImages(
        data.images, {"c": torch.where(torch.arange(len(source)) < 5, 1, -1)}, source, data.set_aside
    )
    assert training_of_arms._counts(rare, "c", 8) == {0: 2}  # BatchNorm needs two


def test_without_validation_annotations_the_last_weights_stay(problem: Problem[AnnotatedImages]) -> None:
    assert problem.validation is not None
    images = problem.validation
    none = {name: torch.full_like(values, -1) for name, values in images.annotations.items()}
    unknown = AnnotatedImages(images.images, none, images.source, images.set_aside)
    recipe = Recipe(training=SETTINGS, tasks={"strokes": Labels(labels="collected")})
    found = [
        train_network(Objective(problem.tasks), replace(problem, validation=validation), recipe, seed=0)
        for validation in (None, unknown)
    ]
    plain, _ = trained(problem, None)
    assert all(torch.equal(value, found[0].network.state_dict()[n]) for n, value in plain.state_dict().items())
    assert found[0].looks == found[1].looks == []
    assert found[0].thresholds == found[1].thresholds == {}


def test_the_arm_full_alone_sees_what_is_hidden(
    problem: Problem[AnnotatedImages], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[AnnotatedImages]()

    def spy(network: Network, objective: Objective, data: AnnotatedImages, *rest: Any, **options: Any) -> list[Look]:
        seen.append(data)
        return fit(network, objective, data, *rest, **options)

    monkeypatch.setattr(training_of_arms, "fit", spy)
    everything = digits(200, 50, fold=0).train
    shown = replace(problem, everything=everything)
    for arm in ("joint", "coupled", "full"):
        run_arm(arm, shown, Recipe(training=TrainingSettings(steps=1)), 0)
    assert [data is everything for data in seen] == [False, False, True]


def test_options_of_tasks_reach_the_loss_of_every_arm(problem: Problem[AnnotatedImages]) -> None:
    recipe = Recipe(tasks={"digit": Classes(classes="collected", logit_adjustment=1.5)})
    for arm in ("single", "joint", "coupled", "kollias2024", "kollias2024-reversed", "full"):
        found = {k: v for o in training_of_arms.objectives(arm, problem, recipe) for k, v in o.adjustments.items()}
        assert found["digit"] == 1.5
        assert found.get("strokes", 0) == 0


def test_tasks_of_both_kinds_are_validated_by_their_own_metric() -> None:
    tasks = (MultiClass("c", ["a", "b"]), MultiLabel("l", ["x"]))
    images = torch.rand(40, 1, 8, 8)
    truth = {"c": torch.tensor([0, 1] * 20), "l": torch.tensor([[0], [1]] * 20)}
    data = AnnotatedImages(images, truth, torch.zeros(40).long(), torch.zeros(40).bool())
    made = Problem(tasks, (), train=data, test=data, validation=data)
    recipe = Recipe(training=SETTINGS, tasks={"c": Classes(classes="collected", metric="balanced accuracy")})
    run = run_arm("single", made, recipe, 0)
    assert [score.metric for score in run.scores] == ["balanced accuracy", "macro-F1"]
    assert [set(looks[0].scores) for looks in run.looks] == [{"c"}, {"l"}]


PATIENT = SETTINGS.model_copy(update={"steps": 40, "patience": 2})


def patient(problem: Problem[AnnotatedImages], said: Scripted, **more: Any) -> tuple[Network, list[Look]]:
    L.seed_everything(0, verbose=False)
    network = Network(problem.tasks, channels=1)
    return network, fit(network, Objective(problem.tasks), problem.train, PATIENT, validate=said, **more)


@pytest.mark.parametrize(
    ("scores", "best"), [((0.1, 0.5, 0.4, 0.3), 1), ((0.1, 0.5, 0.4, 0.6, 0.5, 0.6), 5), ((0.5, 0.5, 0.5), 2)]
)
def test_training_ends_when_looks_get_no_better(
    scores: tuple[float, ...], best: int, problem: Problem[AnnotatedImages]
) -> None:
    """Two looks in a row that are not better than the best before; of equals the later weights are kept."""
    said = Scripted(*scores)
    network, looks = patient(problem, said)
    assert [look.step for look in looks] == [4 * number for number in range(1, len(scores) + 1)]
    assert all(torch.equal(value, said.seen[best][name]) for name, value in network.state_dict().items())


def test_a_run_that_ended_early_is_resumed_to_the_same_end(problem: Problem[AnnotatedImages], tmp_path: Path) -> None:
    scores = (0.1, 0.5, 0.4, 0.3)
    whole, looks = patient(problem, Scripted(*scores), folder=tmp_path / "whole")
    again, same = patient(problem, Scripted(), folder=tmp_path / "whole", resume=True)
    assert same == looks
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in whole.state_dict().items())
    with pytest.raises(RuntimeError, match="the power is cut"):
        patient(problem, Scripted(*scores[:2]), folder=tmp_path / "cut", checkpoint_every=6, callbacks=[Stop()])
    resumed, rest = patient(problem, Scripted(*scores[1:]), folder=tmp_path / "cut", checkpoint_every=6, resume=True)
    assert rest == looks
    assert all(torch.equal(value, resumed.state_dict()[name]) for name, value in whole.state_dict().items())


def test_images_of_an_early_end_are_counted(problem: Problem[AnnotatedImages], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conjoin.evaluation._validation.Validation.__call__", lambda *_: ({"digit": 0.5}, 0.0))
    trained = train_network(Objective(problem.tasks), problem, Recipe(training=PATIENT), seed=0)
    assert [look.step for look in trained.looks] == [4, 8, 12]
    assert trained.images == 12 * 32
