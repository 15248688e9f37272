"""A run that was killed goes on to the bit; a run is not overwritten or resumed as another one."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch

from conjoin import Coupling, Network, Objective, Relation, TrainingSettings, fit
from conjoin.coupling import Kollias2024
from conjoin.data import AnnotatedImages, Augmentation, Problem
from conjoin.datasets import digits
from conjoin.training import make_loggers
from conjoin.training._digest import digest
from conjoin.training._resume import AtomicCheckpoints

PROGRAM = Path(__file__).parent / "programs" / "resumable.py"


def run(folder: Path, workers: int, kill_at: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), str(folder), str(workers), str(kill_at), "random"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_killed_twice_and_resumed_is_never_interrupted(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", 0, 0)
    assert whole.returncode == 0, whole.stderr
    assert len(whole.stdout.strip()) == 64
    for kill_at, saved in ((11, 8), (18, 16)):
        assert run(tmp_path / "killed", 2, kill_at).returncode == -9
        last = torch.load(tmp_path / "killed" / "checkpoints" / "last.ckpt", weights_only=True)
        assert last["global_step"] == saved
    resumed = run(tmp_path / "killed", 2, 0)
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout == whole.stdout


@pytest.fixture(scope="module")
def problem() -> Problem[AnnotatedImages]:
    return digits(50, 200, fold=0)


def trained(problem: Problem[AnnotatedImages], folder: Path | None, **changes: object) -> None:
    known = {"steps": 2, "batch_size": 32, "lr": 2e-3}
    settings = TrainingSettings.model_validate({name: changes.pop(name, value) for name, value in known.items()})
    weights: Any = changes.pop("weights", None)
    network, objective = Network(problem.tasks, channels=1), Objective(problem.tasks, weights=weights)
    fit(network, objective, problem.train, settings, folder=folder, **changes)  # type: ignore[arg-type]


def test_a_run_is_resumed_as_itself_only(problem: Problem[AnnotatedImages], tmp_path: Path) -> None:
    trained(problem, tmp_path, resume=True)  # starts where there is nothing to resume
    trained(problem, tmp_path, resume=True)  # nothing is left to do
    with pytest.raises(FileExistsError, match=r"`folder` should hold no run, or `resume` be True\. Found .*last\.ckpt"):
        trained(problem, tmp_path)
    for change, words in (
        ({"lr": 1e-3}, r"`lr` should be as in the run that is resumed, 0\.002\. Found 0\.001\. Other settings"),
        ({"augmentation": Augmentation(flip=0.5)}, r"`augmentation` should be as in the run"),
        ({"seed": 1}, r"`seed` should be as in the run that is resumed, 0\. Found 1\. Other data or settings"),
        ({"weights": {"digit": 2.0}}, r"`objective` should be as in the run that is resumed, \w{12}\. Found \w{12}\."),
        (
            {"counts": {0: 16, 1: 16}},
            r"`counts` should be as in the run that is resumed, \[\d+, \d+\]\. Found \[16, 16\]",
        ),
    ):
        with pytest.raises(ValueError, match=words):
            trained(problem, tmp_path, resume=True, **change)
    one = problem.train.annotation("digit").clone()
    one[one >= 0] = one[one >= 0].flip(0)
    other = replace(problem.train, annotations={**problem.train.annotations, "digit": one})
    for changed in (other, replace(problem.train, set_aside=~problem.train.set_aside)):
        with pytest.raises(ValueError, match=r"`annotations` should be as in the run that is resumed"):
            trained(replace(problem, train=changed), tmp_path, resume=True)
    with pytest.raises(ValueError, match=r"`folder` should be given to resume"):
        trained(problem, None, resume=True)


def test_what_was_logged_before_a_run_was_killed_is_kept(problem: Problem[AnnotatedImages], tmp_path: Path) -> None:
    for _ in range(2):
        trained(problem, tmp_path, resume=True, loggers=make_loggers(["csv"], tmp_path / "logs", "joint-0"))
        (tmp_path / "checkpoints" / "last.ckpt").unlink()
    found = sorted(path.parent.name for path in tmp_path.glob("logs/*/metrics.csv"))
    assert found == ["joint-0", "joint-0-2"]


def test_whatever_decides_the_loss_is_in_its_digest(problem: Problem[AnnotatedImages]) -> None:
    tasks, (relation,) = problem.tasks, problem.relations
    other = digits(50, 200, table="permuted").relations[0]
    made = [
        Objective(tasks),
        Objective(tasks, scale="mean"),
        Objective(tasks, adjustments={"digit": 1.0}),
        *(Objective(tasks, [Coupling(one)]) for one in (relation, other)),
        *(Objective(tasks, [Coupling(relation, **{name: 0.5})]) for name in ("matching", "coannotation")),
        *(Objective(tasks, [Kollias2024(relation, reverse=reverse)]) for reverse in (False, True)),
    ]
    assert len({digest(objective) for objective in made}) == len(made)
    assert digest(Objective(tasks, [Coupling(relation)]).eval()) == digest(made[3])
    learnt = [Relation(relation.source, relation.target, one.table) for one in (relation, other)]
    for one in learnt:
        one.is_learnt = True  # a run that is resumed learns it again, on a GPU not to the bit
    assert len({digest(Objective(tasks, [Coupling(one)])) for one in learnt}) == 1


def test_a_checkpoint_is_replaced_when_the_next_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.ckpt"
    AtomicCheckpoints().save_checkpoint({"step": 1}, path)

    def fails(_: object, file: str | Path, *__: object) -> None:
        Path(file).write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(L.pytorch.plugins.io.TorchCheckpointIO, "save_checkpoint", lambda _, *given: fails(*given))
    with pytest.raises(OSError, match="no space"):
        AtomicCheckpoints().save_checkpoint({"step": 2}, path)
    assert torch.load(path, weights_only=True) == {"step": 1}
