"""The Lightning loop: it learns, repeats bit by bit, and leaves logs and checkpoints."""

from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import Callback
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from conjoin import Coupling, MultiClass, MultiLabel, Network, Objective, Relation, TrainingSettings, fit
from conjoin.data import AnnotatedImages, Preprocessing, Problem, StoredImages
from conjoin.datasets import digits
from conjoin.evaluation import objectives, predict, run_arm, train_network
from conjoin.study import Recipe
from conjoin.training import Learner, make_loggers

from .stored import table


@pytest.fixture(scope="module")
def problem() -> Problem[AnnotatedImages]:
    return digits(50, 200, fold=0)


def trained(
    problem: Problem[AnnotatedImages], settings: TrainingSettings, folder: Path | None = None
) -> tuple[Network, Objective]:
    L.seed_everything(0, verbose=False)
    network = Network(problem.tasks, channels=1)
    objective = Objective(problem.tasks, [Coupling(*problem.relations)])
    fit(network, objective, problem.train, settings, folder=folder)
    return network, objective


def test_the_same_seed_gives_the_same_bits(problem: Problem[AnnotatedImages]) -> None:
    settings = TrainingSettings(steps=20)
    one, two = (trained(problem, settings) for _ in range(2))
    for first, second in zip(one, two, strict=True):
        other = second.state_dict()
        assert all(torch.equal(value, other[name]) for name, value in first.state_dict().items())


def test_training_learns_and_leaves_its_traces(problem: Problem[AnnotatedImages], tmp_path: Path) -> None:
    network, objective = trained(problem, TrainingSettings(steps=150), tmp_path)
    known = problem.train.annotations["digit"] >= 0
    read = predict(network, problem.train)["digit"].argmax(-1)
    assert (read == problem.train.annotations["digit"])[known].float().mean() > 0.9
    assert float(objective.evidence()["digit->strokes"].max()) > 0.5

    checkpoint = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 150
    stored = {n.removeprefix("network."): v for n, v in checkpoint["state_dict"].items() if n.startswith("network.")}
    restored = Network(problem.tasks, channels=1)
    restored.load_state_dict(stored)
    assert torch.equal(predict(restored, problem.train)["strokes"], predict(network, problem.train)["strokes"])

    events = EventAccumulator(str(tmp_path / "logs")).Reload()
    assert {"loss", "terms/digit", "terms/coannotate/digit", "evidence/digit->strokes"} <= set(events.Tags()["scalars"])
    stated = problem.relations[0].table
    (value,) = [event.value for event in events.Scalars("corrected/digit->strokes")][-1:]
    assert value == pytest.approx(float((objective.corrected()["digit->strokes"] - stated).abs().mean()), rel=1e-4)
    assert value > 0.001


@pytest.mark.parametrize("logged", [False, True])
def test_progress_is_shown(
    logged: bool, problem: Problem[AnnotatedImages], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    L.seed_everything(0, verbose=False)
    network, objective = Network(problem.tasks, channels=1), Objective(problem.tasks)
    kept = make_loggers(["csv"], tmp_path, "logs") if logged else []
    fit(network, objective, problem.train, TrainingSettings(steps=3), progress=True, loggers=kept)
    shown = "".join(capsys.readouterr())
    assert "3/3" in shown
    assert "loss: " in shown
    assert [path.name for path in tmp_path.rglob("metrics.csv")] == ["metrics.csv"] * logged


def test_reduced_precision_trains(problem: Problem[AnnotatedImages]) -> None:
    network, _ = trained(problem, TrainingSettings(steps=3, precision="bf16-mixed"))
    assert all(bool(p.isfinite().all()) for p in network.parameters())


def test_one_forward_a_batch(problem: Problem[AnnotatedImages], monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    plain = Network.forward

    def counted(self: Network, images: torch.Tensor) -> dict[str, torch.Tensor]:
        calls.append(len(images))
        return plain(self, images)

    monkeypatch.setattr(Network, "forward", counted)
    trained(problem, TrainingSettings(steps=4, batch_size=32))
    assert calls == [32] * 4


def test_a_closed_gate_is_joint_training_to_the_bit(problem: Problem[AnnotatedImages]) -> None:
    """With evidence at 0 throughout, here because too few images are annotated to tell."""
    settings = TrainingSettings(steps=10)
    states = []
    for couplings in ([], [Coupling(*problem.relations)]):
        for coupling in couplings:
            coupling.judged()[0][1].fewest = 10**9
        L.seed_everything(0, verbose=False)
        network = Network(problem.tasks, channels=1)
        fit(network, Objective(problem.tasks, couplings), problem.train, settings)
        states.append(network.state_dict())
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_every_arm_learns_a_task_from_the_same_images(
    problem: Problem[AnnotatedImages], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step by step, whatever else is in the batch."""
    plain, given = Objective.forward, dict[str, list[torch.Tensor]]()

    def spy(self: Objective, logits: object, annotations: dict[str, torch.Tensor], **options: object) -> torch.Tensor:
        for name in self.tasks:
            rows = annotations[name].reshape(len(annotations[name]), -1)
            given.setdefault(name, []).append(rows[(rows >= 0).any(-1)])
        return plain(self, logits, annotations, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Objective, "forward", spy)
    seen = []
    for arm in ("single", "joint", "coupled"):
        given.clear()
        run_arm(arm, problem, Recipe(training=TrainingSettings(steps=3)), seed=1)
        seen.append({name: [rows.tolist() for rows in batches] for name, batches in given.items()})
    assert seen[0] == seen[1] == seen[2]
    assert [len(rows) for rows in seen[0]["digit"]] == [
        23
    ] * 3  # of 64: .2 / 2 + .8 * sqrt(40) / (sqrt(40) + sqrt(160)) = .367


def test_arms_share_their_initial_weights(problem: Problem[AnnotatedImages]) -> None:
    recipe = Recipe(training=TrainingSettings(steps=1))
    runs = {arm: run_arm(arm, problem, recipe, seed=3) for arm in ("joint", "coupled", "single")}
    for name in ("digit", "strokes"):
        assert torch.equal(runs["joint"].logits[name], runs["coupled"].logits[name])
    assert [score.task for score in runs["single"].scores] == [
        "digit",
        "strokes/segments",
        "strokes/measured",
    ]
    assert len(runs["coupled"].evidence) == 0


def test_prediction_keeps_the_mode_of_the_network(problem: Problem[AnnotatedImages]) -> None:
    network = Network(problem.tasks, channels=1)
    for mode in (True, False):
        predict(network.train(mode), problem.test)
        assert network.training is mode


@pytest.mark.parametrize("arm", ["single", "coupled"])
def test_arms_take_images_from_disk(arm: str) -> None:
    kind, marks = MultiClass("kind", ["a", "b", "c"]), MultiLabel("marks", ["x", "y"])
    relation = Relation(kind, marks, [[0.9, 0.5], [0.1, 0.5], [0.5, 0.5]])
    stored = StoredImages(table(24).remove_columns("task:soft"), Preprocessing(size=(8, 8)))
    memory = AnnotatedImages(
        stored.__getitems__(range(24)).images,
        {name: stored.annotation(name) for name in ("kind", "marks")},
        torch.tensor([0] * 6 + [3] * 18),
        stored.set_aside,
    )
    recipe = Recipe(training=TrainingSettings(steps=3, batch_size=8))
    runs = [run_arm(arm, Problem((kind, marks), (relation,), images, images), recipe, 0) for images in (stored, memory)]
    assert runs[0].scores == runs[1].scores
    assert all(torch.equal(z, runs[1].logits[name]) for name, z in runs[0].logits.items())


def test_a_run_keeps_its_losses_over_time(problem: Problem[AnnotatedImages]) -> None:
    """Means over ten steps of what the objective says; 25 steps have two."""
    recipe = Recipe(training=TrainingSettings(steps=25))
    single, coupled = (run_arm(arm, problem, recipe, 0) for arm in ("single", "coupled"))
    assert set(single.losses) == {"digit", "strokes"}
    terms = {"match/strokes/digit", "match/digit/strokes", "coannotate/strokes/digit", "coannotate/digit"}
    assert set(coupled.losses) == {"digit", "strokes"} | terms
    assert {len(values) for run in (single, coupled) for values in run.losses.values()} == {2}
    seen: list[float] = []

    class Watch(Callback):
        def on_train_batch_end(self, _: L.Trainer, learner: L.LightningModule, *__: Any) -> None:
            assert isinstance(learner, Learner)
            seen.append(float(learner.objective.terms["digit"]))

    train_network(objectives("coupled", problem, recipe)[0], problem, recipe, 0, callbacks=[Watch()])
    assert coupled.losses["digit"] == pytest.approx([sum(seen[:10]) / 10, sum(seen[10:20]) / 10], rel=1e-4)
