"""Shapes are enforced while the tests run: every function of conjoin is checked by beartype."""

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
