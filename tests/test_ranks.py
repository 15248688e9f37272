"""Processes that train together are given one batch, and train to the weights of one process."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from conjoin.training import _ranks

PROGRAMS = Path(__file__).parent / "programs"


def run(*arguments: str, ranks: int = 1) -> subprocess.CompletedProcess[str]:
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"] if ranks > 1 else []
    command = [sys.executable, *torchrun, str(PROGRAMS / arguments[0]), *arguments[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def trained(folder: Path, backbone: str, *, ranks: int, kill_at: int = 0) -> list[str]:
    """Digests of what each rank holds at the end."""
    done = run("resumable.py", str(folder), "1", str(kill_at), backbone, ranks=ranks)
    assert (done.returncode == 0) == (kill_at == 0), done.stderr
    return done.stdout.split()


def last(folder: Path) -> dict[str, Any]:
    checkpoint: dict[str, Any] = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    return checkpoint


def test_ranks_read_the_batches_of_one_process() -> None:
    done = run("ranks_read.py", ranks=2)
    assert done.stdout == "as expected\n" * 2, done.stderr


def test_two_ranks_killed_and_resumed_are_never_interrupted(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole", "random", ranks=2)
    assert len(whole) == 2
    assert len(set(whole)) == 1  # running statistics, too
    trained(tmp_path / "killed", "random", ranks=2, kill_at=11)
    assert last(tmp_path / "killed")["global_step"] == 8
    assert trained(tmp_path / "killed", "random", ranks=2) == whole
    files = sorted(path.name.split(".")[0] for path in (tmp_path / "killed").rglob("*") if path.is_file())
    assert files == ["events", "events", "hparams", "last"]  # of one rank: a log of each start


@pytest.mark.xdist_group("ranks")  # one run of one process for both
@pytest.mark.parametrize("ranks", [(2,), (2, 1, 2)])
def test_any_number_of_ranks_trains_to_the_same_weights(
    ranks: tuple[int, ...], one: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    for number, kill_at, saved in zip(ranks[:-1], (11, 18), (8, 16), strict=False):
        trained(tmp_path, "plain", ranks=number, kill_at=kill_at)
        assert last(tmp_path)["global_step"] == saved
    trained(tmp_path, "plain", ranks=ranks[-1])
    found = last(tmp_path)["state_dict"]
    assert found.keys() == one.keys()
    for name, value in one.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    """Weights, base rates and evidence after training in one process."""
    folder = tmp_path_factory.mktemp("one")
    trained(folder, "plain", ranks=1)
    weights: dict[str, torch.Tensor] = last(folder)["state_dict"]
    return weights


def test_ranks_are_those_of_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _ranks.trainer_ranks() == {"devices": 1, "num_nodes": 1, "strategy": "auto"}
    monkeypatch.setattr(_ranks, "ranks", lambda: 2)  # a process group of two
    with pytest.raises(ValueError, match=r"`torchrun` should start the processes .* Found 2 without it\."):
        _ranks.trainer_ranks()
    for name, value in {"TORCHELASTIC_RUN_ID": "1", "WORLD_SIZE": "6", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(_ranks, "ranks", lambda: 6)
    found = _ranks.trainer_ranks()
    assert (found["devices"], found["num_nodes"]) == (2, 3)
