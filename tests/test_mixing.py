"""Batches mixed from several sources."""

import pickle
from itertools import islice, starmap

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from conjoin.data import (
    AnnotatedImages,
    Augmentation,
    Batch,
    Draw,
    MixedBatches,
    MixedLoader,
    Preprocessing,
    StoredImages,
    shares,
)

from .stored import table


@pytest.mark.parametrize(
    ("sizes", "batch", "expected"),
    [
        ((50, 1000), 64, [16, 48]),  # .2 / 2 + .8 * sqrt(50) / (sqrt(50) + sqrt(1000)) = .246
        ((400, 900), 50, [21, 29]),  # .1 + .8 * .4 = .42
        ((100, 100), 64, [32, 32]),
        ((1_000, 100_000), 64, [11, 53]),  # .1 + .8 / 11 = .173: 21 passes of the small one in an epoch
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
    mixed = MixedBatches({0: torch.arange(5), 1: torch.arange(5, 45)}, 8, steps, seed)
    return [[draw.row for draw in batch] for batch in mixed]


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
    assert [[row for row in rows if row >= 5] for rows in batches(20)] == [[d.row for d in batch] for batch in alone]


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


def test_an_epoch_gives_every_image_and_no_shorter_run_does() -> None:
    mixed = MixedBatches({0: torch.arange(5), 1: torch.arange(5, 45)}, 8, 7, 0)
    assert mixed.counts == {0: 2, 1: 6}
    assert mixed.epoch == 7  # 40 images, 6 a step
    assert {row for rows in batches(7) for row in rows} == set(range(45))
    assert {row for rows in batches(6) for row in rows} != set(range(45))


def test_a_draw_says_how_often_its_source_was_passed() -> None:
    seen = set()
    for batch in MixedBatches({0: torch.arange(3), 1: torch.arange(3, 9)}, 4, 30, 0):
        for draw in batch:
            assert draw not in seen
            assert draw.turn == sum(Draw(draw.row, turn) in seen for turn in range(draw.turn))
            seen.add(draw)


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=4),
    st.integers(1, 4),
    st.integers(0, 30),
    st.integers(0, 2**32),
    st.integers(0, 3),
)
def test_ranks_share_every_batch(sizes: list[int], ranks: int, extra: int, seed: int, first: int) -> None:
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    sources = {i: torch.arange(starts[i], starts[i] + size) for i, size in enumerate(sizes)}
    batch_size = len(sizes) + extra
    least = sum(min(size, -(-count // 2)) for size, count in zip(sizes, shares(sizes, batch_size), strict=True))
    if ranks > 1 and least < ranks:
        with pytest.raises(ValueError, match="have an image of its own in every step"):
            MixedBatches(sources, batch_size, 4, seed, ranks=ranks)
        return
    whole = MixedBatches(sources, batch_size, 4, seed)
    parts = [MixedBatches(sources, batch_size, 4, seed, rank=rank, ranks=ranks) for rank in range(ranks)]
    for mixed in (whole, *parts):
        mixed.load_state_dict(whole.state_dict(), first)
    given = [list(part) for part in parts]
    assert {len(part) for part in given} == {4 - first}
    for step, batch in enumerate(whole):
        dealt = [part[step] for part in given]
        assert sorted(draw for part in dealt for draw in part) == sorted(batch)
        rows = [{draw.row for draw in part} for part in dealt]
        assert sum(map(len, rows)) == len({draw.row for draw in batch})  # no image on two ranks
        assert min(map(len, rows)) >= 1
        assert max(map(len, rows)) - min(map(len, rows)) <= 1


def test_too_few_images_for_the_ranks() -> None:
    with pytest.raises(ValueError, match=r"`batch_size` should let each of 3 ranks .* Found 2, of which 2 are sure"):
        MixedBatches({0: torch.arange(5), 1: torch.arange(5, 9)}, 2, 1, 0, ranks=3)
    with pytest.raises(ValueError, match="for rank 2"):
        MixedBatches({0: torch.arange(5)}, 4, 1, 0, rank=2, ranks=2)


AUGMENTATION = Augmentation(flip=0.5, padding=1, brightness=0.2, contrast=0.2, saturation=0.2, erasing=0.5)


def loader(*, steps: int = 9, seed: int = 0, workers: int = 0, batch_size: int = 8) -> MixedLoader:
    data = StoredImages(table(24), Preprocessing(size=(10, 8)))
    mixed = MixedBatches(data.sources(), batch_size, steps, seed)
    return MixedLoader(data, mixed, augmentation=AUGMENTATION, workers=workers)


def same(one: Batch, two: Batch) -> bool:
    pairs = [(annotation, two.annotations[name]) for name, annotation in one.annotations.items()]
    return torch.equal(one.images, two.images) and all(
        torch.equal(a.nan_to_num(-1), b.nan_to_num(-1)) for a, b in pairs
    )


def test_workers_change_nothing() -> None:
    plain = list(loader())
    for workers in (1, 2):
        assert all(starmap(same, zip(plain, loader(workers=workers), strict=True)))
    assert not same(plain[0], next(iter(loader(seed=1))))


def test_augmentation_is_new_in_each_pass() -> None:
    few = StoredImages(table(4), Preprocessing(size=(10, 8)))
    mixed = MixedBatches({0: torch.tensor([2])}, 1, 6, 0)
    images = [batch.images for batch in MixedLoader(few, mixed, augmentation=AUGMENTATION)]
    assert len({tuple(image.flatten().tolist()) for image in images}) == 6
    plain = [batch.images for batch in MixedLoader(few, mixed)]
    assert all(torch.equal(image, few[2].images) for image in plain)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_resumed_loader_goes_on_with_the_next_batch(workers: int) -> None:
    whole, stopped, resumed = list(loader()), loader(workers=workers), loader(workers=workers)
    given = list(islice(stopped, 4))  # two workers have prefetched four more
    assert all(starmap(same, zip(given, whole[:4], strict=True)))
    state = pickle.loads(pickle.dumps(stopped.state_dict()))
    resumed.load_state_dict(state)
    assert resumed.state_dict() == state
    assert all(starmap(same, zip(resumed, whole[4:], strict=True)))
    assert resumed.state_dict()["given"] == 9
    assert len(resumed) == 9
    assert all(starmap(same, zip(resumed, whole, strict=True)))  # and from the beginning


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"seed": 1}, r"`seed` should be as in the run that is resumed, 0. Found 1"),
        ({"batch_size": 9}, r"`batch_size` .* 8. Found 9. Other data or settings are a new run"),
        ({"steps": 10}, r"`steps` .* 9. Found 10"),
    ],
)
def test_a_loader_of_other_batches_is_refused(other: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        loader(**other).load_state_dict(loader().state_dict())
