"""Annotations in the layout of the losses."""

import pytest
import torch

from conjoin import MultiClass, MultiLabel
from conjoin.tasks import Task

DIGIT = MultiClass("digit", ["zero", "one", "two"])
STROKES = MultiLabel("strokes", ["top", "bottom"])


def test_codes() -> None:
    soft, known = DIGIT.annotation(torch.tensor([2, -1]))
    assert soft.tolist() == [[[0, 0, 1]], [[0, 0, 0]]]
    assert known.tolist() == [[True], [False]]


def test_distributions() -> None:
    soft, known = DIGIT.annotation(torch.tensor([[0.25, 0.75, 0.0], [torch.nan] * 3]))
    assert soft.tolist() == [[[0.25, 0.75, 0.0]], [[0, 0, 0]]]
    assert known.tolist() == [[True], [False]]


@pytest.mark.parametrize("dtype", [torch.int64, torch.int8, torch.int32])
def test_labels(dtype: torch.dtype) -> None:
    soft, known = STROKES.annotation(torch.tensor([[1, 0], [-1, 1]], dtype=dtype))
    assert soft.tolist() == [[[0, 1], [1, 0]], [[0, 0], [0, 1]]]
    assert known.tolist() == [[True, True], [False, True]]


def test_boolean_labels_are_all_known() -> None:
    soft, known = STROKES.annotation(torch.tensor([[True, False]]))
    assert soft.tolist() == [[[0, 1], [1, 0]]]
    assert bool(known.all())


def test_label_probabilities() -> None:
    soft, known = STROKES.annotation(torch.tensor([[0.25, torch.nan]]))
    assert soft.tolist() == [[[0.75, 0.25], [0, 0]]]
    assert known.tolist() == [[True, False]]


def test_tasks_are_values() -> None:
    assert MultiClass("x", ["a", "b"]) == MultiClass("x", ("a", "b"))
    one: Task = MultiLabel("x", ["a", "b"])
    assert MultiClass("x", ["a", "b"]) != one
    assert len({STROKES, MultiLabel("strokes", ["top", "bottom"])}) == 1
    assert STROKES.labels == ("top", "bottom")
    assert (DIGIT.variables, DIGIT.outcomes, STROKES.variables, STROKES.outcomes) == (1, 3, 2, 2)


def test_values_by_output() -> None:
    layout = torch.tensor([[[0.2, 0.3, 0.5]]])
    torch.testing.assert_close(DIGIT.by_output(layout), torch.tensor([[0.2, 0.3, 0.5]]))
    torch.testing.assert_close(STROKES.by_output(torch.tensor([[0.9, 0.1], [0.4, 0.6]])), torch.tensor([0.1, 0.6]))
