"""Coupling without one of its parts."""

import json
import math
from pathlib import Path

import pytest
import torch
from quality import Job, parts_grid, run
from quality_parts import PARTS
from quality_report import _cell, judge_grid
from quality_settings import Setting, problem
from torch import Tensor

from conjoin.coupling import AnnotatedMeans, Coupling, Term, View
from conjoin.objective import Objective

from .cases import LABELS, SHAPE, annotations, logits, relation, trusted
from .test_quality import counts, grid

EVERY = {"match/shape/labels", "match/labels/shape", "coannotate/labels/shape", "coannotate/shape"}


def losses(coupling: Coupling) -> dict[str, Tensor]:
    """Its terms, of a batch with images that are annotated for neither, where labels tell half of the class."""
    objective = Objective([SHAPE, LABELS], [coupling])
    objective(logits(LABELS), annotations(LABELS))
    for _, evidence in trusted(coupling, 0.6).judged():
        evidence.source_sums[1] = 0.5
    objective.eval()(logits(LABELS), annotations(LABELS))
    return {name: value for name, value in objective.terms.items() if name in EVERY}


@pytest.mark.parametrize(
    ("part", "missing"),
    [
        ("without matching", {"match/shape/labels", "match/labels/shape"}),
        ("without soft classes", {"coannotate/shape"}),
        ("without soft labels", {"coannotate/labels/shape"}),
    ],
)
def test_what_is_left_out_does_not_act(part: str, missing: set[str]) -> None:
    whole, left = (losses(make(relation(LABELS))) for make in (Coupling, PARTS[part]))
    assert set(whole) == EVERY
    assert all(float(value) > 0 for value in whole.values())
    assert set(left) == EVERY - missing
    assert all(torch.equal(whole[name], left[name]) for name in left)


@pytest.mark.parametrize(
    ("part", "moved"),
    [
        ("without correction", {"match/labels/shape", "coannotate/labels/shape"}),
        ("with Bayes' rule", {"coannotate/shape"}),
        ("with rows as labels", {"coannotate/labels/shape"}),
    ],
)
def test_what_is_in_another_place_changes_its_terms_only(part: str, moved: set[str]) -> None:
    whole, other = (losses(make(relation(LABELS))) for make in (Coupling, PARTS[part]))
    assert {name for name in EVERY if not torch.equal(whole[name], other[name])} == moved


def test_without_evidence_a_table_is_believed() -> None:
    coupling = PARTS["without evidence"](relation(LABELS))
    objective = Objective([SHAPE, LABELS], [coupling])
    for _ in range(2):
        assert objective.evidence()["shape->labels"].tolist() == [1.0] * 4
        assert float(coupling.judged()[0][1].certainty()) == 1.0
        objective(logits(LABELS), annotations(LABELS))


def test_without_correction_rows_are_as_stated() -> None:
    whole, stated = Coupling(relation(LABELS)), PARTS["without correction"](relation(LABELS))
    for coupling in (whole, stated):
        losses(coupling)
    assert not torch.allclose(whole.taught()[0][1], relation(LABELS).log_table, atol=1e-3)
    assert torch.equal(stated.taught()[0][1], relation(LABELS).log_table)


def test_bayes_rule_tempered_by_evidence() -> None:
    coupling, given = PARTS["with Bayes' rule"](relation(LABELS)), relation(LABELS)
    (annotated,) = coupling.annotated
    assert isinstance(annotated, AnnotatedMeans)
    evidence = torch.tensor([0.2, 0.4, 0.6, 0.8])
    told = annotated.told(given, torch.full((4, 2), 0.5), evidence, torch.tensor(0.1))
    torch.testing.assert_close(told, evidence[:, None] * given.log_table)


def test_the_row_of_the_class_is_the_soft_label() -> None:
    coupling = trusted(PARTS["with rows as labels"](relation(LABELS)), 0.6)
    present, absent = math.log(0.75), math.log(0.25)
    log_p = torch.tensor([absent, present]).expand(1, 4, 2)
    base = torch.full((4, 2), math.log(0.5))
    even = torch.full((1, 1, 3), -math.log(3))
    shape = View(even, torch.eye(3)[None, 1:2], torch.tensor([[True]]), even[0])
    labels = View(log_p, torch.zeros(1, 4, 2), torch.zeros(1, 4, dtype=torch.bool), base)
    row = relation(LABELS).table[1]
    by_hand = -0.5 * 0.6 * (row * present + (1 - row) * absent)
    found = coupling.losses({"shape": shape, "labels": labels})[Term("coannotate", "labels", "shape")]
    torch.testing.assert_close(found, by_hand[None])


def test_images_annotated_for_neither() -> None:
    setting = Setting("digits", 50, 100, neither=300)
    assert str(setting) == "digits-50+100-neither300"
    assert counts(setting) == (50, 100, 0)
    train = problem(setting, "true", 0).train
    assert len(train) == 450
    assert {number: len(rows) for number, rows in train.sources().items()} == {0: 50, 1: 100, 2: 300}
    assert int(train.set_aside[150:].sum()) == 0
    plain = problem(Setting("digits", 50, 100), "true", 0).train
    assert torch.equal(train.images[:150], plain.images)


def test_the_grid_of_parts() -> None:
    jobs = parts_grid("digits", range(2))
    assert len({job.file for job in jobs}) == len(jobs)
    named = {(str(job.setting), job.name) for job in jobs}
    assert {arm for setting, arm in named if setting == "digits-50+1000"} == {
        *("single", "joint", "full", "coupled, true", "coupled, half-wrong"),
        *(f"{part}, {table}" for part in PARTS if part != "without matching" for table in ("true", "half-wrong")),
    }
    assert ("digits-50+100-neither800", "without matching, true") in named
    assert {str(job.setting) for job in parts_grid("my.yaml", range(1), [(30, 400)])} == {"study-my-30+400"}


def test_a_part_is_run(tmp_path: Path) -> None:
    job = Job(Setting("digits", 50, 100), "without evidence", "half-wrong", 0)
    run(job, tmp_path)
    told = json.loads((tmp_path / "digits-50+100" / "without evidence, half-wrong-0.json").read_text("utf-8"))
    assert told["evidence"] == {"digit->strokes": [1.0] * 11}
    assert {one["task"] for one in told["scores"]} == {"digit", "strokes/segments", "strokes/measured"}


def test_a_part_is_told_beside_coupling(capsys: pytest.CaptureFixture[str]) -> None:
    frame = grid(0.0)
    frame = frame.with_columns(arm=frame["arm"].replace("full", "without evidence, true"))
    found = _cell(frame, "digits-50+1000", "digit", "without evidence, true")
    assert found == ".902, +.100 [+.100, +.100]; to coupled -.002 [-.004, -.000]"
    judge_grid(frame)
    assert "mean Delta-m, per cent: coupled, true +12.72, joint +1.25" in capsys.readouterr().out  # no rival
