"""Cells mean the same whatever file or type they come from, and whatever else is in their column."""

import math
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conjoin import MultiClass, MultiLabel, RelationTable, count_relation
from conjoin.cells import alike, in_memory, known, numbered, spelling
from conjoin.relate import partial_table
from conjoin.sources import annotations, prepare
from conjoin.sources._words import from_words
from conjoin.study import Words

from .shops import make_study, picture, write_csv

NAN, INF = math.nan, math.inf


pytestmark = pytest.mark.usefixtures("_own_cache")


def spelled(cells: list[Any]) -> list[str | None]:
    values = pl.Series(cells, strict=False)
    return in_memory(values, lambda cell: known(spelling(cell, values.dtype), ())).to_list()


CELLS = st.lists(st.none() | st.integers(-3, 12) | st.sampled_from([0.5, NAN, INF, -INF, 1e300]), min_size=1)


@given(CELLS)
def test_numbers_are_spelled_alike_whatever_their_type(cells: list[float | int | None]) -> None:
    numbers = [None if cell is None else float(cell) for cell in cells]
    text = ["" if cell is None else f" {cell} " for cell in numbers]
    assert spelled(text) == spelled(numbers)
    assert spelled(numbers) == [spelled([number])[0] for number in numbers]
    if all(cell is None or isinstance(cell, int) for cell in cells):
        assert spelled(cells) == spelled(numbers)


def test_what_is_spelled_how() -> None:
    assert spelled([0.0, 1.0, 0.5, NAN, INF, None]) == ["0", "1", "0.5", None, "inf", None]
    assert spelled([" a ", "2.00", "nan", "NaN", "", "1.5", "v1.0"]) == ["a", "2", None, None, None, "1.5", "v1.0"]
    assert spelled([True, False, None]) == ["1", "0", None]


CAFE, APART = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))


def test_a_name_in_two_forms_of_unicode_is_one(tmp_path: Path) -> None:
    """One system writes an é as one sign, another as an e and an accent: they look the same."""
    assert spelled([CAFE, APART]) == [CAFE, CAFE]
    cells = {"csv": [CAFE, "bar"], "parquet": [APART, "bar"]}
    assert classes(tmp_path, {"classes": "collected"}, cells) == (["bar", CAFE], [1, 0, 1, 0])
    assert classes(tmp_path, {"classes": [APART, "bar"]}, cells) == ([APART, "bar"], [0, 1, 0, 1])
    table = count_relation(pl.DataFrame({"c": [CAFE, APART, "bar"], "x": [1, 0, 1]}), "c", ["x"])
    assert table.classes == ("bar", CAFE)
    source, target = MultiClass("c", [APART, "bar"]), MultiLabel("t", ["x"])
    assert table.relation(source, target).count[:, 0].tolist() == [2, 1]
    partial = partial_table(table, [APART, "new"], ["x"], fill={"new": 0.5})
    assert partial.relation(MultiClass("c", [CAFE, "new"]), target).count[0, 0] == 2
    words = Words(text="x", words={"coffee": (APART,), "beer": ("bar",)})
    assert from_words(pl.Series([CAFE, APART]), words)["coffee"].tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"`classes` should be unique. Found \['café'\] repeated"):
        RelationTable((CAFE, APART), ("x",), "multi-label", np.full((2, 1), 0.5), "me")


def test_numbers_are_codes_unless_a_name_is_a_number() -> None:
    cells = pl.Series(["0", "01", "b", "2", "-1", "x", None])
    assert numbered(cells, ["a", "b"], codes=True).to_list() == [0, 1, 1, None, None, None, None]
    assert numbered(cells, ["a", "b"], codes=False).to_list() == [None, None, 1, None, None, None, None]
    assert numbered(cells, ["2.0", "b"], codes=True).to_list() == [None, None, 1, 0, None, None, None]
    assert alike(["a", "1", "b", "1.0"]) == ("1", "1.0")
    assert alike(["a", "a", "b"]) is None


def classes(folder: Path, task: Any, cells: dict[str, list[Any]]) -> Any:
    """Outputs and codes of one task that a file of each format annotates."""
    data: list[dict[str, Any]] = []
    for format, values in cells.items():
        rows = [{"image": f"{format}{n}.png", "c": value} for n, value in enumerate(values)]
        for number, row in enumerate(rows):
            (folder / row["image"]).write_bytes(picture(len(data) * 100 + number))
        path = folder / f"c.{format}"
        write_csv(path, rows) if format == "csv" else pl.DataFrame(rows).write_parquet(path)
        data.append({"format": format, "path": str(path), "split": "train", "annotations": {"t": "c"}})
    prepared = prepare(make_study({"t": task}, *data), refuse=False)
    prepared.account.faults.refuse()
    return list(prepared.tasks[0].outputs), annotations(prepared.table["train"])["t"].tolist()


CASES: dict[str, tuple[Any, dict[str, list[Any]], list[str], list[int]]] = {
    "a CSV of decimals beside Parquet": (
        "collected",
        {"csv": ["0.0", "1.0", "", "1.0"], "parquet": [0, 1]},
        ["0", "1"],
        [0, 1, -1, 1, 0, 1],
    ),
    "a fraction among whole numbers": ("collected", {"parquet": [0.0, 1.0, 0.5]}, ["0", "0.5", "1"], [0, 2, 1]),
    "text that says nan": ("collected", {"csv": ["a", "nan", "b", "NaN"]}, ["a", "b"], [0, -1, 1, -1]),
    "a name that is nan": (["nan", "b"], {"csv": ["b", "nan"]}, ["nan", "b"], [1, 0]),
    "not finite": (["a", "inf"], {"parquet": [INF, 0.0, NAN]}, ["a", "inf"], [1, 0, -1]),
    "names with decimals": (["1.0", "2.0"], {"csv": ["1.0", "2"], "parquet": [1, 2]}, ["1.0", "2.0"], [0, 1, 0, 1]),
}


@pytest.mark.parametrize("case", CASES)
def test_the_format_of_a_file_does_not_matter(case: str, tmp_path: Path) -> None:
    names, cells, outputs, expected = CASES[case]
    assert classes(tmp_path, {"classes": names}, cells) == (outputs, expected)
