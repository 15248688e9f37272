"""Annotations hidden on purpose, and sources made to differ."""

from pathlib import Path
from typing import Any

import datasets
import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from conjoin.data import decode
from conjoin.sources import DataError, annotations, prepare
from conjoin.sources._hide import hide
from conjoin.sources._rows import Rows, annotated
from conjoin.sources._shift import shift_image, with_class_prior
from conjoin.study import Regime, Shift
from conjoin.tasks import MultiClass

from .shops import make_study, write_shop


def full_rows(size: int, seed: int = 0, unknown: float = 0.0) -> Rows:
    """A source annotated for three tasks, in all splits."""
    rng = np.random.default_rng(seed)
    meta = pl.DataFrame(
        {
            "image": np.arange(size),
            "source": np.zeros(size, np.int16),
            "file": np.zeros(size, np.int32),
            "row": np.arange(1, size + 1, dtype=np.int32),
            "id": pl.Series([None] * size, dtype=pl.String),
            "group": pl.Series([None] * size, dtype=pl.String),
            "split": rng.choice(3, size, p=[0.6, 0.2, 0.2]).astype(np.int8),
        }
    )
    values: dict[str, Any] = {
        "a": rng.integers(0, 3, size).astype(np.int32),
        "b": rng.integers(0, 2, (size, 2)).astype(np.int8),
        "c": rng.random((size, 2)).astype(np.float32),
    }
    values["a"][rng.random(size) < unknown] = -1
    return Rows(meta, values, ["shop"], ["shop.csv"])


def regime(**settings: Any) -> Regime:
    return Regime.model_validate(settings)


@given(
    st.integers(0, 3),
    st.integers(5, 20),
    st.integers(5, 40),
    st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    st.sampled_from([0.0, 0.3]),
)
def test_a_regime_keeps_what_it_grants(seed: int, few: int, many: int, overlap: float, unknown: float) -> None:
    rows = full_rows(200, seed, unknown)
    visible, full = hide(rows, regime(a=few, **{"b+c": many}, overlap=overlap), seed)
    test = visible.column("split") == 2
    known = {name: annotated(values) for name, values in visible.annotations.items()}
    assert (known["a"] & ~test).sum() == few  # training and validation together
    assert (known["b"] & ~test).sum() == many
    assert np.array_equal(known["b"], known["c"])
    assert (known["a"] & known["b"] & ~test).sum() == round(overlap * min(few, many))
    assert test.sum() == (rows.column("split") == 2).sum()
    assert (known["a"] | known["b"] | test).all()
    for name, values in visible.annotations.items():  # what is hidden is kept elsewhere, unchanged
        shown = values[known[name]]
        assert np.array_equal(shown, full.annotations[name][known[name]])
        assert np.array_equal(full.annotations[name], rows.annotations[name][full.column("image")])
    assert np.array_equal(annotated(full.annotations["a"])[test], known["a"][test])


def test_images_are_drawn_by_the_seeds() -> None:
    rows = full_rows(200)
    drawn = [
        hide(rows, regime(**{"a": 20, "b+c": 20}, seed=own), seed)[0].column("row").tolist()
        for own, seed in ((0, 0), (0, 0), (1, 0), (0, 1))
    ]
    assert drawn[0] == drawn[1]
    assert len({str(rows) for rows in drawn}) == 3


def test_a_task_that_is_not_named_keeps_everything() -> None:
    rows = full_rows(100)
    visible, _ = hide(rows, regime(a=10))
    assert len(visible) == 100
    assert annotated(visible.annotations["b"]).all()


def test_each_set_is_a_source_of_its_own() -> None:
    visible, full = hide(full_rows(200), regime(a=10, b=30, c=40, overlap=0.5))
    assert list(visible.sources) == ["shop", "shop: a", "shop: b", "shop: c"]
    assert list(full.sources) == list(visible.sources)
    counts = np.bincount(visible.column("source"))
    assert counts[1:].tolist() == [10, 25, 22]  # half of the smaller of set and earlier images overlap


def test_too_few_images() -> None:
    message = (
        r"`regime.a` should be at most the number of images of train .* Found 500, of which 0 .* there are \d+ others"
    )
    with pytest.raises(DataError, match=message):
        hide(full_rows(200), regime(a=500))
    with pytest.raises(DataError, match=r"`regime.b`.* Found 155"):
        hide(full_rows(200), regime(a=10, b=155))


@given(st.lists(st.integers(0, 2), min_size=1, max_size=60), st.floats(0.1, 5), st.floats(0.1, 5))
def test_class_frequencies_are_changed_by_leaving_images_out(codes: list[int], first: float, second: float) -> None:
    values = np.array(codes, np.int32)
    assume({0, 1} <= set(codes))
    task = MultiClass("a", ["x", "y", "z"])
    keep = with_class_prior(values, task, Shift(class_prior={"a": {"x": first, "y": second}}))
    left, before = np.bincount(values[keep], minlength=3), np.bincount(values, minlength=3)
    assert left[2] == before[2]
    scale = min(before[0] / first, before[1] / second)
    assert left[:2].tolist() == [round(scale * first), round(scale * second)]
    assert (left[:2] == before[:2]).any()  # as many as possible


def test_frequency_of_a_class_without_images() -> None:
    task, values = MultiClass("a", ["wax", "wool", "silk"]), np.array([0, 0, 2], np.int32)
    for absent in ("wool", "silc"):
        with pytest.raises(DataError, match=rf"`class_prior` of task 'a' should name classes .* Found '{absent}' on n"):
            with_class_prior(values, task, Shift(class_prior={"a": {"wax": 1, absent: 2}}))


def test_pixels_of_a_shifted_source() -> None:
    image = Image.new("RGB", (10, 10), (100, 100, 100))
    image.putpixel((0, 0), (255, 255, 255))
    assert shift_image(image, Shift(crop=0.5)).size == (5, 5)
    assert shift_image(image, Shift(colour_cast=(1, 0.5, 3))).getpixel((5, 5)) == (100, 50, 255)
    assert shift_image(image, Shift(blur=1)).getpixel((1, 1)) != (100, 100, 100)
    flat = np.ptp(np.asarray(shift_image(image, Shift(contrast=0.1))))
    assert flat < np.ptp(np.asarray(image)) / 5
    assert shift_image(image, Shift()) is image


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    parts = ["train", "train", "validation", "test"]
    rows = [{"article": ("shoe", "shirt")[n % 3 == 0], "c": "xy"[n % 2], "part": parts[n % 4]} for n in range(40)]
    return {
        "path": str(write_shop(tmp_path, rows)),
        "split": {"column": "part"},
        "annotations": {"article": "article", "c": "c"},
    }


TASKS = {"article": {"classes": ["shirt", "shoe"]}, "c": {"classes": ["x", "y"]}}


def test_hidden_annotations_are_for_evaluation_only(shop: dict[str, Any]) -> None:
    prepared = prepare(make_study(TASKS, shop, regime={"article": 6, "c": 12}))
    counts = {split: len(table) for split, table in prepared.table.items()}
    assert counts["train"] + counts["validation"] == 18
    assert counts["test"] == 10
    for split, table in prepared.table.items():
        assert table["row"][:] == prepared.hidden[split]["row"][:]
        seen, full = annotations(table), annotations(prepared.hidden[split])
        assert ((seen["article"] < 0) != (seen["c"] < 0)).all() or split == "test"
        assert (full["article"] >= 0).all()
        assert (full["c"] >= 0).all()
    other = prepare(make_study(TASKS, shop, regime={"article": 6, "c": 12}), seed=1)
    assert other.table["train"]["row"][:] != prepared.table["train"]["row"][:]


def test_a_shifted_source_from_end_to_end(shop: dict[str, Any]) -> None:
    shift = {"colour_cast": [1, 0.5, 1], "crop": 0.5, "class_prior": {"article": {"shirt": 1, "shoe": 1}}}
    plain, shifted = (prepare(make_study(TASKS, shop | more)) for more in ({}, {"shift": shift}))
    found = np.concatenate([annotations(table)["article"] for table in shifted.table.values()])
    assert np.bincount(found).tolist() == [14, 14]
    assert shifted.account.shifted == {"source0": 12}
    row = shifted.table["train"]["row"][0]
    before = plain.table["train"][plain.table["train"]["row"][:].index(row)]["image"]
    after = shifted.table["train"][0]["image"]
    old, new = (np.asarray(decode(e["bytes"] or e["path"])).astype(float) for e in (before, after))
    assert np.abs(old[1:4, 2:6] * [1, 0.5, 1] - new).max() <= 0.5
