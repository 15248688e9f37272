"""Shapes are enforced while the tests run: every function of conjoin is checked by beartype."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest
from hypothesis import settings
from jaxtyping import config, install_import_hook

install_import_hook("conjoin", "beartype.beartype")
settings.register_profile("same-every-time", deadline=None, derandomize=True)
settings.load_profile("same-every-time")


@pytest.fixture
def _as_a_user_runs_it() -> Iterator[None]:
    """Without enforced shapes, so that it is conjoin that complains."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


@pytest.fixture
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, subprocess.CompletedProcess[str]]":
    """`conjoin demo --quick` as its user runs it: its folder, and what it said; tests of it are of one group."""
    folder = tmp_path_factory.mktemp("demo")
    environment = os.environ | {"COLUMNS": "80", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "conjoin", "demo", "--quick"]
    return folder, subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
