"""The studies of `studies/`, from check to report, on archives in miniature and with small networks."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from conjoin.cli import app
from conjoin.miniatures import write_miniature
from conjoin.study import Study

STUDIES = Path(__file__).parents[2] / "studies"
IMAGES = 120
ARCHIVES = {
    "affect": ("AFFECT", ["raf_db", "affectnet", "aff_wild2", "disfa", "emotionet", "bp4d", "bp4d_plus", "gft"]),
    "faces": ("FACES", ["celeba"]),
    "species": ("SPECIES", ["cub"]),
    "shopping": ("SHOPPING", ["fashion_products"]),
    "shoes": ("SHOPPING", ["ut_zappos"]),
}
"""Of each study, the variable of its folder and what it reads."""


def small(study: dict[str, Any]) -> dict[str, Any]:
    """The same study for a handful of images: two arms, a small network, few steps."""
    for task in study["tasks"].values():
        if "at_least" in task:
            task["at_least"] = 2
    for source in study["data"]:
        if "min_images" in source.get("options", {}):
            source["options"]["min_images"] = 2
    for name in study.get("regime", {}):
        if name not in {"overlap", "seed"}:
            study["regime"][name] = IMAGES // 4
    study["backbone"] = {"image_size": [24, 24]}
    study["training"] = {"steps": 4, "batch_size": 16, "validate_every": 2}
    return study | {"arms": ["single", "coupled"], "seeds": [0, 1]}


@pytest.mark.usefixtures("_own_cache")
@pytest.mark.parametrize("name", ARCHIVES)
def test_a_study_runs_from_check_to_report(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variable, archives = ARCHIVES[name]
    monkeypatch.setenv(variable, str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    study = yaml.safe_load((STUDIES / f"{name}.yaml").read_text("utf-8"))
    places = {source["archive"]: source["path"] for source in study["data"]}
    assert set(places) == set(archives)
    for archive, place in places.items():
        write_miniature(archive, place.replace(f"${{{variable}}}", str(tmp_path / "data")), images=IMAGES)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(small(study), sort_keys=False), "utf-8")
    checked = CliRunner().invoke(app, ["check", "study.yaml"])
    assert checked.exit_code == 0, checked.output
    done = CliRunner().invoke(app, ["compare", "study.yaml", "--processes", "1"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "runs" / name / "compare" / "report.html").stat().st_size > 100_000


@pytest.mark.parametrize("path", sorted(STUDIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_study_is_named_after_its_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AFFECT", "FACES", "SPECIES", "SHOPPING"):
        monkeypatch.setenv(variable, "/data")
    study = Study.from_yaml(path)
    assert study.name == path.stem
    assert {"single", "joint", "coupled"} <= set(study.arms)


@pytest.mark.usefixtures("_own_cache")
def test_check_of_an_empty_root_says_where_everything_is_to_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFFECT", str(tmp_path))
    checked = CliRunner().invoke(app, ["check", str(STUDIES / "affect.yaml")])
    assert checked.exit_code == 1
    text = " ".join(checked.output.split())
    assert "`root` of RAF-DB (basic) should be a folder with" in text
    assert "`root` of DISFA should be a folder with" in text
    assert "on request by e-mail to its authors" in text
