"""Batches mixed from several sources."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from conjoin.data import AnnotatedImages, MixedBatches, shares


@pytest.mark.parametrize(
    ("sizes", "batch", "expected"),
    [
        ((50, 1000), 64, [16, 48]),  # .2 / 2 + .8 * sqrt(50) / (sqrt(50) + sqrt(1000)) = .246
        ((400, 900), 50, [21, 29]),  # .1 + .8 * .4 = .42
        ((100, 100), 64, [32, 32]),
        ((7,), 3, [3]),
        ((1, 10**6), 2, [1, 1]),
    ],
)
def test_shares(sizes: tuple[int, ...], batch: int, expected: list[int]) -> None:
    assert shares(sizes, batch) == expected


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=6), st.integers(0, 100))
def test_shares_fill_the_batch_and_starve_nobody(sizes: list[int], extra: int) -> None:
    counts = shares(sizes, len(sizes) + extra)
    assert sum(counts) == len(sizes) + extra
    assert min(counts) >= 1


def batches(steps: int, seed: int = 0) -> list[list[int]]:
    return list(MixedBatches({0: torch.arange(5), 1: torch.arange(5, 45)}, 8, steps, seed))


def test_a_batch_holds_images_of_every_source() -> None:
    for rows in batches(20):
        assert (sum(row < 5 for row in rows), len(rows)) == (2, 8)


def test_every_image_comes_once_in_each_pass() -> None:
    small = [row for rows in batches(20) for row in rows if row < 5]
    large = [row for rows in batches(20) for row in rows if row >= 5]
    for turn in range(8):
        assert sorted(small[5 * turn : 5 * turn + 5]) == list(range(5))
    for turn in range(3):
        assert sorted(large[40 * turn : 40 * turn + 40]) == list(range(5, 45))


def test_batches_depend_on_seed_and_step_alone() -> None:
    assert batches(30) == batches(30)
    assert batches(30)[:17] == batches(17)
    assert batches(30, seed=1) != batches(30)
    assert len(MixedBatches({0: torch.arange(5)}, 2, 9, 0)) == 9


def test_a_source_has_the_same_order_alone_as_mixed() -> None:
    alone = MixedBatches({1: torch.arange(5, 45)}, 6, 20, 0)
    assert [[row for row in rows if row >= 5] for rows in batches(20)] == list(alone)


def test_only_what_a_task_annotates() -> None:
    data = AnnotatedImages(
        torch.arange(4.0).reshape(4, 1, 1, 1),
        {"a": torch.tensor([0, -1, 1, -1]), "b": torch.tensor([[torch.nan, 0.5]] + [[torch.nan] * 2] * 3)},
        torch.tensor([0, 1, 0, 1]),
        torch.tensor([True, False, False, False]),
    )
    only = data.annotated("a")
    assert only.images.flatten().tolist() == [0, 2]
    assert {name: a.tolist() for name, a in only.annotations.items()} == {"a": [0, 1]}
    assert {n: rows.tolist() for n, rows in only.sources().items()} == {0: [0, 1]}
    assert len(data.annotated("b")) == 1
    assert data[3].annotations["a"].tolist() == [-1]
