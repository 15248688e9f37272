"""Settings and peers of the quality grid, and what it says of them."""

import numpy as np
import polars as pl
import pytest
import torch
from quality_peers import UncertaintyWeighted, _labelled, run_upgrad
from quality_report import judge_grid
from quality_settings import TABLES, Setting, problem

from conjoin.data import is_known
from conjoin.study import Recipe
from conjoin.tasks import MultiClass, MultiLabel


def counts(setting: Setting, seed: int = 0) -> tuple[int, int, int]:
    """Images annotated for the class, for the labels, for both."""
    train = problem(setting, "true", seed).train
    known = [is_known(train.annotation(name)) for name in ("digit", "strokes")]
    return int(known[0].sum()), int(known[1].sum()), int((known[0] & known[1]).sum())


@pytest.mark.parametrize(("first", "second"), [(50, 1000), (1000, 50), (100, 100)])
def test_annotations_of_a_setting(first: int, second: int) -> None:
    assert counts(Setting("digits", first, second)) == (first, second, 0)
    assert counts(Setting("digits", first, second, overlap=0.1)) == (first, second, round(0.1 * min(first, second)))


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


def test_uncertainty_weighting_by_hand() -> None:
    tasks = [MultiClass("a", ["x", "y"]), MultiLabel("b", ["p", "q"])]
    objective = UncertaintyWeighted(tasks)
    with torch.no_grad():
        objective.log_variance.copy_(torch.tensor([0.5, -1.0]))
    logits = {"a": torch.zeros(3, 2), "b": torch.zeros(3, 2)}
    annotations = {"a": torch.tensor([0, -1, -1]), "b": torch.tensor([[-1, -1], [1, 0], [0, 0]])}
    expected = (np.exp(-0.5) + np.exp(1.0)) * np.log(2) + (0.5 - 1.0) / 2  # every prediction costs log 2
    assert objective(logits, annotations).item() == pytest.approx(expected, rel=1e-6)


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
    assert "recovered gap on digit 1.02 (at least 0.7)" in capsys.readouterr().out
    assert judge_grid(grid(0.15)) == 1
    out = capsys.readouterr().out
    assert "MISSED negative transfer: digits-50+1000, coupled, true, digit: -0.048" in out
    assert "MISSED digits-50+1000: recovered gap on digit -0.48 (at least 0.7)" in out
