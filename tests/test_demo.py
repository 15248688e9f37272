"""The demonstration as its user runs it."""

import csv
import io
import json
import subprocess
from pathlib import Path

import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from conjoin import __version__
from conjoin.cli import app
from conjoin.demo import DemoStudy
from conjoin.demo import demo as run_demo
from conjoin.evaluation import Run, Score, judge
from conjoin.report import print_results
from conjoin.study import TrainingSettings


@pytest.mark.xdist_group("browser")  # one run for these and for the report
def test_it_runs_and_says_what_it_found(demo: "tuple[Path, subprocess.CompletedProcess[str]]") -> None:
    _, done = demo
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for words in ("digit", "strokes/segments", "strokes/measured", "coupled:", "kollias2024:", "joint:"):
        assert words in done.stdout
    assert done.stdout.splitlines()[-1] == "To read: runs/demo/report.html"
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.xdist_group("browser")
def test_it_writes_everything(demo: "tuple[Path, subprocess.CompletedProcess[str]]") -> None:
    folder = demo[0] / "runs" / "demo"
    pictures = {f"{name}.{kind}" for name in ("differences", "evidence", "readings") for kind in ("png", "svg")}
    assert {p.name for p in folder.iterdir()} == {"study.yaml", "metrics.csv", "metrics.json", "report.html"} | pictures
    assert [p.name for p in (demo[0] / "runs").iterdir()] == ["demo"]

    scores = list(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))
    assert len(scores) == 4 * 2 * 3  # arms, seeds, tasks
    summary = json.loads((folder / "metrics.json").read_text())
    for result in summary["results"]:
        values = [float(s["value"]) for s in scores if (s["arm"], s["task"]) == (result["arm"], result["task"])]
        assert sum(values) / len(values) == pytest.approx(result["mean"])
    assert set(summary["verdicts"]) == {"joint", "kollias2024", "coupled"}

    study = DemoStudy.model_validate(yaml.safe_load((folder / "study.yaml").read_text()))
    assert (study.seeds, study.training.steps) == ((0, 1), 100)


def test_an_earlier_result_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept = tmp_path / "runs" / "demo" / "kept"
    kept.mkdir(parents=True)
    done = CliRunner().invoke(app, ["demo", "--quick"])
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: `runs/demo` exists.")
    assert "--overwrite" in done.stderr
    assert kept.exists()


@pytest.mark.parametrize(
    "there", [["thesis.tex"], ["study.yaml", "metrics.json", "runs"], ["study.yaml", "notes.csv"], []]
)
def test_a_folder_of_something_else_is_never_replaced(there: list[str], tmp_path: Path) -> None:
    """A comparison of other data has files of the same names."""
    (tmp_path / "mine").mkdir()
    for name in there:
        (tmp_path / "mine" / name).touch()
    done = CliRunner().invoke(app, ["demo", "--quick", "--overwrite", "--folder", str(tmp_path / "mine")])
    assert done.exit_code == 1
    found = ", ".join(sorted(there)) or "nothing"
    assert f"should hold an earlier demo and nothing else. Found {found}." in done.stderr
    assert {path.name for path in (tmp_path / "mine").iterdir()} == set(there)


def test_arms_without_coupling(tmp_path: Path) -> None:
    """There is no evidence to draw."""
    study = DemoStudy(arms=("single", "joint"), seeds=(0, 1), training=TrainingSettings(steps=2))
    run_demo(study, tmp_path / "out", Console(quiet=True))
    assert (tmp_path / "out" / "report.html").exists()
    assert not list((tmp_path / "out").glob("evidence.*"))


def test_help_needs_no_torch() -> None:
    done = CliRunner().invoke(app, ["--help"])
    assert done.exit_code == 0
    assert "demo" in done.stdout


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"{__version__}\n"


@pytest.mark.parametrize("task", ["digit", "a long name of a task/and of its group"])
def test_results_fit_a_narrow_terminal_without_colour(task: str) -> None:
    runs = [
        Run(arm, seed, [Score(task, "macro-F1", value + seed / 1000)], 1.0)
        for arm, value in {"single": 0.5, "coupled": 0.6, "kollias2024": 0.4}.items()
        for seed in range(3)
    ]
    file = io.StringIO()
    console = Console(width=80, file=file)
    print_results(judge(runs), console, margin=0.01)
    text = file.getvalue()
    assert "\x1b" not in text
    assert "+0.100 [+0.100, +0.100]" in text
    assert "-0.100 [-0.100, -0.100]   negative transfer" in text
    assert max(map(len, text.splitlines())) <= 80
