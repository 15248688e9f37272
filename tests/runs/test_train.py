"""`conjoin train` on a study of small files, as its users run it; what `conjoin compare` refuses alike."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import timm
import torch
import yaml
from filelock import FileLock
from sklearn.metrics import f1_score

import conjoin as cj
from conjoin.evaluation import predict, scores
from conjoin.network import Network
from conjoin.sources import prepare, problem_of
from conjoin.study import Study

from .till import COLOURS, COMPARED, run, write_study


def test_a_study_becomes_a_model(study: Path, tmp_path: Path) -> None:
    done = run("train", study)
    assert done.exit_code == 0, done.output
    assert "coupled, seed 0: 30 steps of 24 images. After" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    folder = tmp_path / "runs" / "shop" / "train"
    names = {"checkpoints", "logs", "metrics.csv", "model", "origin.json", "study.yaml", "validation.csv"}
    assert {path.name for path in folder.iterdir()} == names | {".lock", "article-marks-corrected.csv"}
    corrected = pl.read_csv(folder / "article-marks-corrected.csv")
    assert corrected["article"].to_list() == list(COLOURS)
    moved = corrected.select("light", "framed").to_numpy() - [0.5, 0.4]
    assert 0.001 < np.abs(moved).mean() < 0.2
    assert pl.read_csv(folder / "validation.csv")["step"].unique().sort().to_list() == [10, 20, 30]
    assert Study.from_yaml(folder / "study.yaml") == Study.from_yaml(study)

    model = cj.load(folder / "model")
    files = [tmp_path / "images" / f"{number}.png" for number in range(128, 160)]
    said = model.annotate([*files[:-1], files[-1].read_bytes()])
    articles = [list(COLOURS)[number % 3] for number in range(128, 160)]
    right = np.mean([one["article"] == article for one, article in zip(said, articles, strict=True)])
    metrics = {row["task"]: row for row in pl.read_csv(folder / "metrics.csv").to_dicts()}
    assert metrics["article"]["value"] == pytest.approx(right)
    assert right > 0.9
    assert (metrics["article"]["metric"], metrics["marks"]["metric"]) == ("accuracy", "macro-F1")
    f1 = [
        f1_score([number % period < 2 for number in range(128, 160)], [label in one["marks"] for one in said])
        for label, period in (("light", 4), ("framed", 5))
    ]
    assert metrics["marks"]["value"] == pytest.approx(np.mean(f1))

    read = Study.from_yaml(study)
    problem = problem_of(prepare(read, seed=0), read)
    assert isinstance(model.network, Network)
    limits = {name: torch.tensor(values) for name, values in model.thresholds.items()}
    assert set(limits) == {"marks"}
    again = scores(
        model.tasks, predict(model.network, problem.test), problem.test, problem, read.recipe, thresholds=limits
    )
    assert [one.value for one in again] == pytest.approx([metrics[one.task]["value"] for one in again])
    probabilities = model.predict(files)
    torch.testing.assert_close(probabilities["article"].sum(1), torch.ones(32))
    assert model.predict([])["marks"].shape == (0, 2)
    with pytest.raises(ValueError, match=r"`images` should be a list of images. Found one image"):
        model.predict(str(files[0]))

    relation = {"source": "article", "target": "marks", "file": str(folder / "article-marks-corrected.csv")}
    write_study(tmp_path, relations=[relation])
    assert run("check", study).exit_code == 0


def test_a_label_may_have_the_name_of_the_source_task(study: Path, tmp_path: Path) -> None:
    written = yaml.safe_load(study.read_text("utf-8"))
    written["tasks"]["marks"]["labels"] = ["article", "framed"]
    written["data"][0]["annotations"]["marks"]["columns"] = {"article": "light", "framed": "framed"}
    study.write_text(yaml.safe_dump(written), "utf-8")
    done = run("train", study)
    assert done.exit_code == 0, done.output
    lines = (tmp_path / "runs" / "shop" / "train" / "article-marks-corrected.csv").read_text("utf-8").splitlines()
    assert lines[0] == "article,article,framed"
    assert [line.split(",")[0] for line in lines[1:]] == list(COLOURS)


def test_that_nothing_is_coupled_is_said(study: Path, tmp_path: Path) -> None:
    write_study(tmp_path, relations=[], training={"steps": 1, "batch_size": 24})
    said = "Without `relations` there is nothing to couple:"
    assert f"{said} this is arm joint." in run("train", study).stdout
    joint = run("train", study, "--arm", "joint", "--overwrite")
    assert joint.exit_code == 0
    assert said not in joint.stdout
    assert f"{said} arm coupled is arm joint." in " ".join(run("check", study).stdout.split())


def test_pixels_are_read_as_the_weights_were_trained_with(study: Path, tmp_path: Path) -> None:
    """And by the model that is delivered, too."""
    torch.save(timm.create_model("test_resnet.r160_in1k").state_dict(), tmp_path / "own.pth")
    backbone = {"name": "test_resnet.r160_in1k", "image_size": [32, 32]}
    for more, mean in (({"weights": "own.pth"}, 0.5), ({}, 0.485)):
        write_study(tmp_path, backbone=backbone | more, training={"steps": 1, "batch_size": 24})
        assert run("train", study, "--overwrite").exit_code == 0
        assert cj.load(tmp_path / "runs" / "shop" / "train" / "model").preprocessing.mean[0] == mean


def test_a_guarded_model_is_resumed_and_used(study: Path, tmp_path: Path) -> None:
    done = run("train", study, "--guard")
    assert done.exit_code == 0, done.output
    folder = tmp_path / "runs" / "shop" / "train"
    rows = pl.read_csv(folder / "metrics.csv")
    assert rows["arm"].unique(maintain_order=True).to_list() == ["coupled", "single", "guarded"]
    assert pl.read_csv(folder / "validation.csv")["arm"].unique(maintain_order=True).to_list() == ["coupled", "single"]
    said = cj.load(folder / "model").annotate([tmp_path / "images" / f"{number}.png" for number in range(128, 160)])
    right = np.mean([one["article"] == list(COLOURS)[n % 3] for n, one in enumerate(said, 128)])
    chosen = rows.filter((pl.col("arm") == "guarded") & (pl.col("task") == "article"))["value"].item()
    assert right == pytest.approx(chosen)
    before = (folder / "model" / "weights.safetensors").read_bytes()
    assert run("train", study, "--guard", "--resume").exit_code == 0
    assert (folder / "model" / "weights.safetensors").read_bytes() == before
    other = run("train", study, "--resume")
    assert other.exit_code == 1
    assert "`guard` should be as in runs/shop/train/origin.json" in other.stderr


def test_results_are_neither_lost_nor_mixed(study: Path, tmp_path: Path) -> None:
    assert run("train", study, "--folder", "out").exit_code == 0
    before = (tmp_path / "out" / "model" / "weights.safetensors").read_bytes()
    again = run("train", study, "--folder", "out")
    assert again.exit_code == 1
    assert (
        "Error: `out` exists. Go on with it by --resume, replace it by --overwrite, or choose another" in again.stderr
    )
    assert run("train", study, "--folder", "out", "--resume").exit_code == 0  # nothing is left to do
    assert (tmp_path / "out" / "model" / "weights.safetensors").read_bytes() == before
    write_study(tmp_path, training={"steps": 31, "batch_size": 24, "validate_every": 10})
    other = run("train", study, "--folder", "out", "--resume")
    assert other.exit_code == 1
    assert re.search(r"`training.steps` should be as in out/study.yaml, .* gone on with: 30\. Found 31\.", other.stderr)
    assert run("train", study, "--folder", "out", "--overwrite").exit_code == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    foreign = run("train", study, "--folder", "mine", "--overwrite")
    assert foreign.exit_code == 1
    assert "`mine` holds no earlier result and is left alone" in foreign.stderr
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "all of it"


def test_bad_rows_stop_a_run_before_it_starts_or_are_skipped_and_said(study: Path, tmp_path: Path) -> None:
    (tmp_path / "images" / "3.png").write_bytes(b"nothing")
    for verb in ("train", "compare"):
        done = run(verb, study)
        assert done.exit_code == 1
        assert "image that cannot be read: 1 row" in done.stderr
        assert re.search(r"shop\.csv, row 4 \(till\): .* 7 bytes that begin with b'nothing'", done.stderr)
        assert not (tmp_path / "runs").exists()
    write_study(tmp_path, on_error="skip")
    done = run("train", study)
    assert done.exit_code == 0, done.output
    assert "1 fault in rows that cannot be used and are skipped:" in done.stdout
    assert "shop.csv, row 4" in done.stdout.replace("\n", "")


def test_a_run_is_gone_on_with_as_itself_only(study: Path, tmp_path: Path) -> None:
    assert run("train", study, "--folder", "out", "--arm", "joint").exit_code == 0
    other = run("train", study, "--folder", "out", "--arm", "full", "--resume")
    assert other.exit_code == 1
    assert re.search(r"`arm` should be as in out/origin\.json, .*: 'joint'\. Found 'full'", other.stderr)
    both = run("train", study, "--folder", "out", "--arm", "joint", "--resume", "--overwrite")
    assert both.exit_code == 1
    assert "`resume` goes on with what is there and `overwrite` deletes it. Give one of them." in both.stderr
    text = (tmp_path / "shop.csv").read_text()
    (tmp_path / "shop.csv").write_text(text.replace("shirt", "shoe", 1))
    changed = run("train", study, "--folder", "out", "--arm", "joint", "--resume")
    assert changed.exit_code == 1
    assert re.search(r"`data` should be as in out/origin\.json", changed.stderr)


def test_overwriting_deletes_results_only(study: Path, tmp_path: Path) -> None:
    assert run("train", study, "--folder", "out").exit_code == 0
    for mine in ("thesis.txt", "notes.csv", "figure.png"):
        (tmp_path / "out" / mine).write_text("all of it")
    (tmp_path / "out" / "images").mkdir()
    assert list((tmp_path / "out").glob("*-corrected.csv"))
    assert run("train", study, "--folder", "out", "--overwrite", "--arm", "joint").exit_code == 0
    for mine in ("thesis.txt", "notes.csv", "figure.png"):
        assert (tmp_path / "out" / mine).read_text() == "all of it"
    assert (tmp_path / "out" / "images").is_dir()
    assert not list((tmp_path / "out").glob("*-corrected.csv"))
    before = {path for path in tmp_path.rglob("*") if "cache" not in path.parts}
    own = run("train", study, "--folder", ".", "--overwrite")  # has a study.yaml: the user's
    assert own.exit_code == 1
    assert "`.` holds no earlier result and is left alone" in own.stderr
    assert {path for path in tmp_path.rglob("*") if "cache" not in path.parts} == before


def test_one_process_writes_to_a_folder(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / ".lock"):
        done = run("train", study, "--folder", "out")
    assert done.exit_code == 1
    assert "`out` is being written to by another process" in done.stderr
    monkeypatch.setenv("WORLD_SIZE", "2")
    for verb in ("train", "compare"):
        done = run(verb, study)
        assert done.exit_code == 1
        assert f"`conjoin {verb}` should run in one process. Found 2 of torchrun" in done.stderr


IMPOSSIBLE: dict[str, tuple[dict[str, Any], str]] = {
    "backbone": (
        {"backbone": {"name": "resnet81"}},
        r"`backbone` should be 'small', 'small-64' for that width, or a timm model name\. Found 'resn",
    ),
    "weights": ({"backbone": {"weights": "none.pth"}}, r"`weights` should be a local checkpoint file"),
    "size": (
        {"backbone": {"name": "vit_tiny_patch16_224", "image_size": [32, 32]}},
        r"`backbone\.image_size` should be one that 'vit_tiny_patch16_224' can read\. Found \[32, 32\]",
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_cannot_be_trained_leaves_no_folder(case: str, study: Path, tmp_path: Path) -> None:
    changes, message = IMPOSSIBLE[case]
    write_study(tmp_path, **changes)
    for verb in ("train", "compare"):
        done = run(verb, study)
        assert done.exit_code == 1
        assert re.search(message, done.stderr)
        assert not (tmp_path / "runs").exists()
    check = run("check", study)
    assert check.exit_code == 1
    assert re.search("no-go: " + message, " ".join(check.stdout.split()))


@pytest.mark.parametrize(("split", "rows"), [("train", range(96)), ("test", range(128, 160))])
def test_a_task_that_nothing_tells_is_refused(split: str, rows: range, study: Path, tmp_path: Path) -> None:
    table = pl.read_csv(tmp_path / "shop.csv").with_row_index()
    gone = pl.col("index").is_in(list(rows))
    table = table.with_columns(article=pl.when(~gone).then("article")).drop("index")
    table.write_csv(tmp_path / "shop.csv")
    write_study(tmp_path, regime=None)
    for verb in ("train", "compare"):
        done = run(verb, study)
        assert done.exit_code == 1
        assert f"Task 'article' should be annotated on images of split '{split}'. Found none." in done.stderr
        assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--arm", "copled"], "`arms` should be among single, joint, .* Found 'copled'. Did you mean 'coupled'"),
        (["--arm", "single"], "`arm` should train one network. Found 'single', which trains one for each task"),
    ],
)
def test_arms_that_cannot_be_trained(arguments: list[str], message: str, study: Path, tmp_path: Path) -> None:
    done = run("train", study, *arguments)
    assert done.exit_code == 1
    assert re.search(message, done.stderr)
    assert not (tmp_path / "runs").exists()


def test_tables_that_are_learned(study: Path, tmp_path: Path) -> None:
    write_study(tmp_path, relations=[{"source": "article", "target": "marks", "learned": True}])
    assert run("check", study, "--json").exit_code == 0
    done = run("train", study)
    assert done.exit_code == 0, done.output
    assert "First, a network without coupling, to learn article->marks." in done.stdout
    table = pl.read_csv(tmp_path / "runs" / "shop" / "train" / "article-marks.csv")
    assert table.columns == ["article", "light", "framed"]
    assert table["article"].to_list() == list(COLOURS)
    assert table.select("light", "framed").to_numpy().std() > 0.001
    done = run("compare", study, "--processes", "1")
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / COMPARED / "runs" / "coupled-0" / "run.json").read_text())
    np.testing.assert_allclose(told["tables"]["article->marks"], table.select("light", "framed").to_numpy(), atol=1e-6)
    assert "learnt, mean over 2 runs of coupled" in (tmp_path / COMPARED / "report.html").read_text("utf-8")


@pytest.mark.parametrize("verb", ["train", "compare"])
@pytest.mark.parametrize(
    ("logger", "message"),
    [
        ("tensorbord", "A logger should be one that Lightning has. Found 'tensorbord'. Did you mean 'tensorboard'?"),
        ("comet", "Logger 'comet' should have its package installed. Found none: pip install comet_ml"),
    ],
)
def test_loggers_that_are_not_there(verb: str, logger: str, message: str, study: Path, tmp_path: Path) -> None:
    done = run(verb, study, "--logger", logger)
    assert done.exit_code == 1
    assert message in done.stderr
    assert not (tmp_path / "runs").exists()


def test_no_model_here(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"`folder` should hold a model: model.json and weights.safetensors\. F"
    ):
        cj.load(tmp_path)
