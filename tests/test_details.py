"""What a comparison shows beside means: intervals over test images, classes and labels, gaps, costs."""

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from conjoin import MultiClass, MultiLabel
from conjoin.data import AnnotatedImages, Problem
from conjoin.evaluation import Run, Score, details, score
from conjoin.evaluation._bootstrap import bootstrap_difference, clusters_of
from conjoin.evaluation._details import _gaps
from conjoin.evaluation._tally import coarseness, columns, f1_by_output, tally, value
from conjoin.study import Classes, Labels, Recipe

KIND, MARKS = MultiClass("kind", ["a", "b", "c"]), MultiLabel("marks", ["x", "y"])
BALANCED = Classes(classes="collected", metric="balanced accuracy")
CLASS_F1, RIGHT = Classes(classes="collected", metric="macro-F1"), Labels(labels="collected", metric="mean accuracy")


@given(st.integers(0, 500))
def test_counts_give_the_scores(seed: int) -> None:
    """The same values as torchmetrics and scikit-learn, unannotated images and absent classes included."""
    generator = torch.Generator().manual_seed(seed)
    z, truth = torch.randn(30, 3, generator=generator), torch.randint(-1, 3, (30,), generator=generator)
    truth[0] = 0
    counts = tally(KIND, z, truth).sum(0)
    assert float(value(KIND, counts)) == pytest.approx(score(KIND, z, truth)[0].value)
    present, known = truth[truth >= 0].unique().numpy(), truth >= 0
    expected = f1_score(truth[known], z[known].argmax(-1), labels=present, average=None, zero_division=0)
    np.testing.assert_allclose(f1_by_output(counts)[present], expected)
    assert float(value(KIND, counts, BALANCED)) == pytest.approx(score(KIND, z, truth, settings=BALANCED)[0].value)
    assert float(value(KIND, counts, CLASS_F1)) == pytest.approx(score(KIND, z, truth, settings=CLASS_F1)[0].value)
    assert float(value(KIND, counts, CLASS_F1)) == pytest.approx(expected.mean())
    z, truth = torch.randn(30, 2, generator=generator), torch.randint(-1, 2, (30, 2), generator=generator)
    truth[0] = 1
    limits = torch.rand(2, generator=generator)
    counts = tally(MARKS, z, truth, limits).sum(0)
    assert float(value(MARKS, counts)) == pytest.approx(score(MARKS, z, truth, thresholds=limits)[0].value)
    right = score(MARKS, z, truth, thresholds=limits, settings=RIGHT)[0]
    assert float(value(MARKS, counts, RIGHT)) == pytest.approx(right.value)
    said = (z.sigmoid() >= limits).long()
    by_label = [accuracy_score(truth[truth[:, i] >= 0, i], said[truth[:, i] >= 0, i]) for i in range(2)]
    assert right.metric == "mean accuracy"
    assert right.value == pytest.approx(np.mean(by_label))
    groups = {"first": ("x",), "both": ("y", "x")}
    assert columns(MARKS, groups) == {"marks/first": [0], "marks/both": [1, 0]}
    for found, places in zip(score(MARKS, z, truth, groups=groups), columns(MARKS, groups).values(), strict=True):
        assert float(value(MARKS, tally(MARKS, z, truth)[:, places].sum(0))) == pytest.approx(found.value)


def test_f1_by_hand() -> None:
    z = torch.eye(3)[[0, 0, 1, 1]]
    f1 = f1_by_output(tally(KIND, z, torch.tensor([0, 1, 1, -1])).sum(0))
    np.testing.assert_array_equal(f1, [2 / 3, 2 / 3, np.nan])  # a false alarm; a miss; no image
    z = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
    f1 = f1_by_output(tally(MARKS, z, torch.tensor([[1, 0], [0, -1], [1, 0]])).sum(0))
    np.testing.assert_array_equal(f1, [0.5, np.nan])  # a hit, a false alarm and a miss; on no image


def test_images_of_one_group_are_one_cluster() -> None:
    found = clusters_of(["p", None, "q", "p", None, "image 1"], 6)
    assert found[0] == found[3]
    assert len(set(found.tolist())) == 5
    assert clusters_of(None, 3).tolist() == [0, 1, 2]


def accuracy(counts: Any) -> Any:
    return value(KIND, counts)


def counts_of(right: Any) -> Any:
    """Images of one class, right or wrong."""
    counts = np.zeros((len(right), 3, 4))
    counts[:, 0, 0], counts[:, 0, 2], counts[:, 0, 3] = right, 1, 1
    return counts


def simulated(rng: np.random.Generator, clusters: int, size: int, gain: float) -> tuple[Any, Any]:
    """Two arms, right more often on easy clusters; the second by `gain` less."""
    easy = np.repeat(rng.uniform(0.2, 0.8, clusters), size)
    shift = np.repeat(rng.normal(gain, 0.1, clusters), size)
    return (rng.random(len(easy)) < easy + shift).astype(float), (rng.random(len(easy)) < easy).astype(float)


@pytest.mark.parametrize("size", [1, 10])
def test_intervals_cover_at_their_rate(size: int) -> None:
    """95 % of the time, within four standard errors of 400 simulations, with clusters of one and of ten images."""
    rng, covered, clusters = np.random.default_rng(0), 0, 80
    numbers = np.repeat(np.arange(clusters), size)
    for seed in range(400):
        arm, single = simulated(rng, clusters, size, 0.05)
        low, high = bootstrap_difference([counts_of(arm)], [counts_of(single)], numbers, accuracy, seed=seed)
        covered += low <= 0.05 <= high
    assert covered / 400 == pytest.approx(0.95, abs=4 * (0.95 * 0.05 / 400) ** 0.5)


def test_ignoring_clusters_would_promise_too_much() -> None:
    rng = np.random.default_rng(1)
    easy = np.repeat(rng.integers(0, 2, 20), 30).astype(float)  # whole clusters are right or wrong
    single = np.full(len(easy), 0.0)
    numbers = np.repeat(np.arange(20), 30)
    by_cluster = bootstrap_difference([counts_of(easy)], [counts_of(single)], numbers, accuracy)
    by_image = bootstrap_difference([counts_of(easy)], [counts_of(single)], np.arange(len(easy)), accuracy)
    assert by_cluster[1] - by_cluster[0] > 4 * (by_image[1] - by_image[0])


def test_many_test_images_need_little_memory() -> None:
    """All resampled test sets at once would take 16 bytes for each and each image: 160 MB here."""
    one = counts_of(np.ones(5000))
    tracemalloc.start()
    bootstrap_difference([one], [one], np.arange(5000), accuracy)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20e6


def test_what_one_image_changes_of_a_score() -> None:
    """Three of class 0, one of 1, none of 2; labels on four, one and two images, which three, one and none have."""
    counts = tally(KIND, torch.zeros(4, 3), torch.tensor([0, 0, 0, 1])).sum(0)
    assert coarseness(KIND, counts) == 1 / 4
    assert coarseness(KIND, counts, BALANCED) == pytest.approx((1 / 9 + 1) ** 0.5 / 2)
    truth = torch.tensor([[1, 1, 0], [1, -1, 0], [1, -1, -1], [0, -1, -1]])
    three = MultiLabel("three", ["x", "y", "z"])
    counts = tally(three, torch.zeros(4, 3), truth).sum(0)
    assert coarseness(three, counts) == pytest.approx((1 / 9 + 1) ** 0.5 / 2)
    assert coarseness(three, counts, RIGHT) == pytest.approx((1 / 16 + 1) ** 0.5 / 2)
    assert coarseness(three, 0 * counts) == 0


def test_the_same_predictions_differ_by_nothing() -> None:
    rng = np.random.default_rng(2)
    one = counts_of(rng.integers(0, 2, 50))
    assert bootstrap_difference([one, one], [one, one], np.arange(50), accuracy) == (0, 0)


def compared(*, full: float = 0.9) -> tuple[list[Run], Problem[AnnotatedImages]]:
    """Two seeds; `kind` is .5 and .6 alone, .7 and .8 coupled; `marks` .4 and .4 alone, .3 and .3 coupled."""
    truth = {"kind": torch.tensor([0, 1, 2, 0]), "marks": torch.tensor([[1, 0], [0, 1], [1, -1], [0, 0]])}
    none = torch.zeros(4)
    data = AnnotatedImages(torch.zeros(4, 1, 2, 2), truth, none.long(), none.bool())
    values = {"single": [(0.5, 0.4), (0.6, 0.4)], "coupled": [(0.7, 0.3), (0.8, 0.3)]}
    values["full"] = [(full, 0.4), (full + 0.1, 0.4)]
    right = {"kind": torch.eye(3)[truth["kind"]], "marks": torch.ones(4, 2)}
    wrong = {"kind": torch.eye(3)[[0, 0, 0, 0]], "marks": torch.ones(4, 2)}
    runs = [
        Run(
            arm,
            seed,
            [Score("kind", "accuracy", kind), Score("marks", "macro-F1", marks)],
            seconds=2.0 + seed,
            images=100,
            parameters=7,
            logits=wrong if arm == "single" else right,
        )
        for arm, pairs in values.items()
        for seed, (kind, marks) in enumerate(pairs)
    ]
    return runs, Problem((KIND, MARKS), (), train=data, test=data, clusters=["p", "p", None, None])


def test_one_cluster_tells_nothing_of_others() -> None:
    runs, problem = compared()
    assert details(runs, problem, Recipe()).intervals
    assert not details(runs, replace(problem, clusters=["p"] * 4), Recipe()).intervals


def test_details_by_hand() -> None:
    runs, problem = compared()
    found = details(runs, problem, Recipe())
    assert found.clusters == 3
    # coupled: (+.2/.5, -.1/.4) and (+.2/.6, -.1/.4): means 7.5 and 4.1667 per cent
    assert found.delta_m["coupled"].values == pytest.approx((7.5, 100 * (0.2 / 0.6 - 0.25) / 2))
    assert not found.gaps  # .4 on two seeds of four test images may be luck
    by_arm = {arm: [run for run in runs if run.arm == arm] for arm in ("single", "coupled", "full")}
    (gap,) = _gaps(by_arm, {})  # nothing to gain on marks
    assert gap[:2] == ("kind", "coupled")
    assert gap[2:] == pytest.approx((0.5, 0.5, 0.5))  # .2 of .4 on both seeds
    f1 = {(o.arm, o.output): (o.value, o.difference) for o in found.outputs if o.task == "kind"}
    assert f1["single", "b"] == (0, 0)
    assert f1["coupled", "b"] == (1, 1)
    assert f1["coupled", "a"] == pytest.approx((1, 1 - 2 / 3))  # single reads all four images as "a", of which two are
    assert [(cost.arm, cost.seconds, cost.images, cost.parameters) for cost in found.costs] == [
        (arm, 2.5, 100, 7) for arm in ("single", "coupled", "full")
    ]
    intervals = {(one.task, one.arm): (one.lower, one.upper) for one in found.intervals}
    assert set(intervals) == {(task, arm) for task in ("kind", "marks") for arm in ("coupled", "full")}
    low, high = intervals["kind", "coupled"]
    assert 0 <= low < 0.5 < high <= 1
    assert intervals["marks", "coupled"] == (0, 0)


def test_labels_that_no_test_image_has_do_not_count() -> None:
    """The second is on no image; saying so everywhere is no reason to count it as 0 or 1."""
    z, truth = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), torch.tensor([[1, 0], [0, -1]])
    assert score(MARKS, z, truth)[0].value == 1
    assert float(value(MARKS, tally(MARKS, z, truth).sum(0))) == 1


def test_no_gap_where_full_is_not_shown_to_be_better() -> None:
    assert details(*compared(full=0.5), Recipe()).gaps == []


def test_delta_m_leaves_out_what_is_divided_by_nothing() -> None:
    runs, problem = compared()
    runs[0].scores[1] = Score("marks", "macro-F1", 0.0)
    found = details(runs, problem, Recipe())
    assert found.delta_m["coupled"].values == pytest.approx((40.0, 100 * 0.2 / 0.6))  # of kind alone
    runs[1].scores[0] = Score("kind", "accuracy", 0.0)
    assert details(runs, problem, Recipe()).delta_m == {}


def test_what_no_image_tells_is_null_in_json() -> None:
    runs, problem = compared()
    problem.test.annotations["kind"][2] = -1
    told = details(runs, problem, Recipe()).to_dict()["outputs"]
    assert {one["value"] for one in told if one["output"] == "c"} == {None}
