"""What cells say of tasks: codes, names, lists, probabilities, words."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from conjoin.sources import DataError, annotations, prepare, write_soft
from conjoin.study import Words
from conjoin.tasks import MultiClass, MultiLabel
from tests.shops import make_study, picture, write_shop

from .tables import TASKS, TRAIN, codes

pytestmark = pytest.mark.usefixtures("_own_cache")


def one_column(folder: Path, cells: list[Any], annotation: Any, task: Any, **source: Any) -> Any:
    """Annotations read from one column of JSON lines."""
    lines = []
    for number, cell in enumerate(cells):
        (folder / f"{number}.png").write_bytes(picture(number))
        lines.append(json.dumps({"image": f"{number}.png"} | (cell if isinstance(cell, dict) else {"x": cell})))
    (folder / "x.jsonl").write_text("\n".join(lines))
    settings = {"format": "jsonl", "path": str(folder / "x.jsonl"), **TRAIN, "annotations": {"t": annotation}, **source}
    return codes(make_study({"t": task}, settings), "t")


AB: dict[str, Any] = {"classes": ["a", "b"]}
RS: dict[str, Any] = {"labels": ["red", "soft"]}
CELLS: dict[str, tuple[list[Any], Any, Any, list[Any]]] = {
    "names": (["a", " b ", None, ""], "x", AB, [0, 1, -1, -1]),
    "codes": ([0, 1, None, 1], "x", AB, [0, 1, -1, 1]),
    "declared codes for missing": ([0, 9, -1, 999], {"column": "x", "missing": [9, -1, 999]}, AB, [0, -1, -1, -1]),
    "a word for missing": (["a", "NA"], {"column": "x", "missing": ["NA"]}, AB, [0, -1]),
    "decimals that are whole": ([0.0, 1.0, 9.0], {"column": "x", "missing": [9]}, AB, [0, 1, -1]),
    "other names": ([3, 4], {"column": "x", "values": {"3": "b", "4": "a"}}, AB, [1, 0]),
    "numbers as names": ([10, 2], "x", {"classes": ["2", "10"]}, [1, 0]),
    "collected": (["b", "c", "b", "a", "c"], "x", {"classes": "collected", "at_least": 2}, [0, 1, 0, -1, 1]),
    "a number too rare to be collected": (
        [*["cat"] * 3, *["dog"] * 3, "1"],
        "x",
        {"classes": "collected", "at_least": 3},
        [0, 0, 0, 1, 1, 1, -1],
    ),
    "a label that is a number too rare to be collected": (
        [["cat"], ["cat", "dog"], ["dog"], ["1"]],
        "x",
        {"labels": "collected", "at_least": 2},
        [[1, 0], [1, 1], [0, 1], [0, 0]],
    ),
    "lists": ([["soft"], [], None, ["red", "soft"]], "x", RS, [[0, 1], [0, 0], [-1, -1], [1, 1]]),
    "lists as text": (["soft;red", "", "red"], {"column": "x", "separator": ";"}, RS, [[1, 1], [-1, -1], [1, 0]]),
    "lists of codes": ([[1], [0, 1], [9]], {"column": "x", "missing": [9]}, RS, [[0, 1], [1, 1], [-1, -1]]),
    "collected labels": ([["u"], ["v", "u"]], "x", {"labels": "collected", "at_least": 2}, [[1], [1]]),
    "numbers beside text": (
        ["a", 1, None, 0.0, "b", True, 9],
        {"column": "x", "missing": [9]},
        AB,
        [0, 1, -1, 0, 1, 1, -1],
    ),
    "lists of numbers beside text": (
        [["soft", 0], [1], None, [9]],
        {"column": "x", "missing": [9]},
        RS,
        [[1, 1], [0, 1], [-1, -1], [-1, -1]],
    ),
    "labels of numbers beside text": (
        [{"red": "no", "soft": 1}, {"red": 1, "soft": 0}],
        {"columns": ["red", "soft"], "missing": ["no"]},
        RS,
        [[-1, 1], [1, 0]],
    ),
    "a key of numbers beside text": ([{"y": {"z": "a"}}, {"y": {"z": 1}}], "y.z", AB, [0, 1]),
    "lists of nothing": ([[None], ["nan", "red"], [""], []], "x", RS, [[-1, -1], [1, 0], [-1, -1], [0, 0]]),
    "lists of other names": (
        [["3"], ["3.0", "9"]],
        {"column": "x", "values": {3: "soft"}, "missing": [9]},
        RS,
        [[0, 1], [-1, -1]],
    ),
    "text that says nan for a label": ([{"red": "nan", "soft": "1"}], {"columns": ["red", "soft"]}, RS, [[-1, 1]]),
    "a column for each label": (
        [{"red": 1, "soft": 0}, {"red": None, "soft": 1}, {"red": 9, "soft": 0}],
        {"columns": ["red", "soft"], "missing": [9]},
        RS,
        [[1, 0], [-1, 1], [-1, 0]],
    ),
    "some of the labels": ([{"S": True}, {"S": False}], {"columns": {"soft": "S"}}, RS, [[-1, 1], [-1, 0]]),
}


@pytest.mark.parametrize("case", CELLS)
def test_what_cells_mean(case: str, tmp_path: Path) -> None:
    cells, annotation, task, expected = CELLS[case]
    assert one_column(tmp_path, cells, annotation, task) == expected


@pytest.mark.parametrize("cells", [["a", ["b"]], [["a"], ["b", ["a"]]]])
def test_lists_beside_text(cells: list[Any], tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"Column 'x' .* lists in every cell or in none.* Found \['[ab]'\] beside others"
    ):
        one_column(tmp_path, cells, "x", RS)


def test_missing_codes_of_a_whole_source(tmp_path: Path) -> None:
    assert one_column(tmp_path, [0, 9], "x", AB, missing=[9]) == [0, -1]


def test_probabilities(tmp_path: Path) -> None:
    cells = [{"p": 0.25, "q": 0.75}, {"p": None, "q": None}]
    soft = {"columns": {"a": "p", "b": "q"}, "soft": True}
    found = np.array(one_column(tmp_path, cells, soft, AB))
    assert found[0].tolist() == [0.25, 0.75]
    assert np.isnan(found[1]).all()
    partly = np.array(
        one_column(tmp_path, [{"p": 0.5, "q": None}], {"columns": {"red": "p", "soft": "q"}, "soft": True}, RS)
    )
    assert partly[0, 0] == 0.5
    assert np.isnan(partly[0, 1])


def test_probabilities_of_some_of_the_classes(tmp_path: Path) -> None:
    cells = [{"p": 0.25, "q": 0.75}, {"p": 1, "q": 0}, {"p": None, "q": None}]
    soft = {"columns": {"c": "p", "a": "q"}, "soft": True}
    found = np.array(one_column(tmp_path, cells, soft, {"classes": ["a", "b", "c"]}))
    assert found[:2].tolist() == [[0.75, 0, 0.25], [0, 0, 1]]
    assert np.isnan(found[2]).all()
    with pytest.raises(DataError, match=r"'t' should sum to 1, or all be empty. Found \[0.5, 0.25\]"):
        one_column(tmp_path, [*cells, {"p": 0.5, "q": 0.25}], soft, {"classes": ["a", "b", "c"]})


def test_what_a_rare_class_takes_of_a_distribution_is_counted(tmp_path: Path) -> None:
    cells: list[list[Any]] = [[0.9, 0.1, 0, 0], [0.2, 0.8, 0, 0], [0.5, 0.2, 0.3, 0], [0.1, 0.3, 0, 0.6], [""] * 4]
    rows = [dict(zip("abcd", row, strict=True)) for row in cells]
    annotation = {"t": {"columns": list("abcd"), "soft": True}}
    source = {"path": str(write_shop(tmp_path, rows)), **TRAIN, "annotations": annotation}
    prepared = prepare(make_study({"t": {"classes": "collected"}}, source), refuse=False)
    assert prepared.tasks[0].outputs == ("a", "b", "d")
    assert prepared.account.left_out == {"t": {"c": 1}}
    found = np.array(annotations(prepared.table["train"])["t"])
    np.testing.assert_allclose(found[[0, 1, 3]], [[0.9, 0.1, 0], [0.2, 0.8, 0], [0.1, 0.3, 0.6]], rtol=1e-6)
    assert np.isnan(found[[2, 4]]).all()


def test_a_task_that_one_source_annotates_with_probabilities_has_them_everywhere(tmp_path: Path) -> None:
    write_shop(tmp_path, [{"article": "shoe"}, {"article": ""}], "hard.csv")
    write_shop(tmp_path, [{"p": "0.25", "q": "0.75"}], "soft.csv", start=2)
    study = make_study(
        TASKS,
        {"path": str(tmp_path / "hard.csv"), **TRAIN, "annotations": {"article": "article"}},
        {
            "path": str(tmp_path / "soft.csv"),
            **TRAIN,
            "annotations": {"article": {"columns": {"shirt": "p", "shoe": "q"}, "soft": True}},
        },
    )
    found = np.array(codes(study))
    assert found[[0, 2]].tolist() == [[0, 1], [0.25, 0.75]]
    assert np.isnan(found[1]).all()


def test_what_is_written_soft_is_read_back(tmp_path: Path) -> None:
    tasks = [MultiClass("article", ["shirt", "shoe"]), MultiLabel("t", ["red", "soft"])]
    given = {
        "article": torch.tensor([[0.5, 0.5], [torch.nan, torch.nan]]),
        "t": torch.tensor([[0.5, torch.nan], [1.0, 0.0]]),
    }
    rounded = given | {"t": given["t"] + torch.tensor([[1e-7, 0.0], [1e-7, -1e-9]])}  # as a mean of predictions
    for number in range(2):
        (tmp_path / f"{number}.png").write_bytes(picture(number))
    write_soft(tmp_path / "soft.parquet", tasks, rounded, image=["0.png", "1.png"])
    settings = {
        task.name: {"columns": {name: f"{task.name}:{name}" for name in task.outputs}, "soft": True} for task in tasks
    }
    study = make_study(
        TASKS | {"t": RS},
        {"format": "parquet", "path": str(tmp_path / "soft.parquet"), **TRAIN, "annotations": settings},
    )
    for name, values in given.items():
        np.testing.assert_allclose(np.array(codes(study, name)), values.numpy(), rtol=0, atol=2e-7)
        assert np.nanmax(codes(study, name)) <= 1
        assert np.nanmin(codes(study, name)) >= 0
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".soft")) == []
    with pytest.raises(ValueError, match=r"one entry for each image. Found \{'image': 1, 'article:shirt': 2"):
        write_soft(tmp_path / "x.parquet", tasks, given, image=["0.png"])


TITLES = ["Printed shirt", "Print and STRIPES", "polka  dot dress", "Blueprint", "plain", None]
WORDS = {"printed": ["print", "printed"], "striped": ["stripes"], "dotted": ["polka dot"], "plain": ["plain"]}


def test_words_settle_their_group_and_nothing_else(tmp_path: Path) -> None:
    task = {"labels": list(WORDS)}
    together = one_column(tmp_path, TITLES, {"text": "x", "words": WORDS}, task)
    assert together == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [-1] * 4, [0, 0, 0, 1], [-1] * 4]
    apart = {"text": "x", "words": WORDS, "groups": [["printed", "plain"]]}
    assert one_column(tmp_path, TITLES[:2], apart, task) == [[1, -1, -1, 0], [1, 1, -1, 0]]


def test_a_text_may_be_missing(tmp_path: Path) -> None:
    words = {"text": "x", "words": {"red": ["red", "unknown"], "soft": ["soft"]}}
    assert one_column(tmp_path, ["Red", "unknown", "soft"], words, RS, missing=["unknown"]) == [
        [1, 0],
        [-1] * 2,
        [0, 1],
    ]


@given(st.lists(st.sampled_from(["print", "stripes", "blue", "dress"]), max_size=4))
def test_a_label_is_absent_only_where_another_is_present(words: list[str]) -> None:
    from conjoin.sources._words import from_words  # noqa: PLC0415

    settings = Words(text="x", words={"printed": ("print",), "striped": ("stripes",)})
    found = {label: int(v[0]) for label, v in from_words(pl.Series([" ".join(words)]), settings).items()}
    present = {"printed": "print" in words, "striped": "stripes" in words}
    assert found == {label: 1 if here else 0 if any(present.values()) else -1 for label, here in present.items()}


def test_labels_that_were_collected_elsewhere_are_not_absent_here(tmp_path: Path) -> None:
    """Shops that tag other things; of declared labels an empty list says that there is none."""
    cells: list[list[Any]] = [[["red"], [], ["soft", "red"]], [["wide"], [], None]]
    for number, part in enumerate(cells):
        lines = [json.dumps({"image": f"{number}{n}.png", "x": cell}) for n, cell in enumerate(part)]
        (tmp_path / f"{number}.jsonl").write_text("\n".join(lines))
        for n in range(3):
            (tmp_path / f"{number}{n}.png").write_bytes(picture(3 * number + n))
    sources = [
        {"format": "jsonl", "path": str(tmp_path / f"{number}.jsonl"), **TRAIN, "annotations": {"t": "x"}}
        for number in range(2)
    ]
    first, second = [[1, 0, -1], [0, 0, -1], [1, 1, -1]], [[-1, -1, 1], [-1, -1, 0], [-1, -1, -1]]
    assert codes(make_study({"t": {"labels": "collected"}}, *sources), "t") == first + second
    declared = codes(make_study({"t": {"labels": ["red", "soft", "wide"]}}, *sources), "t")
    assert declared == [[max(cell, 0) for cell in row] for row in (*first, *second[:2])] + [[-1, -1, -1]]
