"""Training images of a study that are set aside from couplings."""

from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from conjoin.sources import Account, Prepared, study_problem
from conjoin.sources._aside import set_aside
from tests.shops import make_study, write_shop

from .tables import TRAIN


def aside(first: int, second: int, content: Any, *, related: bool = True, told: int = 10**6) -> NDArray[np.bool_]:
    """Of images of source 0 with a class and of source 1 with two labels, of which the last is known on `told`."""
    none = [[-1, -1]]
    labels = none * first + [[1, 0 if row < told else -1] for row in range(second)]
    columns = {"source": [0] * first + [1] * second, "task:kind": [0] * first + [-1] * second, "task:marks": labels}
    features = {"source": datasets.Value("int64"), "task:kind": datasets.Value("int64")}
    pair = datasets.Sequence(datasets.Value("int64"), length=2)
    table = datasets.Dataset.from_dict(columns, datasets.Features(features | {"task:marks": pair}))
    tasks = {"kind": {"classes": ["a", "b"]}, "marks": {"labels": ["m", "n"]}}
    relations = [{"source": "kind", "target": "marks", "learned": True}] * related
    source = {"path": "a.csv", **TRAIN, "annotations": {"kind": "kind", "marks": {"columns": ["m", "n"]}}}
    study = make_study(tasks, source, relations=relations)
    prepared = Prepared((), ("a", "b"), {"train": table}, {}, Account(), {"train": content})
    return set_aside(study, prepared)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(4, 10, (0, 2)), (249, 250, (49, 50)), (100, 4900, (20, 50)), (5100, 20000, (51, 200))],
)
def test_a_fifth_is_set_aside_but_no_more_than_50_or_a_hundredth(
    first: int, second: int, expected: tuple[int, int]
) -> None:
    content = np.random.default_rng(0).integers(0, 2**63, first + second).astype(np.uint64)
    found = aside(first, second, content)
    assert (int(found[:first].sum()), int(found[first:].sum())) == expected
    assert aside(first, second, content, related=False).sum() == 0


def test_each_label_has_its_fifth() -> None:
    """The second is known on the first ten images only: two of them, beside eight of forty for the first."""
    content = np.arange(60)[::-1].astype(np.uint64)  # last first
    assert np.flatnonzero(aside(20, 40, content, told=10)[20:]).tolist() == [8, 9, *range(32, 40)]


def test_pixels_say_which() -> None:
    content = np.random.default_rng(1).permutation(60).astype(np.uint64)
    found = aside(20, 40, content)
    assert set(content[:20][found[:20]]) == set(sorted(content[:20])[:4])
    assert set(content[20:][found[20:]]) == set(sorted(content[20:])[:8])


@pytest.mark.usefixtures("_own_cache")
@pytest.mark.parametrize("related", [True, False])
def test_training_images_of_a_study(related: bool, tmp_path: Path) -> None:
    rows = [{"kind": "ab"[i % 2], "use": "xy"[i % 3 // 2], "split": "test" if i > 40 else "train"} for i in range(50)]
    write_shop(tmp_path, rows)
    tasks = {"kind": {"classes": ["a", "b"]}, "use": {"classes": ["x", "y"]}}
    source = {"path": str(tmp_path / "shop.csv"), "split": {"column": "split"}}
    relations = [{"source": "kind", "target": "use", "counted": True}] * related
    study = make_study(tasks, source | {"annotations": {name: name for name in tasks}}, relations=relations)
    made = study_problem(study)
    assert int(made.train.set_aside.sum()) == (8 if related else 0)  # of 41, annotated for both
    assert int(made.test.set_aside.sum()) == 0
    assert torch.equal(made.train.read(range(41)).set_aside, made.train.set_aside)
    if related:
        assert float(made.relations[0].count.sum()) == 33  # not those on which the table is judged
