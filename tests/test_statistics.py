"""Statistics against scipy, scikit-learn and values worked out by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from conjoin import MultiClass, MultiLabel
from conjoin.evaluation import (
    MARGIN,
    Details,
    Difference,
    Finding,
    Run,
    Score,
    findings,
    hardened,
    holm,
    judge,
    paired_difference,
    recovered_gap,
    score,
    seeds_needed,
    tune_thresholds,
    verdict,
)
from conjoin.report import write_results
from conjoin.study import Classes


def test_interval_equals_scipy() -> None:
    rng = np.random.default_rng(0)
    arm, single = rng.normal(size=(2, 5))
    found = paired_difference(arm.tolist(), single.tolist())
    expected = stats.ttest_rel(arm, single)
    low, high = expected.confidence_interval(0.95)
    assert found.mean == pytest.approx(np.mean(arm - single))
    assert [found.lower, found.upper] == pytest.approx([low, high])


def test_interval_by_hand() -> None:
    # differences .1, .2, .3: mean .2, standard error .1 / sqrt(3), t(.975, 2) = 4.3027
    found = paired_difference([0.1, 0.2, 0.3], [0.0, 0.0, 0.0])
    assert found.lower == pytest.approx(0.2 - 4.30265273 * 0.1 / 3**0.5)


def test_seeds_that_agree_by_chance() -> None:
    """Of 20 test images: standard error .05 / sqrt(12 * 2), t(.975, 1) = 12.706."""
    tie = paired_difference([0.55, 0.55], [0.5, 0.5], step=1 / 20)
    assert tie.error == pytest.approx(0.05 / 24**0.5)
    assert tie.upper - tie.mean == pytest.approx(12.7062 * 0.05 / 24**0.5, rel=1e-4)
    assert findings([tie]) == ["not enough data"]
    assert findings([paired_difference([0.5, 0.5], [0.5, 0.5], step=1 / 20)]) == ["not enough data"]
    assert findings([paired_difference([0.5] * 3, [0.5] * 3, step=1 / 600)]) == ["harm ruled out"]
    plain, apart = (paired_difference([0.1, 0.2], [0.0, 0.0], step=step) for step in (0.0, 0.01))
    assert apart == plain  # they do not agree


def test_two_seeds_on_few_images_keep_their_error_rates() -> None:
    """No effect, 20 test images; ties had made it 5 %."""
    rng = np.random.default_rng(0)
    scores = rng.binomial(20, 0.7, (4000, 2, 2)) / 20
    found = [findings([paired_difference(one, other, step=1 / 20)])[0] for one, other in scores]
    assert found.count("helps") <= stats.binom.ppf(0.9999, 4000, 0.025)


def test_a_gap_of_scores_that_agree_by_chance_is_not_certain() -> None:
    """Differences .02 and .04 on all seeds, of 50 test images.

    By hand, five seeds: variance .02^2 / 12, times 2.776^2 / 5 makes 5.137e-5; a = .04^2 - that, b = .0008, c = .02^2 -
    that; (b -+ sqrt(b^2 - ac)) / a.
    """
    assert recovered_gap([0.80, 0.80], [0.82, 0.82], [0.78, 0.78]) == pytest.approx((0.5, 0.5, 0.5))
    assert recovered_gap([0.80, 0.80], [0.82, 0.82], [0.78, 0.78], step=0.02) is None
    found = recovered_gap([0.80] * 5, [0.82] * 5, [0.78] * 5, step=0.02)
    assert found
    assert found == pytest.approx((0.5, 0.3122, 0.7209), abs=1e-4)


@given(st.integers(0, 10_000), st.integers(2, 8))
def test_the_interval_of_a_recovered_gap_holds_what_a_t_test_does_not_rule_out(seed: int, seeds: int) -> None:
    """At its ends, gained - ratio * whole is just significant at 5 %."""
    rng = np.random.default_rng(seed)
    single = rng.normal(0.5, 0.05, seeds)
    full = single + rng.normal(0.2, 0.02, seeds)
    arm = single + rng.normal(rng.normal(0.1, 0.1), 0.05, seeds)
    found = recovered_gap(arm, full, single)
    if stats.ttest_1samp(full - single, 0).confidence_interval(0.95).low <= 0:
        assert found is None
        return
    assert found
    ratio, lower, upper = found
    assert ratio == pytest.approx((arm - single).mean() / (full - single).mean())
    assert lower < ratio < upper
    for end in (lower, upper):
        assert stats.ttest_1samp(arm - single - end * (full - single), 0).pvalue == pytest.approx(0.05, abs=1e-6)
    inside = 0.9 * lower + 0.1 * upper
    assert stats.ttest_1samp(arm - single - inside * (full - single), 0).pvalue > 0.05


def test_holm_by_hand() -> None:
    # smallest times 3, next times 2, last times 1, never decreasing
    assert holm([0.04, 0.01, 0.03]).tolist() == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.9, 0.8]).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.10, 0.11, 0.12, 0.09, 0.10], "helps"),
        ([0.001, -0.002, 0.000, 0.001, -0.001], "harm ruled out"),
        ([-0.001, -0.001, -0.001, -0.001, -0.001], "harm ruled out"),  # worse, and within the margin
        ([-0.10, -0.11, -0.12, -0.09, -0.10], "negative transfer"),
        ([-0.03, 0.04, -0.02, 0.03, 0.01], "not enough data"),
        ([0.0, 0.0, 0.0], "harm ruled out"),
        ([-0.5, -0.5, -0.5], "negative transfer"),
    ],
)
def test_findings(values: list[float], expected: str) -> None:
    assert findings([paired_difference(values, [0.0] * len(values))]) == [expected]


def test_findings_are_family_wise() -> None:
    """What is shown alone (p = .02) is not shown among five tasks."""
    values = np.array([0.02, 0.03, 0.00, 0.01, 0.04])
    alone = paired_difference(values.tolist(), [0.0] * 5)
    assert stats.ttest_1samp(values, 0, alternative="greater").pvalue == pytest.approx(0.0241, abs=1e-3)
    noise = paired_difference([0.1, -0.1, 0.05, -0.05, 0.0], [0.0] * 5)
    assert findings([alone])[0] == "helps"
    assert findings([alone, *[noise] * 4])[0] != "helps"


def test_findings_keep_their_error_rates() -> None:
    """No effect: five tasks together are called harmed or helped in at most about 2.5 % of studies each."""
    rng = np.random.default_rng(0)
    wrong = {"helps": 0, "negative transfer": 0}
    for _ in range(1000):
        found = findings([paired_difference(d.tolist(), [0.0] * 5) for d in rng.normal(0, 0.02, (5, 5))])
        for word in wrong:
            wrong[word] += word in found
    limit = stats.binom.ppf(0.9999, 1000, 0.025)
    assert max(wrong.values()) <= limit
    covered = [
        (d := paired_difference(x.tolist(), [0.0] * 5)).lower <= 0 <= d.upper for x in rng.normal(0, 1, (2000, 5))
    ]
    assert abs(np.mean(covered) - 0.95) < 0.02


@pytest.mark.parametrize("tasks", [1, 3])
def test_seeds_needed_settle_a_difference_and_fewer_do_not(tasks: int) -> None:
    rng = np.random.default_rng(1)
    pilot = paired_difference([0.004, -0.02, 0.018], [0.0] * 3)
    spread = np.std(pilot.values, ddof=1)

    def found(seeds: int) -> Difference:
        more = rng.normal(size=seeds)
        values = pilot.mean + spread * (more - more.mean()) / more.std(ddof=1)
        return paired_difference(values.tolist(), [0.0] * seeds)

    needed = seeds_needed(pilot, tasks=tasks)
    assert needed is not None
    assert needed == {1: 15, 3: 22}[tasks]
    assert findings([found(needed)] * tasks) == ["harm ruled out"] * tasks
    assert findings([found(needed - 1)] * tasks) == ["not enough data"] * tasks


def test_what_no_number_of_seeds_settles() -> None:
    pilot = paired_difference([0.5, -0.5, 0.4, -0.4], [0.0] * 4)
    assert seeds_needed(pilot) is None
    rows = judge(runs(single=[(0.5, 0.5)] * 4, wild=[(1.0, 0.5), (0.0, 0.5), (0.9, 0.5), (0.1, 0.5)]))
    assert "Not enough data on a (+0.000): so noisy that 200 seeds would not settle it." in verdict(rows, "wild")


def test_scores_equal_scikit_learn() -> None:
    generator = torch.Generator().manual_seed(0)
    digit, strokes = MultiClass("d", list("abcd")), MultiLabel("s", list("vwxyz"))
    z_digit = torch.randn(200, 4, generator=generator)
    z_strokes = torch.randn(200, 5, generator=generator)
    codes = torch.randint(0, 4, (200,), generator=generator)
    labels = torch.randint(0, 2, (200, 5), generator=generator)
    assert score(digit, z_digit, codes)[0].value == pytest.approx(accuracy_score(codes, z_digit.argmax(-1)))
    found = score(strokes, z_strokes, labels, groups={"one": ("v", "x"), "two": ("y",)})
    for group, columns in zip(found, ([0, 2], [3]), strict=True):
        expected = np.mean([f1_score(labels[:, c], z_strokes[:, c] > 0) for c in columns])
        assert group.value == pytest.approx(expected)
    assert [s.task for s in found] == ["s/one", "s/two"]
    assert score(strokes, z_strokes, labels)[0].task == "s"
    balanced = score(digit, z_digit, codes, settings=Classes(classes="collected", metric="balanced accuracy"))[0]
    assert balanced.metric == "balanced accuracy"
    assert balanced.value == pytest.approx(balanced_accuracy_score(codes, z_digit.argmax(-1)))
    limits = torch.tensor([0.3, 0.5, 0.7, 0.5, 0.5])
    above = score(strokes, z_strokes, labels, thresholds=limits)[0].value
    present = z_strokes.sigmoid() >= limits
    assert above == pytest.approx(np.mean([f1_score(labels[:, c], present[:, c]) for c in range(5)]))


def test_a_class_without_test_images_does_not_count() -> None:
    task, settings = MultiClass("d", list("abc")), Classes(classes="collected", metric="balanced accuracy")
    z = torch.eye(3)[[0, 1, 2, 1]]
    assert score(task, z, torch.tensor([0, 0, 0, 1]), settings=settings)[0].value == pytest.approx((1 / 3 + 1) / 2)


def test_a_soft_annotation_counts_as_its_most_probable_outcome() -> None:
    nan = float("nan")
    classes = torch.tensor([[0.2, 0.8], [nan, nan], [0.9, 0.1]])
    assert hardened(MultiClass("d", ["a", "b"]), classes).tolist() == [1, -1, 0]
    assert hardened(MultiLabel("s", ["x", "y"]), torch.tensor([[0.7, nan], [0.5, 0.2]])).tolist() == [[1, -1], [0, 0]]


@given(st.integers(0, 1000))
def test_no_other_threshold_has_a_better_f1(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, 60)
    logits = (truth + rng.normal(0, 1, 60)).round(1)
    limit = float(tune_thresholds(torch.from_numpy(logits).float()[:, None], torch.from_numpy(truth)[:, None])[0])
    p = torch.from_numpy(logits).float().sigmoid().numpy()
    best = f1_score(truth, p >= limit)
    assert all(f1_score(truth, p >= other) <= best + 1e-9 for other in np.unique(p))


def test_thresholds_worked_out_by_hand() -> None:
    """Eleven images have the first label, all above 0.2; the only others are below. The second has too few images."""
    z = torch.cat([torch.linspace(-1, 1, 11), torch.full((12,), -3.0)])[:, None].repeat(1, 2)
    truth = torch.tensor([1] * 11 + [0] * 12)
    target = torch.stack([truth, torch.where(torch.arange(23) < 9, truth, -1)], 1)
    expected = (torch.tensor(-1.0).sigmoid() + torch.tensor(-3.0).sigmoid()) / 2
    assert tune_thresholds(z, target).tolist() == pytest.approx([float(expected), 0.5])


def test_without_annotations_there_is_no_score() -> None:
    task, unknown = MultiClass("digit", ["x", "y"]), torch.tensor([-1, -1])
    for settings in (None, Classes(classes=["x", "y"], metric="macro-F1")):
        (found,) = score(task, torch.zeros(2, 2), unknown, settings=settings)
        assert math.isnan(found.value)


def test_scores_leave_out_what_is_not_annotated() -> None:
    digit, strokes = MultiClass("d", ["a", "b"]), MultiLabel("s", ["x"])
    z = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert score(digit, z, torch.tensor([0, -1, 0]))[0].value == 0.5
    assert score(strokes, z[:, :1] - 0.5, torch.tensor([[1], [-1], [0]]))[0].value == 1.0


def runs(**arms: list[tuple[float, float]]) -> list[Run]:
    return [
        Run(arm, seed, [Score("a", "accuracy", a), Score("b", "macro-F1", b)], 1.0)
        for arm, values in arms.items()
        for seed, (a, b) in enumerate(values)
    ]


SINGLE = [(0.5, 0.5), (0.6, 0.5), (0.7, 0.5)]


def test_judge_pairs_by_seed() -> None:
    other = runs(single=SINGLE, ours=[(0.7, 0.5), (0.8, 0.5), (0.9, 0.5)])
    rows = judge(other[::-1])
    ours = {row.task: row for row in rows if row.arm == "ours"}
    assert ours["a"].difference is not None
    assert ours["a"].difference.values == pytest.approx((0.2, 0.2, 0.2))
    assert (ours["a"].finding, ours["b"].finding) == ("helps", "harm ruled out")
    assert ours["a"].mean == pytest.approx(0.8)
    assert {row.finding for row in rows if row.arm == "single"} == {None}


def test_what_has_no_score_is_not_judged() -> None:
    """And does not count among the tasks of Holm's correction."""
    nothing = [(a, math.nan) for a, _ in SINGLE]
    barely = [(a + gain, math.nan) for (a, _), gain in zip(SINGLE, (0.10, 0.17, 0.20), strict=True)]
    rows = judge(runs(single=nothing, ours=barely))
    assert [(row.task, row.finding) for row in rows if row.arm == "ours"] == [("a", "helps"), ("b", None)]
    assert [row.difference is None for row in rows] == [True, False, True, True]
    assert verdict(rows, "ours") == (
        "ours: no negative transfer: a loss of 0.01 is ruled out on every task that is judged. Helps a (+0.157). "
        "Not judged on b: no score, as no test image has what it counts."
    )
    open_ = [(a, b) for (a, _), b in zip(barely, (0.5, 0.8, 0.4), strict=True)]
    of_two = judge(runs(single=SINGLE, ours=open_))
    assert [row.finding for row in of_two if row.arm == "ours"] == ["not enough data", "not enough data"]


def test_what_has_no_score_is_null_in_json(tmp_path: Path) -> None:
    told = runs(single=[(0.5, math.nan)] * 2, ours=[(0.6, math.nan)] * 2)
    more = Details(clusters=1, intervals=[], outputs=[], delta_m={}, gaps=[], costs=[])
    write_results(tmp_path, told, judge(told), margin=MARGIN, more=more)
    found = json.loads((tmp_path / "metrics.json").read_text("utf-8"), parse_constant=pytest.fail)
    assert [row["mean"] for row in found["results"]] == [0.5, 0.6, None, None]


def test_verdicts_in_words() -> None:
    rows = judge(
        runs(
            single=SINGLE,
            good=[(0.7, 0.5), (0.8, 0.5), (0.9, 0.5)],
            bad=[(0.7, 0.4), (0.8, 0.4), (0.9, 0.4)],
            vague=[(0.6, 0.5), (0.5, 0.5), (0.75, 0.5)],
        )
    )
    assert verdict(rows, "good") == (
        "good: no negative transfer: a loss of 0.01 is ruled out on every task. Helps a (+0.200). "
        "Harm ruled out on b (+0.000)."
    )
    assert verdict(rows, "bad") == "bad: negative transfer on b (-0.100). Helps a (+0.200)."
    assert verdict(rows, "vague").startswith("vague: not settled whether there is negative transfer. Harm")
    assert "Not enough data on a (+0.017): run " in verdict(rows, "vague")


def test_what_is_open_is_said_in_one_sentence() -> None:
    """Tasks that need as many seeds together, the fewest first, those that none settle last."""
    spread = {"a": 0.01, "b": 0.0225, "c": 0.01, "d": 1.0}
    made = [
        Run(arm, seed, [Score(task, "accuracy", sign * size * (arm == "ours")) for task, size in spread.items()], 1.0)
        for arm in ("single", "ours")
        for seed, sign in enumerate((-1, 0, 1))
    ]
    assert verdict(judge(made), "ours") == (
        "ours: not settled whether there is negative transfer. Not enough data on a (+0.000), c (+0.000): run 7 more "
        "seeds; on b (+0.000): 33 more; on d (+0.000): so noisy that 200 seeds would not settle it."
    )


def test_an_arm_that_was_not_compared_has_no_verdict() -> None:
    rows = judge(runs(single=SINGLE, ours=SINGLE))
    for arm in ("single", "oures"):
        with pytest.raises(ValueError, match=rf"compared with `single`, of \['ours'\]. Found '{arm}'"):
            verdict(rows, arm)


def test_judge_wants_every_seed() -> None:
    with pytest.raises(ValueError, match="every arm, `single` too, on the same seeds"):
        judge(runs(single=SINGLE, ours=SINGLE[:2]))
    with pytest.raises(ValueError, match=r"Found \{'ours': \[0, 1, 2\]\}"):
        judge(runs(ours=SINGLE))


def simulated_findings(effects: list[float], spread: float, simulations: int) -> list[list[Finding]]:
    """What is found on five seeds whose differences are normal around the effects."""
    rng = np.random.default_rng(0)
    drawn = rng.normal(effects, spread, (simulations, 5, len(effects))).transpose(0, 2, 1)
    zeros = [0.0] * 5
    return [findings([paired_difference(values.tolist(), zeros) for values in tasks]) for tasks in drawn]


def test_a_loss_of_the_margin_is_rarely_called_harmless() -> None:
    """On any of four tasks in at most about 2.5 % of comparisons."""
    found = simulated_findings([-MARGIN] * 4, 0.02, 500)
    wrong = sum(any(finding in {"helps", "harm ruled out"} for finding in tasks) for tasks in found)
    assert wrong <= stats.binom.ppf(0.9999, 500, 0.025)


def test_what_is_large_enough_is_found() -> None:
    found = simulated_findings([0.1, 0.0, -0.1], 0.004, 100)
    for place, expected in enumerate(("helps", "harm ruled out", "negative transfer")):
        assert np.mean([tasks[place] == expected for tasks in found]) > 0.9
