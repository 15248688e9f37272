"""Relation tables learnt without any image that has both annotations."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from conjoin.data import AnnotatedImages, Problem
from conjoin.datasets import digits
from conjoin.evaluation import run_arm, unknown_relations, with_learned_tables
from conjoin.relate import count_relation, learn_relation
from conjoin.relations import TO_LEARN, UNCOUNTED, Relation
from conjoin.study import Recipe, TrainingSettings
from conjoin.tasks import MultiClass, MultiLabel

CLASSES, LABELS = ("a", "b"), ("x", "y")


def test_with_certain_predictions_it_is_a_count() -> None:
    """x in two of three of class a, not in the one of class b."""
    predicted = np.eye(2)[[0, 0, 0, 1]]
    told = np.array([[1.0, np.nan], [1.0, np.nan], [0.0, 1.0], [0.0, 1.0]])
    found = learn_relation(predicted, told, CLASSES, LABELS, "multi-label")
    rows = pl.DataFrame({"class": ["a", "a", "a", "b"], "x": told[:, 0], "y": told[:, 1]})
    counted = count_relation(rows, "class", LABELS, classes=CLASSES)
    np.testing.assert_allclose(found.probability, counted.probability, atol=1e-4)
    np.testing.assert_allclose(found.lower, counted.lower, atol=1e-3)
    assert np.isnan(found.count).all()  # classes were predicted: nobody counted
    assert found.origin == "learnt from 4 images"


def test_labels_correct_uncertain_predictions() -> None:
    """Predictions say 0.6 to 0.4; counting them alone would leave 0.6 and 0.4 in the table."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 4000)
    right = np.where(rng.random(4000) < 0.8, truth, 1 - truth)
    predicted = np.where(np.eye(2)[right] > 0, 0.8, 0.2)
    told = (rng.random((4000, 4)) < np.array([[0.9, 0.1, 0.8, 0.5], [0.1, 0.9, 0.3, 0.5]])[truth]).astype(float)
    found = learn_relation(predicted, told, CLASSES, ("p", "q", "r", "s"), "multi-label")
    expected = np.array([[0.9, 0.1, 0.8, 0.5], [0.1, 0.9, 0.3, 0.5]])
    assert abs(found.probability - expected).max() < 0.03
    counted = predicted.T @ told / predicted.sum(0)[:, None]
    assert abs(counted - expected).max() > 0.2


def test_classes_to_classes() -> None:
    rng = np.random.default_rng(1)
    expected = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
    truth = rng.integers(0, 2, 4000)
    outcome = np.array([rng.choice(3, p=expected[c]) for c in truth])
    right = np.where(rng.random(4000) < 0.7, truth, 1 - truth)
    predicted = np.where(np.eye(2)[right] > 0, 0.7, 0.3)
    found = learn_relation(predicted, np.eye(3)[outcome], CLASSES, ("k", "l", "m"), "multi-class")
    assert found.probability.sum(1) == pytest.approx([1, 1])
    assert abs(found.probability - expected).max() < 0.1


def test_annotated_classes_stay_whatever_labels_say() -> None:
    """Of twenty labels that are alike in an image, all present would make it an a, all absent a b."""
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 400)
    told = np.repeat(rng.random((400, 1)) < np.array([0.7, 0.3])[truth, None], 20, axis=1).astype(float)
    names = tuple(f"o{i}" for i in range(20))
    free, held = (
        learn_relation(np.eye(2)[truth], told, CLASSES, names, "multi-label", annotated=given).probability
        for given in (None, np.ones(400, dtype=bool))
    )
    means = np.stack([told[truth == c].mean(0) for c in range(2)])
    assert abs(held - means).max() < 0.02  # but for the prior
    assert abs(free - means).max() > 0.1


def test_many_classes_are_told_apart() -> None:
    """Of 100 outcomes each class has half; with no cell below .01 every row would be almost even."""
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 8000)
    outcome = 50 * truth + rng.integers(0, 50, 8000)
    right = np.where(rng.random(8000) < 0.75, truth, 1 - truth)
    predicted = np.where(np.eye(2)[right] > 0, 0.75, 0.25)
    found = learn_relation(predicted, np.eye(100)[outcome], CLASSES, [str(i) for i in range(100)], "multi-class")
    assert found.probability[0, :50].sum() > 0.9
    assert found.probability[1, 50:].sum() > 0.9


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(1, 4), st.integers(1, 30))
def test_any_input_gives_a_table(seed: int, classes: int, outputs: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    predicted = rng.dirichlet(np.full(classes, 0.3), rows)
    told = rng.choice([0.0, 1.0, np.nan, 0.3], (rows, outputs))
    names = [f"c{i}" for i in range(classes)], [f"o{i}" for i in range(outputs)]
    found = learn_relation(predicted, told, *names, "multi-label")
    assert np.isfinite(found.probability).all()
    assert (found.lower <= found.probability + 1e-9).all()
    order = rng.permutation(classes)  # the order of classes changes nothing else
    other = learn_relation(predicted[:, order], told, [names[0][i] for i in order], names[1], "multi-label")
    np.testing.assert_allclose(other.probability, found.probability[order], atol=1e-6)


@pytest.mark.parametrize(("rows", "columns", "found"), [(0, 2, r"\(0, 2\)"), (3, 3, r"\(3, 3\)")])
def test_shapes_are_checked(rows: int, columns: int, found: str) -> None:
    with pytest.raises(ValueError, match=rf"should have shapes \(rows, 2\) and \(rows, 2\).*and {found}"):
        learn_relation(np.full((rows, 2), 0.5), np.zeros((rows, columns)), CLASSES, LABELS, "multi-label")


def test_an_unknown_relation_says_nothing() -> None:
    relation = Relation.unknown(MultiClass("c", CLASSES), MultiLabel("l", LABELS))
    assert (relation.is_known, relation.origin) == (False, TO_LEARN)
    assert torch.equal(relation.table, torch.full((2, 2), 0.5))
    to_classes = Relation.unknown(MultiClass("c", CLASSES), MultiClass("k", ["1", "2", "3"]))
    torch.testing.assert_close(to_classes.table, torch.full((2, 3), 1 / 3))


@pytest.fixture(scope="module")
def problem() -> Problem[AnnotatedImages]:
    made = digits(100, 300, seed=100)
    given = made.relations[0]
    return Problem(
        made.tasks,
        (Relation.unknown(given.source, given.target),),
        made.train,
        made.test,
        everything=made.everything,
        groups=made.groups,
    )


RECIPE = Recipe(training=TrainingSettings(steps=150))


def test_the_table_of_digits_is_learnt(problem: Problem[AnnotatedImages]) -> None:
    assert unknown_relations(problem) == {"digit->strokes"}
    learnt, _ = with_learned_tables(problem, RECIPE, 0)
    assert not unknown_relations(learnt)
    true = digits(100, 300, seed=100).relations[0].table[:, :7]
    found = learnt.relations[0].table[:, :7]
    assert float((found - true).abs().mean()) < 0.1
    assert float((true - true.mean(0)).abs().mean()) > 0.3  # which saying nothing would be
    assert (learnt.relations[0].count == UNCOUNTED).all()


def test_a_run_learns_its_table_and_keeps_it(problem: Problem[AnnotatedImages]) -> None:
    quick = Recipe(training=TrainingSettings(steps=20))
    coupled, joint = (run_arm(arm, problem, quick, 0) for arm in ("coupled", "joint"))
    assert not joint.tables
    assert torch.tensor(coupled.tables["digit->strokes"]).shape == (10, 11)
    assert coupled.images == 2 * joint.images


def test_what_cannot_be_learned_is_not_believed(problem: Problem[AnnotatedImages]) -> None:
    """Labels are dealt out among the images: they say nothing of any image, and nothing of its digit."""
    labels = problem.train.annotation("strokes").clone()
    rows = (labels[:, 0] >= 0).nonzero().flatten()
    labels[rows] = labels[rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))]]
    shuffled = replace(problem.train, annotations={**problem.train.annotations, "strokes": labels})
    run = run_arm("coupled", replace(problem, train=shuffled), RECIPE, 0)
    evidence = torch.tensor(run.evidence["digit->strokes"])
    assert float(evidence[-1].max()) < 0.05
    learnt = run_arm("coupled", problem, RECIPE, 0)
    assert float(torch.tensor(learnt.evidence["digit->strokes"])[-1, :7].mean()) > 0.3
