"""What is said of rows and tables that cannot be used."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from conjoin import MultiClass, MultiLabel, RelationTable, count_relation, published, read_table

from .rows import LABELLED

ARTICLE, MARKS = MultiClass("article", ["a", "b", "c"]), MultiLabel("marks", ["x", "y"])


def counted(rows: pl.DataFrame = LABELLED, source: str = "article", targets: Any = "x", **more: Any) -> Any:
    return lambda: count_relation(rows, source, targets, **more)


def table(probability: Any = ((0.5, 0.5),), classes: Any = ("a",), outputs: Any = ("x", "y"), **more: Any) -> Any:
    return lambda: RelationTable(classes, outputs, more.pop("kind", "multi-label"), np.array(probability), "me", **more)


def to_relation(source: MultiClass, target: MultiLabel) -> Any:
    return lambda: count_relation(LABELLED, "article", ["x", "y"]).relation(source, target)


WEIGHED = LABELLED.with_columns(w=pl.Series([1.0, 1, 1, -2, 1, 1, 1, 1]), n=pl.Series([1.0] * 6 + [None, 1.0]))
ERRORS: dict[str, tuple[Callable[[], Any], type[Exception], list[str]]] = {
    "column": (counted(source="artcle"), ValueError, ["`source` should name a column", "'artcle'", "mean 'article'?"]),
    "target": (counted(targets=["x", "z"]), ValueError, ["`targets` should name a column", "Found 'z'"]),
    "weight column": (counted(weight="v"), ValueError, ["`weight` should name a column", "Found 'v'"]),
    "same column": (counted(targets="article"), ValueError, ["different columns", "['article', 'article']"]),
    "no target": (counted(targets=[]), ValueError, ["different columns", "['article']"]),
    "prior": (counted(prior=0), ValueError, ["`prior` should be a number above 0", "Found 0"]),
    "outputs": (counted(targets=["x"], outputs=["x"]), ValueError, ["`outputs` should not be given"]),
    "missing text": (counted(missing="999"), ValueError, ["`missing` should be a collection", "'999'"]),
    "missing column": (counted(missing={"z": [9]}), ValueError, ["`missing` should name columns in use", "'z'"]),
    "label value": (
        counted(LABELLED.with_columns(x=pl.Series([1, 0, 0, 0, 5, 1, 1, 1])), targets=["x"]),
        ValueError,
        ["0, 1 or nothing", "Found 5 in column 'x', row 5 of `rows`", "declare it in `missing`"],
    ),
    "minus one": (
        counted(LABELLED.with_columns(x=pl.Series([1, 0, -1, 0, 1, 1, 1, 1])), targets=["x"]),
        ValueError,
        ["Found -1 in column 'x', row 3 of `rows`", "declare it in `missing`"],
    ),
    "names alike": (
        counted(LABELLED, classes=["1", "b", "1.0"], targets=["x"]),
        ValueError,
        ["`classes` should be names that cells tell apart. Found '1' and '1.0'."],
    ),
    "label probability": (
        counted(LABELLED.with_columns(x=pl.Series([1.0, 0.25, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0])), targets=["x"]),
        ValueError,
        ["Found 0.25", "row 2", "probabilities are not counted"],
    ),
    "label type": (
        counted(LABELLED.with_columns(x=pl.Series([["p"]] * 8)), targets=["x"]),
        ValueError,
        ["column 'x' should hold 0, 1 or nothing", "List(String)", "given alone"],
    ),
    "unknown class": (
        counted(classes=["aa", "b", "c"], targets=["x"]),
        ValueError,
        ["Column 'article' should hold the given names", "Found 'a' in column 'article', row 1", "mean 'aa'?"],
    ),
    "unknown code": (
        counted(LABELLED.with_columns(x=pl.lit(7)), outputs=["no", "yes"]),
        ValueError,
        ["Column 'x' should hold codes", "Found 7 in column 'x', row 1", "from 0 to 1", "declared in `missing`"],
    ),
    "unknown in a list": (
        counted(LABELLED.with_columns(x=pl.Series([["p"], ["q"]] + [None] * 6)), outputs=["p"]),
        ValueError,
        ["Found ['q'] in column 'x', row 2"],
    ),
    "one class": (
        counted(LABELLED.with_columns(x=pl.lit("p"))),
        ValueError,
        ["Column 'x' should hold at least two classes", "Found only 'p'"],
    ),
    "identifier": (
        counted(pl.DataFrame({"article": range(10_001), "x": [0, 1] + [1] * 9_999})),
        ValueError,
        ["at most 10,000 names", "Found 10,001", "identify rows"],
    ),
    "never together": (
        counted(pl.DataFrame({"article": ["a", None, None], "x": [None, 1, 0]})),
        ValueError,
        ["annotated for both article and x", "Found none in `rows`", "a table from elsewhere"],
    ),
    "negative weight": (
        counted(WEIGHED, weight="w"),
        ValueError,
        ["`weight` should be finite and at least 0", "Found -2.0 in column 'w', row 4"],
    ),
    "no weight": (counted(WEIGHED, weight="n"), ValueError, ["Found None in column 'n', row 7"]),
    "weight type": (
        counted(WEIGHED.with_columns(w=pl.lit(True)), weight="w"),
        ValueError,
        ["`weight` should be a column of numbers", "Boolean"],
    ),
    "no name": (table(classes=("",)), ValueError, ["`classes` should hold at least one name, none empty"]),
    "repeated": (table(outputs=("x", "x")), ValueError, ["`outputs` should be unique", "['x'] repeated"]),
    "kind": (table(kind="label"), ValueError, ["`kind` should be", "Found 'label'"]),
    "shape": (table(((0.5,),)), ValueError, ["`probability` should have shape (1, 2)", "Found (1, 1)"]),
    "percentages": (
        table(((0.5, 50),)),
        ValueError,
        ["within [0, 1]", "Found 50 for class 'a', output 'y' (1 in all)", "Divide percentages by 100"],
    ),
    "rows": (
        table(((0.5, 0.6),), kind="multi-class"),
        ValueError,
        ["should sum to 1", "Found 1.1 for class 'a' (1 rows in all)", "P(source | target)"],
    ),
    "missing class": (
        to_relation(MultiClass("article", ["a", "b", "c", "bb"]), MARKS),
        ValueError,
        ["a row for every class of task 'article'", "Found none for 'bb' (1 missing)", "Did you mean 'b'?"],
    ),
    "extra class": (
        to_relation(MultiClass("article", ["a", "b"]), MARKS),
        ValueError,
        ["Every row of the table should be a class of task 'article'", "Found 'c' (1 in all)", "Known: ['a', 'b']"],
    ),
    "missing output": (
        to_relation(ARTICLE, MultiLabel("marks", ["x", "y", "yy"])),
        ValueError,
        ["a column for every output of task 'marks'", "Found none for 'yy'", "Did you mean 'y'?"],
    ),
    "extra output": (to_relation(ARTICLE, MultiLabel("marks", ["x"])), ValueError, ["Found 'y' (1 in all)"]),
    "not published": (lambda: published("du2015"), ValueError, ["a published table", "Did you mean 'du2014'?"]),
    "no file": (lambda: read_table("none.csv"), FileNotFoundError, ["Found no file 'none.csv'"]),
    "no rows": (lambda: count_relation("none.csv", "a", "b"), FileNotFoundError, ["`rows`", "'none.csv'"]),
    "no match": (lambda: count_relation("no/*.csv", "a", "b"), FileNotFoundError, ["`rows`", "'no/*.csv'"]),
    "no paths": (lambda: count_relation([], "a", "b"), ValueError, ["at least one file", "Found none"]),
}


@pytest.mark.usefixtures("_as_a_user_runs_it")
@pytest.mark.parametrize("case", ERRORS)
def test_errors(case: str) -> None:
    build, error, words = ERRORS[case]
    with pytest.raises(error) as caught:
        build()
    for word in words:
        assert word in str(caught.value)
