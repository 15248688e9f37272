"""The study of docs/study.md is a study."""

import re
from pathlib import Path

import pytest
import yaml

from conjoin.evaluation import known_arms
from conjoin.study import Official, Recipe, Regime, Shift, Study

ROOT = Path(__file__).parents[1]


def test_the_study_in_the_document_is_valid(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n(.*?)```", (ROOT / "docs" / "study.md").read_text(), re.DOTALL)
    assert block
    (tmp_path / "study.yaml").write_text(block[1])
    assert Study.from_yaml(tmp_path / "study.yaml").on_error == "fail"


def blocks() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "study.md").read_text(), re.DOTALL)


def test_the_source_in_the_document_is_valid() -> None:
    (source,) = yaml.safe_load(blocks()[1])["data"]
    assert Official.model_validate(source).optional


def test_the_options_in_the_document_are_valid() -> None:
    options = yaml.safe_load(blocks()[2])
    known_arms(options.pop("arms"))
    assert options.pop("seeds") == list(Study.model_fields["seeds"].default)
    assert options.pop("margin") == Study.model_fields["margin"].default
    assert Recipe.model_validate(options).tasks["article"].logit_adjustment == 1


def test_the_study_in_the_readme_is_valid(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block
    (tmp_path / "study.yaml").write_text(block[1])
    assert len(Study.from_yaml(tmp_path / "study.yaml").data) == 2


@pytest.mark.parametrize("key", ["regime", "shift"])
def test_settings_in_the_text_are_valid(key: str) -> None:
    text = " ".join((ROOT / "docs" / "study.md").read_text().split())
    found = re.search(r"`(?:regime: )?(\{article: 1000.*?\})`" if key == "regime" else r"`(\{blur.*?\})`", text)
    assert found
    settings = yaml.safe_load(found[1])
    assert Regime.model_validate(settings) if key == "regime" else Shift.model_validate(settings)
