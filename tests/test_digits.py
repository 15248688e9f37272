"""The digits: two tasks that never meet, a fixed test part, properties that vary within a digit."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from conjoin.data import AnnotatedImages, Problem
from conjoin.datasets import digits
from conjoin.datasets._digits import _LIT, MEASURED, SEGMENTS, Table, _measure


def known(problem: Problem[AnnotatedImages]) -> dict[str, torch.Tensor]:
    annotations = problem.train.annotations
    return {"digit": annotations["digit"] >= 0, "strokes": (annotations["strokes"] >= 0).all(-1)}


@pytest.mark.parametrize(("digit", "strokes"), [(50, 1000), (100, 100), (5, 5)])
def test_no_image_has_both_annotations(digit: int, strokes: int) -> None:
    found = known(digits(digit, strokes))
    assert (int(found["digit"].sum()), int(found["strokes"].sum())) == (digit, strokes)
    assert bool((found["digit"] ^ found["strokes"]).all())


def test_images_are_those_of_scikit_learn_and_test_images_are_apart() -> None:
    problem = digits(200, 1000)
    every = np.concatenate([problem.train.images, problem.test.images]).reshape(-1, 64) * 16
    raw = load_digits().data
    assert sorted(map(tuple, every)) == sorted(map(tuple, raw))  # each image once: none is in both parts
    assert len(problem.test) == 597


def test_the_test_part_never_changes() -> None:
    assert torch.equal(digits(seed=0).test.images, digits(100, 100, seed=7, table="permuted").test.images)
    assert not torch.equal(digits(seed=0).train.images, digits(seed=1).train.images)
    assert torch.equal(digits(seed=3).train.images, digits(seed=3, table="half-wrong").train.images)


def test_folds_come_from_the_annotated_images() -> None:
    whole = digits(50, 1000, seed=100)
    budget = {tuple(image.flatten().tolist()) for image in whole.train.images}
    held = []
    for fold in range(5):
        part = digits(50, 1000, seed=100, fold=fold)
        assert (len(part.train), len(part.test)) == (840, 210)
        held += [tuple(image.flatten().tolist()) for image in part.test.images]
        assert not set(held[-210:]) & {tuple(image.flatten().tolist()) for image in part.train.images}
    assert sorted(held) == sorted(budget)


def test_a_fifth_of_each_source_but_at_most_fifty_is_set_aside() -> None:
    problem = digits()
    for source, expected in ((0, 10), (1, 50)):
        assert int(problem.train.set_aside[problem.train.source == source].sum()) == expected


def test_everything_is_what_is_hidden_in_training() -> None:
    problem = digits(50, 200, seed=1)
    everything = problem.everything
    assert everything is not None
    assert torch.equal(everything.images, problem.train.images)
    for name, known_ones in known(problem).items():
        assert bool((everything.annotations[name] >= 0).all())
        assert torch.equal(everything.annotations[name][known_ones], problem.train.annotations[name][known_ones])


def test_segments_follow_from_the_digit() -> None:
    assert len(set(_LIT)) == 10
    problem = digits()
    table = problem.relations[0].table[:, :7] > 0.5
    assert torch.equal(problem.test.annotations["strokes"][:, :7] == 1, table[problem.test.annotations["digit"]])
    assert [SEGMENTS["abcdefg".index(s)] for s in _LIT[7]] == ["top", "upper right", "lower right"]


def test_measured_properties_vary_within_digits() -> None:
    test = digits().test.annotations
    for column, label in enumerate(MEASURED, start=7):
        rates = [test["strokes"][test["digit"] == d, column].float().mean().item() for d in range(10)]
        assert sum(0.1 < rate < 0.9 for rate in rates) >= 4, label


def test_measurements_of_drawn_strokes() -> None:
    bar, fat, slash, ring = np.zeros((4, 8, 8))
    bar[1:7, 3] = fat[1:7, 2:5] = 1
    for row in range(1, 7):
        slash[row, 7 - row] = 1  # leans to the right, as italics do
    ring[1:7, 1:7] = 1
    ring[2:6, 2:6] = 0
    thick, slant, wide, loops = zip(*map(_measure, (bar, fat, slash, ring)), strict=True)
    assert thick[1] > thick[0]
    assert slant[0] == pytest.approx(0)
    assert slant[2] == pytest.approx(1)
    assert wide[0] == 0
    assert wide[2] == pytest.approx(1)
    assert loops == (0, 0, 0, 1)


@pytest.mark.parametrize(("table", "moved"), [("true", 0), ("permuted", 10), ("half-wrong", 5)])
@pytest.mark.parametrize("seed", range(3))
def test_wrong_tables_move_rows(table: Table, moved: int, seed: int) -> None:
    kinds: tuple[Table, Table] = ("true", table)
    true, found = (digits(seed=seed, table=kind).relations[0].table for kind in kinds)
    assert int((true != found).any(-1).sum()) == moved
    assert sorted(true.tolist()) == sorted(found.tolist())
