"""Settings and peers of the quality grid, and what it says of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from quality import OTHERS, Job, code, main, run
from quality import grid as cells
from quality_decoding import DECODED, decoded, from_labels
from quality_peers import UncertaintyWeighted, _labelled, run_upgrad
from quality_report import judge_grid, write_grid
from quality_settings import TABLES, Setting, Table, _counted, _whole, problem, recipe, table_error
from quality_study import study_images

from conjoin.data import AnnotatedImages, Problem, is_known
from conjoin.evaluation import run_arm
from conjoin.relations import Relation
from conjoin.study import Recipe, TrainingSettings
from conjoin.tasks import MultiClass, MultiLabel

from .shops import make_study, write_shop


def counts(setting: Setting, seed: int = 0) -> tuple[int, int, int]:
    """Images annotated for the class, for the labels, for both."""
    train = problem(setting, "true", seed).train
    known = [is_known(train.annotation(name)) for name in ("digit", "strokes")]
    return int(known[0].sum()), int(known[1].sum()), int((known[0] & known[1]).sum())


@pytest.mark.parametrize(("first", "second"), [(50, 1000), (1000, 50), (100, 100)])
def test_annotations_of_a_setting(first: int, second: int) -> None:
    assert counts(Setting("digits", first, second)) == (first, second, 0)
    assert counts(Setting("digits", first, second, overlap=0.1)) == (first, second, round(0.1 * min(first, second)))


def test_the_cells_that_decide_are_among_all() -> None:
    decide, everything = (cells("digits", range(2), everything=whole) for whole in (False, True))
    assert set(decide) < set(everything)
    assert len({job.file for job in everything}) == len(everything)
    assert {job.setting.overlap for job in decide} == {0.0}
    plain = Setting("digits", 50, 1000)
    assert {job.table for job in decide if job.setting == plain and job.arm == "coupled"} == set(TABLES)
    assert {job.arm for job in decide if job.setting == plain} == {"single", "joint", "full", "coupled", *OTHERS}
    assert {job.arm for job in decide if job.setting.shift != "none"} == {"single", "joint", "full", "coupled"}
    given = cells("my.yaml", range(1), [(30, 400)])
    assert {str(job.setting) for job in given} == {
        f"study-my-{more}" for more in ("30+400", "30+400-look", "30+200-classes")
    }


def test_networks_that_are_validated_train_longer_at_most() -> None:
    plain, until = (recipe(Setting("faces", 500, 10000, validated=told)).training for told in (False, True))
    assert plain == TrainingSettings(steps=2000)
    assert until == TrainingSettings(steps=8000, validate_every=333, patience=8)
    assert recipe(Setting("digits", 50, 1000)) == Recipe()


def test_images_that_validate_are_not_trained_on() -> None:
    plain, made = (problem(Setting("digits", 50, 1000, validated=told), "true", 0) for told in (False, True))
    assert plain.validation is None
    assert made.validation is not None
    assert torch.equal(plain.train.images, made.train.images)
    known = [is_known(made.validation.annotation(name)) for name in ("digit", "strokes")]
    assert [int(part.sum()) for part in known] == [75, 75]  # of the 150 that are left
    assert not bool((known[0] & known[1]).any())
    trained_on = {image.numpy().tobytes() for image in made.train.images}
    assert sum(image.numpy().tobytes() in trained_on for image in made.validation.images) == 0


def test_everything_holds_what_is_hidden() -> None:
    made = problem(Setting("digits", 50, 200), "true", 1)
    assert made.everything is not None
    for name in ("digit", "strokes"):
        shown, whole = made.train.annotation(name), made.everything.annotation(name)
        assert bool((whole >= 0).all())
        assert torch.equal(shown[shown >= 0], whole[shown >= 0])


def test_a_shifted_source_looks_different() -> None:
    plain, shifted = (problem(Setting("digits", 50, 200, shift=s), "true", 0).train for s in ("none", "look"))
    assert torch.equal(plain.images[:50], shifted.images[:50])
    assert 0.2 <= float(shifted.images[50:].min()) < float(shifted.images[50:].max()) <= 0.8 + 1e-6


def test_shifted_class_frequencies() -> None:
    made = problem(Setting("digits", 50, 500, shift="classes"), "true", 0)
    assert made.everything is not None
    digit = made.everything.annotation("digit")[50:].bincount().double()
    assert 0.1 < float(digit[7:].sum() / digit[:3].sum()) < 0.6
    assert made.train.annotation("digit")[50:].max() == -1


def test_tables() -> None:
    found = {name: problem(Setting("digits", 50, 500), name, 0).relations[0].table.double() for name in TABLES}
    true = found["true"]
    same = {name: int((table - true).abs().lt(1e-6).all(1).sum()) for name, table in found.items()}
    assert (same["true"], same["permuted"], same["half-wrong"]) == (10, 0, 5)
    assert float(found["uninformative"].std(0).max()) < 1e-6
    assert same["counted"] < 10
    assert float((found["counted"] - true).abs()[:, :7].mean()) < 0.01  # 20 images a digit
    assert 0.01 < float((found["noisy"] - true).abs().mean()) < 0.15


def test_digits_with_what_varies_within_one_alone() -> None:
    made = problem(Setting("measured", 50, 200), "true", 0)
    names = ("thick", "slanted", "wide", "closed loop")
    (relation,) = made.relations
    assert made.tasks[1].outputs == relation.target.outputs == names
    plain = problem(Setting("digits", 50, 200), "true", 0)
    for part, whole in ((made.train, plain.train), (made.test, plain.test)):
        torch.testing.assert_close(part.annotation("strokes"), whole.annotation("strokes")[:, 7:])
    assert float(relation.table.std(0).min()) > 0.1  # it says something of the digit,
    assert float(relation.table.sub(0.5).abs().mean()) < 0.4  # but leaves much open; the segments are at .49


def test_what_an_image_shows_beyond_its_class_does_not_mislead() -> None:
    """Bayes' rule takes a thick 1 for a digit that is mostly thick: coupled lost .2 to joint by it."""
    made = problem(Setting("measured", 50, 700), "true", 100)
    joint, coupled = (run_arm(arm, made, Recipe(), 100).scores for arm in ("joint", "coupled"))
    assert [score.task for score in coupled] == [score.task for score in joint] == ["digit", "strokes"]
    assert all(ours.value > theirs.value - 0.05 for ours, theirs in zip(coupled, joint, strict=True))


def test_a_table_is_counted_from_images_that_are_not_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []

    def watched(whole: Problem[AnnotatedImages], unused: np.ndarray, *more: Any) -> Relation:
        assert whole.everything is not None
        seen.append(whole.everything.images[unused])
        return _counted(whole, unused, *more)

    monkeypatch.setattr("quality_settings._counted", watched)
    trained_on = {image.numpy().tobytes() for image in problem(Setting("digits", 50, 1000), "counted", 0).train.images}
    assert len(trained_on) > 1040  # of 1050, some drawn alike
    assert len(seen[0]) == 150
    assert sum(image.numpy().tobytes() in trained_on for image in seen[0]) == 0


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Problem[AnnotatedImages]]:
    """A study of 300 images whose use follows from the kind, as do its labels, unknown on every third image."""
    kind, use = MultiClass("kind", ["a", "b", "c", "d"]), MultiClass("use", ["x", "y", "z", "w"])
    kinds, known = torch.arange(300) % 4, torch.arange(300) % 3 > 0
    labels = torch.where(known[:, None], torch.nn.functional.one_hot(kinds), -1)
    shown = {"kind": kinds, "use": (kinds + 1) % 4, "marks": labels}
    images = AnnotatedImages(torch.rand(300, 3, 8, 8), shown, torch.zeros(300).long(), torch.zeros(300).bool())
    marks, soft = MultiLabel("marks", ["m", "n", "o", "p"]), torch.eye(4) * 0.8 + 0.05
    relations = (Relation(kind, use, soft.roll(1, 1)), Relation(kind, marks, soft))
    made = Problem((kind, use, marks), relations, images, images, everything=images)
    monkeypatch.setattr("quality_settings.study_images", lambda *_: made)
    _whole.cache_clear()
    yield made
    _whole.cache_clear()


@pytest.mark.parametrize("table", TABLES)
def test_a_study_has_every_table_of_classes_and_of_labels(table: Table, shop: Problem[AnnotatedImages]) -> None:
    setting = Setting("studies/shop.yaml", 40, 60)
    assert str(setting) == "study-shop-40+60"
    made = problem(setting, table, 0)
    seen = [int(is_known(made.train.annotation(task.name)).sum()) for task in shop.tasks]
    assert seen == [40, 60, 40]  # of 60 images two thirds have labels
    given = [relation.table for relation in shop.relations]
    moved = [
        float((relation.table - before).abs().mean()) for relation, before in zip(made.relations, given, strict=True)
    ]
    low, high = {"true": (0.0, 1e-6), "counted": (0.05, 0.11), "noisy": (0.01, 0.15)}.get(table, (0.15, 1.0))
    assert all(low <= value <= high for value in moved)
    if table == "counted":  # kinds tell uses and marks, which the given table only half knows
        assert all(table_error(one.name, one.table.tolist(), setting, 0) < 0.03 for one in made.relations)
    assert bool((made.relations[0].table.sum(1) - 1).abs().max() < 1e-6)


def test_a_study_has_classes_shifted(shop: Problem[AnnotatedImages]) -> None:
    made = problem(Setting("shop.yaml", 20, 100, shift="classes"), "true", 0)
    assert made.everything is not None
    seen = made.everything.annotation(shop.tasks[0].name)[20:].bincount()
    assert int(seen[3]) < 0.7 * int(seen[0])
    with pytest.raises(ValueError, match=r"study-shop-20\+400 should have as many images. Found 300 with a class."):
        problem(Setting("shop.yaml", 20, 400), "true", 0)


def test_images_of_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no class is left out, and so are tasks that no relation tells of; a pixel is from 0 to 1."""
    kinds = ["a", "b", "", "a"]
    rows = [
        {"kind": kinds[i % 4], "use": "xy"[i % 4 // 3], "age": "old", "split": "test" if i > 30 else "train"}
        for i in range(40)
    ]
    write_shop(tmp_path, rows)
    tasks = {"kind": {"classes": ["a", "b"]}, "use": {"classes": ["x", "y"]}, "age": {"classes": ["old", "new"]}}
    source = {"path": str(tmp_path / "shop.csv"), "split": {"column": "split"}} | {
        "annotations": {name: name for name in tasks}
    }
    related = [{"source": "kind", "target": "use", "counted": True}]
    small = {"backbone": {"image_size": [6, 8]}, "training": {"steps": 2, "batch_size": 8}}
    study = make_study(tasks, source, name="mini", relations=related, **small)
    (tmp_path / "mini.yaml").write_text(study.to_yaml(), "utf-8")
    mini = str(tmp_path / "mini.yaml")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    found = study_images(mini, 20, 1)
    assert [task.name for task in found.tasks] == ["kind", "use"]
    assert (len(found.train), len(found.test)) == (20, 9)
    assert bool((found.train.annotation("kind") >= 0).all())
    lowest, highest = (float(value) for value in found.train.images.aminmax())
    assert (0.0 <= lowest < 0.1, 0.9 < highest <= 1.0) == (True, True)
    assert len(study_images(mini, 99, 1).train) == 23
    assert not torch.equal(study_images(mini, 20, 2).train.images, found.train.images)
    job = Job(Setting(mini, 10, 10, validated=True), "coupled", "true", 1)
    for precision in (None, "bf16-mixed"):
        run(job, tmp_path, precision)
        told = json.loads((tmp_path / job.file).read_text("utf-8"))
        assert [score["task"] for score in told["scores"]] == ["kind", "use"]
        assert told["precision"] == (precision or "32-true")


def test_uncertainty_weighting_by_hand() -> None:
    tasks = [MultiClass("a", ["x", "y"]), MultiLabel("b", ["p", "q"])]
    objective = UncertaintyWeighted(tasks, {})
    with torch.no_grad():
        objective.log_variance.copy_(torch.tensor([0.5, -1.0]))
    logits = {"a": torch.zeros(3, 2), "b": torch.zeros(3, 2)}
    annotations = {"a": torch.tensor([0, -1, -1]), "b": torch.tensor([[-1, -1], [1, 0], [0, 0]])}
    expected = (np.exp(-0.5) + np.exp(1.0)) * np.log(2) + (0.5 - 1.0) / 2  # every prediction costs log 2
    assert objective(logits, annotations).item() == pytest.approx(expected, rel=1e-6)


def test_predictions_read_by_a_table_by_hand() -> None:
    a, b = MultiClass("a", ["x", "y"]), MultiLabel("b", ["p"])
    relation = Relation(a, b, [[0.8], [0.2]])
    shown = {"a": torch.tensor([0, 1, -1]), "b": torch.tensor([[-1], [-1], [1]])}
    images = AnnotatedImages(torch.zeros(3, 3, 2, 2), shown, torch.zeros(3).long(), torch.zeros(3).bool())
    made = Problem((a, b), (relation,), images, images)
    logits = {"a": torch.tensor([[3.0, 1.0]]).log(), "b": torch.tensor([[9.0]]).log()}  # .75, .25; .9
    told = 0.9 * np.log(0.8) + 0.1 * np.log(0.2) - (0.9 * np.log(0.2) + 0.1 * np.log(0.8))
    found = decoded(made, logits)
    assert float(found["a"].diff()) == pytest.approx(-(np.log(3) + told), rel=1e-5)
    assert float(found["b"]) == pytest.approx(np.log(9) + np.log(0.65 / 0.35), rel=1e-5)  # .75 * .8 + .25 * .2
    alone = from_labels(made, logits)
    assert float(alone["a"].diff()) == pytest.approx(-told, rel=1e-5)
    assert torch.equal(alone["b"], logits["b"])


def test_a_table_may_be_used_when_images_are_read(tmp_path: Path) -> None:
    job = Job(Setting("digits", 50, 100), "decoded single", "half-wrong", 0)
    assert {one.arm for one in cells("digits", range(1), everything=True)} >= set(DECODED)
    assert job.name == "decoded single, half-wrong"
    run(job, tmp_path)
    alone = run_arm("single", problem(job.setting, job.table, 0), recipe(job.setting), 0).scores
    read = json.loads((tmp_path / job.file).read_text("utf-8"))["scores"]
    assert [one["task"] for one in read] == [one.task for one in alone]
    assert read[0]["value"] < alone[0].value - 0.1  # what is wrong is believed


def test_upgrad_is_joint_with_balanced_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str, str]] = []
    monkeypatch.setattr(
        "quality_peers.run_arm", lambda arm, _, recipe, __: called.append((arm, recipe.training.balance))
    )
    run_upgrad(problem(Setting("digits", 50, 200), "true", 0), Recipe(), 0)
    assert called == [("joint", "upgrad")]


def test_only_confident_predictions_become_labels() -> None:
    made = problem(Setting("digits", 50, 200), "true", 0)
    train, digit = made.train, made.tasks[0]
    logits = torch.zeros(len(train), 10)
    logits[60:70, 3] = 9.0
    logits[:5, 4] = 9.0  # annotated: the annotation stays
    found = _labelled(train, digit, logits).annotation("digit")
    assert torch.equal(found[:50], train.annotation("digit")[:50])
    assert (found[50:] >= 0).nonzero().flatten().tolist() == list(range(10, 20))
    assert set(found[60:70].tolist()) == {3}


def grid(harm: float) -> pl.DataFrame:
    rows = []
    for seed in range(5):
        jitter = 0.001 * seed
        for arm, value in (("single", 0.8), ("joint", 0.81), ("full", 0.9), ("coupled, true", 0.9 - harm)):
            line = {"setting": "digits-50+1000", "arm": arm, "seed": seed, "task": "digit", "value": value + jitter}
            rows.append(line | ({"value": value + 2 * jitter} if arm == "coupled, true" else {}))
    return pl.DataFrame(rows)


def test_bounds_tell_harm(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge_grid(grid(0.0)) == 0
    out = capsys.readouterr().out
    assert "recovered gap on digit 1.02 [1.00, 1.04] (at least 0.7)" in out
    assert "coupled, true +12.72, joint +1.25; coupled - joint +11.47 [+11.23, +11.72] on 5 seeds" in out  # by hand
    assert "judged by this setting's tasks alone" not in out
    assert judge_grid(grid(0.15)) == 1
    out = capsys.readouterr().out
    assert "tasks alone: digits-50+1000, coupled, true, digit: -0.048 [-0.050, -0.046]" in out
    assert "coupled, true to joint in 1 cells: {'negative transfer': 1}; with an interval of its own below 0: 1" in out
    assert "harm would be a loss of 0.008 (median)" in out  # the margin less 2.776 standard errors of .0007
    assert "MISSED negative transfer: digits-50+1000, coupled, true, digit: -0.048" in out
    assert "MISSED digits-50+1000: recovered gap on digit -0.48 [-0.50, -0.46] (at least 0.7)" in out


def test_tables_used_when_images_are_read_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    given = grid(0.0)
    read = given.filter(arm="full").with_columns(arm=pl.lit("decoded joint, true"), value=pl.col("value") + 0.05)
    assert judge_grid(pl.concat([given, read])) == 0  # ahead of coupled, and no way to train
    told = "mean Delta-m, per cent: decoded joint, true +18.70, coupled, true +12.72, joint +1.25"
    assert told in capsys.readouterr().out


def test_a_gap_that_cannot_be_told_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    spread = pl.when(pl.col("seed") % 2 == 0).then(0.7).otherwise(1.0)
    assert (
        judge_grid(
            grid(0.0).with_columns(pl.when(pl.col("arm") == "full").then(spread).otherwise("value").alias("value"))
        )
        == 1
    )
    assert "MISSED digits-50+1000: recovered gap on digit nan [nan, nan] (at least 0.7)" in capsys.readouterr().out


def test_a_grid_that_is_not_finished_is_compared_on_the_seeds_there_are(tmp_path: Path) -> None:
    whole = grid(0.0)
    joint_misses_four, one_full = pl.col("arm").ne("joint") | pl.col("seed").lt(4), pl.col("arm").ne("full")
    rows = whole.filter(joint_misses_four, one_full | pl.col("seed").eq(0)).to_dicts()
    found = write_grid(rows, tmp_path, "digits")
    assert found["arm"].unique(maintain_order=True).to_list() == ["single", "joint", "coupled, true"]
    told = (tmp_path / "digits.md").read_text("utf-8")
    assert "| joint (4 seeds) | .811, +.010 [+.010, +.010] |" in told  # .81 + (.000 + .001 + .002 + .003) / 4
    assert "| coupled, true | .904, +.102 [+.100, +.104]; to joint +.091 [+.089, +.094] |" in told
    assert pl.read_csv(tmp_path / "digits.csv").height == 14
    assert judge_grid(found.filter(pl.col("arm").ne("single"))) == 0  # nothing to tell yet
    assert judge_grid(found.filter(pl.col("arm").eq("single"))) == 0
    assert (tmp_path / "digits.png").stat().st_size > 1000
    assert judge_grid(found) == 0


def test_runs_of_other_code_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arm, seed in (("single", 0), ("single", 1), ("joint", 0), ("joint", 1)):
        path = tmp_path / Job(Setting("digits", 50, 1000), arm, "true", seed).file
        path.parent.mkdir(exist_ok=True)
        score = {"task": "digit", "metric": "accuracy", "value": 0.8 + 0.01 * seed}
        told = {"seconds": 1.0, "evidence": {}, "table error": [], "scores": [score]}
        path.write_text(json.dumps(told | ({"code": code()} if arm == "single" else {"code": "of before"})), "utf-8")
    monkeypatch.setattr("sys.argv", ["quality.py", "digits", "--report", "--out", str(tmp_path)])
    assert main() == 0
    assert f"2 of 4 runs in {tmp_path} are of other code than this; what is deleted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ["digit"],
            r"argument data: should be digits, measured, faces, or the file of a study \(.yaml\). Found 'digit'.",
        ),
        (["no/such.yaml"], "Found 'no/such.yaml'."),
        (["digits", "--sizes", "500"], "as 500[+]10000. Found '500'."),
        (["digits", "--sizes", "0+10"], "Found '0[+]10'."),
        (["digits", "--report", "--out", "nowhere"], "--report needs at least one run of this grid in nowhere."),
    ],
)
def test_what_cannot_be_run_is_refused(
    given: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["quality.py", *given])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert re.search(message, capsys.readouterr().err.replace("\n", " "))
