"""Relation tables: counted by hand, split over files, read back, shown."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import config
from scipy import stats

from conjoin import MultiClass, MultiLabel, RelationTable, count_relation, published, read_table
from conjoin.relate import partial_table
from conjoin.relate._prior import prior_rows
from conjoin.report import draw_relation

NAN = float("nan")
LABELLED = pl.DataFrame(
    {
        "article": ["a", "a", "a", "a", "b", "b", "c", None],
        "x": [1, 1, 0, None, 0, 1, None, 1],
        "y": [0, None, 0, None, 1, 1, None, None],
    }
)
BASE_X, BASE_Y = 3.5 / 6, 2.5 / 5  # half a row is added to each outcome of 3 of 5 and of 2 of 4


@pytest.fixture
def _as_a_user_runs_it() -> Iterator[None]:
    """Without enforced types, so that it is conjoin that complains."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


def same(a: RelationTable, b: RelationTable, *, exactly: bool = False) -> None:
    assert (a.classes, a.outputs, a.kind) == (b.classes, b.outputs, b.kind)
    for name in ("probability", "count", "lower", "upper"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=0 if exactly else 1e-12)


def test_labels_by_hand() -> None:
    table = count_relation(LABELLED, "article", ["x", "y"], prior=1.0)
    assert (table.classes, table.outputs, table.kind) == (("a", "b", "c"), ("x", "y"), "multi-label")
    np.testing.assert_array_equal(table.count, [[3, 2], [2, 2], [0, 0]])
    expected = [[(BASE_X + 2) / 4, BASE_Y / 3], [(BASE_X + 1) / 3, (BASE_Y + 2) / 3], [BASE_X, BASE_Y]]
    np.testing.assert_allclose(table.probability, expected, rtol=1e-12)
    interval = stats.beta(BASE_X + 2, 1 - BASE_X + 1).ppf([0.025, 0.975])
    np.testing.assert_allclose([table.lower[0, 0], table.upper[0, 0]], interval, rtol=1e-9)
    np.testing.assert_array_equal(table.rows, [3, 2, 0])
    assert table.origin == "counted over article and 2 labels in `rows`: 5 rows annotated for both"


def test_a_class_without_rows_says_nothing() -> None:
    table = count_relation(LABELLED, "article", ["x", "y"], classes=["never", "a", "b", "c"], prior=1.0)
    for row in (0, 3):
        np.testing.assert_allclose(table.probability[row], [BASE_X, BASE_Y], rtol=1e-12)
        assert (table.upper[row] - table.lower[row] > 0.9).all()


def test_classes_by_hand() -> None:
    rows = pl.DataFrame(
        {"article": ["a", "a", "a", "b", "b", "c", None], "colour": ["red", "red", "blue", "blue", None, None, "green"]}
    )
    table = count_relation(rows, "article", "colour", prior=2.0)
    assert (table.outputs, table.kind) == (("blue", "green", "red"), "multi-class")
    np.testing.assert_array_equal(table.count, [[3] * 3, [1] * 3, [0] * 3])
    base = (np.array([2, 0, 2]) + 1 / 3) / 5  # green was never seen with an article
    expected = np.array([(2 * base + np.array([1, 0, 2])) / 5, (2 * base + np.array([1, 0, 0])) / 3, base])
    np.testing.assert_allclose(table.probability, expected, rtol=1e-12)
    np.testing.assert_allclose(table.probability.sum(1), 1, rtol=1e-12)
    # Dirichlet marginal of red given a: concentration of red against all others
    interval = stats.beta(2 * base[2] + 2, 5 - (2 * base[2] + 2)).ppf([0.025, 0.975])
    np.testing.assert_allclose([table.lower[0, 2], table.upper[0, 2]], interval, rtol=1e-9)


def test_lists_count_like_label_columns() -> None:
    rows = pl.DataFrame({"article": ["a", "a", "a", "b", "b"], "tags": [["x", "y", "x"], [], None, ["y"], ["x"]]})
    columns = pl.DataFrame({"article": ["a", "a", "a", "b", "b"], "x": [1, 0, None, 0, 1], "y": [1, 0, None, 1, 0]})
    same(count_relation(rows, "article", "tags"), count_relation(columns, "article", ["x", "y"]))
    weights = pl.Series("w", [1.0, 2.0, 3.0, 0.5, 0.25])
    same(
        count_relation(rows.with_columns(weights), "article", "tags", weight="w"),
        count_relation(columns.with_columns(weights), "article", ["x", "y"], weight="w"),
    )
    codes = rows.with_columns(tags=pl.Series([[0, 1, 0], [], [7, 0], [1], [0]]))
    coded = count_relation(codes, "article", "tags", outputs=["x", "y"], missing=[7])
    same(coded, count_relation(columns, "article", ["x", "y"]))


def test_weights_are_effective_counts() -> None:
    rows = pl.DataFrame({"article": ["a", "a", "a", "b"], "x": [1, 0, 1, 0], "w": [1.0, 1.0, 2.0, 1.0]})
    table = count_relation(rows, "article", ["x"], weight="w", prior=1.0)
    effective, overall = 16 / 6, 25 / 7  # (1 + 1 + 2)^2 / (1 + 1 + 4); with b (1 + 1 + 2 + 1)^2 / (1 + 1 + 4 + 1)
    base = (overall * 3 / 5 + 0.5) / (overall + 1)
    np.testing.assert_allclose(table.count, [[effective], [1.0]], rtol=1e-12)
    expected = np.array([[(base + effective * 0.75) / (1 + effective)], [base / 2]])
    np.testing.assert_allclose(table.probability, expected, rtol=1e-12)
    assert table.origin.endswith("weighted by w: effectively 4 rows annotated for both")
    scaled = rows.with_columns(pl.col("w") * 10)
    same(count_relation(scaled, "article", ["x"], weight="w", prior=1.0), table)
    classes = rows.with_columns(x=pl.col("x").replace_strict({0: "no", 1: "yes"}))
    np.testing.assert_allclose(
        count_relation(classes, "article", "x", weight="w", prior=1.0).probability[:, 1:], table.probability, rtol=1e-12
    )
    equal = count_relation(rows.with_columns(w=pl.lit(3)), "article", ["x"], weight="w", prior=1.0)
    same(equal, count_relation(rows, "article", ["x"], prior=1.0))


def test_how_much_base_rates_are_worth_is_told_by_the_classes() -> None:
    """One label follows from the class, one has nothing to do with it; five rows of each class."""
    rows = [{"c": str(c), "firm": int(c < 5), "loose": int(r < 2 + (c + r) % 2)} for c in range(10) for r in range(5)]
    table = count_relation(pl.DataFrame(rows), "c", ["firm", "loose"])
    firm, loose = table.probability.T
    assert (firm[:5] > 0.98).all()
    assert (firm[5:] < 0.02).all()
    assert abs(loose - loose.mean()).max() < 0.05
    single = count_relation(pl.DataFrame(rows), "c", ["firm", "loose"], prior=1.0)
    np.testing.assert_allclose(single.probability[0, 0], (5 + 0.5) / 6)


@pytest.mark.parametrize("kind", ["multi-label", "multi-class"])
def test_what_base_rates_are_worth_has_the_largest_marginal_likelihood(kind: Any) -> None:
    """Against scipy's beta-binomial, and its product over splits of a Dirichlet-multinomial."""
    present, base = np.array([[7.0, 2], [1, 6], [4, 5]]), np.array([0.4, 0.6])
    count = np.full((3, 2), 9.0)
    if kind == "multi-class":
        present[:, 1] = 9 - present[:, 0]

    def score(rows: float, column: int) -> float:
        a, b = rows * base[column], rows * (1 - base[column])
        told = sum(stats.betabinom(9, a, b).logpmf(k) for k in present[:, column])
        return float(told + np.log(rows) - 2 * np.log1p(rows))

    found = prior_rows(present, count, base, kind)
    assert found.shape == ((2,) if kind == "multi-label" else (1,))
    for column, rows in enumerate(found):  # two classes: one split, either column tells it
        assert all(score(rows, column) >= score(other, column) for other in (rows / 1.3, rows * 1.3, 1.0, 10.0))


MISSING: dict[str, tuple[pl.Expr, pl.Expr, Any]] = {
    "codes": (pl.col("x").fill_null(9).cast(pl.Int8), pl.col("article"), [9]),
    "minus one, declared as in sources": (pl.col("x").fill_null(-1), pl.col("article"), [-1]),
    "text that says nan": (pl.col("x").cast(pl.String).fill_null(" NaN"), pl.col("article").fill_null("nan"), []),
    "space and decimals": (pl.format("{} ", pl.col("x").cast(pl.Float64)), pl.format(" {}", pl.col("article")), []),
    "codes that are floats": (pl.col("x").cast(pl.Float64).fill_null(9), pl.col("article"), ["9.0"]),
    "codes among booleans": (pl.col("x").cast(pl.Boolean), pl.col("article").fill_null("?"), {"article": ["?"]}),
    "text": (pl.col("x").cast(pl.String).fill_null("999"), pl.col("article").fill_null(""), [999]),
    "floats with NaN": (pl.col("x").cast(pl.Float64).fill_null(NAN), pl.col("article"), []),
    "booleans": (pl.col("x").cast(pl.Boolean), pl.col("article").cast(pl.Categorical), []),
    "by column": (pl.col("x").fill_null(7), pl.col("article").fill_null("7"), {"x": [7], "article": ["7"]}),
}


@pytest.mark.parametrize("case", MISSING)
def test_missing_is_missing(case: str) -> None:
    x, article, missing = MISSING[case]
    rows = LABELLED.with_columns(x=x, article=article)
    same(count_relation(rows, "article", ["x"], missing=missing), count_relation(LABELLED, "article", ["x"]))


@pytest.mark.parametrize("kind", [pl.Int8, pl.Float64, pl.Boolean, pl.String])
@pytest.mark.parametrize("weight", [None, "w"])
def test_zero_and_one_may_mean_missing(kind: Any, weight: str | None) -> None:
    rows = LABELLED.with_columns(pl.col("x").cast(pl.Int8).cast(kind), w=pl.lit(1.0))
    for code, column in ((0, [2, 1, 0]), (1, [1, 1, 0])):
        table = count_relation(rows, "article", ["x"], missing={"x": [code]}, weight=weight)
        assert table.count[:, 0].tolist() == column
        assert (table.probability[0, 0] > 0.5) == (code == 0)


def test_numbers_are_names_where_a_given_name_is_one() -> None:
    rows = pl.DataFrame({"c": ["1", "2", " 2.0"], "l": [0, 1, 1]})
    assert count_relation(rows, "c", ["l"], classes=["1", "2", "3"]).count[:, 0].tolist() == [1, 2, 0]
    zero = pl.DataFrame({"c": ["1", "0"], "l": [0, 1]})
    with pytest.raises(ValueError, match=r"should hold the given names. Found '0' in column 'c', row 2"):
        count_relation(zero, "c", ["l"], classes=["1", "2", "3"])
    coded = pl.DataFrame({"c": ["0.0", "1.0", "b"], "l": ["0.0", "1.0", "TRUE"]})
    assert count_relation(coded, "c", ["l"], classes=["a", "b"]).count[:, 0].tolist() == [1, 2]


def test_lists_of_nothing_are_missing() -> None:
    rows = pl.DataFrame({"c": ["a", "b", "a", "b"], "t": [["x", "", " x"], ["nan"], [], ["y"]]})
    table = count_relation(rows, "c", "t")
    assert table.outputs == ("x", "y")
    assert table.count[:, 0].tolist() == [2, 1]


def test_codes_take_the_given_names() -> None:
    rows = pl.DataFrame({"article": [2.0, 0.0, 2.0, NAN, 9.0], "colour": ["1", "0", "0", "1", "1"]})
    table = count_relation(rows, "article", "colour", classes=["p", "q", "r"], outputs=["red", "blue"], missing=[9])
    assert (table.classes, table.outputs) == (("p", "q", "r"), ("red", "blue"))
    np.testing.assert_array_equal(table.count[:, 0], [1, 0, 2])
    plain = count_relation(pl.DataFrame({"s": [10, 9, 2], "t": ["x", "y", "x"]}), "s", "t")
    assert plain.classes == ("2", "9", "10")


CELL = st.tuples(
    st.sampled_from(["a", "b", "c", None]),
    st.sampled_from([0, 1, None]),
    st.sampled_from(["p", "q", None]),
    st.sampled_from([0.5, 1.0, 2.0]),
)
SCHEMA = {"s": pl.String, "x": pl.Int8, "t": pl.String, "w": pl.Float64}
ROWS = st.lists(CELL, max_size=30).map(lambda rows: [("a", 1, "p", 1.0), (None, 0, "q", 1.0), *rows])


@given(ROWS, st.randoms(), st.integers(0, 30), st.sampled_from(["x", "t"]), st.sampled_from([None, "w"]))
def test_order_and_files_do_not_matter(rows: list[Any], random: Any, cut: int, column: str, weight: str | None) -> None:
    targets = ["x"] if column == "x" else "t"
    frame = pl.DataFrame(rows, SCHEMA, orient="row")
    table = count_relation(frame, "s", targets, weight=weight)
    random.shuffle(rows)
    shuffled = pl.DataFrame(rows, SCHEMA, orient="row")
    same(count_relation(shuffled, "s", targets, weight=weight), table)
    parts = pl.concat([shuffled[:cut].lazy(), shuffled[cut:].lazy()])
    same(count_relation(parts, "s", targets, weight=weight), table)
    assert ((table.lower <= table.probability) | (table.lower < 1e-9)).all()
    assert (table.upper > table.lower).all()
    flipped = count_relation(frame, "s", targets, weight=weight, classes=["c", "b", "a"])
    order = [flipped.classes.index(name) for name in table.classes]
    np.testing.assert_allclose(flipped.probability[order], table.probability, rtol=1e-12)


def write(frame: pl.DataFrame, path: Path) -> Path:
    writers: dict[str, Callable[[Path], object]] = {
        ".csv": frame.write_csv,
        ".parquet": frame.write_parquet,
        ".jsonl": frame.write_ndjson,
    }
    writers[path.suffix](path)
    return path


@pytest.mark.parametrize("kind", [".csv", ".parquet", ".jsonl"])
def test_rows_from_files(kind: str, tmp_path: Path) -> None:
    whole = write(LABELLED, tmp_path / f"whole{kind}")
    parts = [write(LABELLED[start:stop], tmp_path / f"part-{start}{kind}") for start, stop in ((0, 3), (3, 8))]
    table = count_relation(whole, "article", ["x", "y"])
    same(table, count_relation(LABELLED, "article", ["x", "y"]))
    same(count_relation(parts, "article", ["x", "y"]), table)
    same(count_relation(str(tmp_path / f"part-*{kind}"), "article", ["x", "y"]), table)
    origin = count_relation(parts, "article", ["x"]).origin
    assert origin == f"counted over article and 1 label in part-0{kind} and 1 more file: 5 rows annotated for both"


def test_files_of_different_integers(tmp_path: Path) -> None:
    small = write(LABELLED.cast({"x": pl.Int8}), tmp_path / "a.parquet")
    large = write(LABELLED, tmp_path / "b.parquet")
    assert count_relation([small, large], "article", ["x"]).count[0, 0] == 6


def test_it_reads_back_exactly(tmp_path: Path) -> None:
    rows = LABELLED.with_columns(article=pl.col("article").replace({"a": 'a, "b"\u2028# é', "b": "# note: x"}))
    counted = count_relation(rows, "article", ["x", "y"])
    noted = RelationTable(
        counted.classes, counted.outputs, "multi-label", counted.probability, 'said, "so" ', notes=("one,", "# two")
    )
    for table in (counted, noted, count_relation(rows, "article", "x"), published("du2014")):
        table.write_csv(tmp_path / "table.csv")
        back = read_table(tmp_path / "table.csv")
        same(back, table, exactly=True)
        assert (back.origin, back.notes) == (table.origin, table.notes)
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_a_spreadsheet_may_save_it_again(tmp_path: Path) -> None:
    table = count_relation(LABELLED, "article", ["x", "y"])
    table.write_csv(tmp_path / "table.csv")
    lines = (tmp_path / "table.csv").read_text().splitlines()
    padded = [line + ",,,,," if line.lstrip('"').startswith("#") else line for line in lines]
    (tmp_path / "again.csv").write_text("\r\n".join(padded) + "\r\n", encoding="utf-8-sig", newline="")
    back = read_table(tmp_path / "again.csv")
    same(back, table, exactly=True)
    assert back.origin == table.origin


def test_a_matrix(tmp_path: Path) -> None:
    frame = pl.DataFrame({"": ["a", "b"], "x": [0.25, 1.0], "y": [0.75, 0.0]})
    for name in ("m.csv", "m.parquet"):
        table = read_table(write(frame, tmp_path / name))
        assert (table.classes, table.outputs, table.kind) == (("a", "b"), ("x", "y"), "multi-class")
        np.testing.assert_array_equal(table.probability, [[0.25, 0.75], [1, 0]])
        assert np.isnan(table.count).all()
        assert table.origin == f"read from {name}"
    (tmp_path / "noted.csv").write_text("# kind: multi-label\n# origin: Me 2020, p. 3\nc,x,y\na,0.5,0.5\n")
    noted = read_table(tmp_path / "noted.csv")
    assert (noted.kind, noted.origin) == ("multi-label", "Me 2020, p. 3")


def test_relation_matches_by_name() -> None:
    table = count_relation(LABELLED, "article", ["x", "y"])
    relation = table.relation(MultiClass("article", ["c", "a", "b"]), MultiLabel("marks", ["y", "x"]))
    np.testing.assert_allclose(relation.table.numpy(), table.probability[[2, 0, 1]][:, [1, 0]], rtol=1e-6)
    assert relation.origin == table.origin


def test_published() -> None:
    assert published() == ("du2014", "du2014-compound")
    table = published("du2014")
    assert "Du, Tao & Martinez 2014" in table.origin
    assert any("NOT stated" in note for note in table.notes)
    cell = {
        (emotion, unit): table.probability[i, j]
        for i, emotion in enumerate(table.classes)
        for j, unit in enumerate(table.outputs)
    }
    assert [cell["happiness", unit] for unit in ("AU6", "AU12", "AU25", "AU1")] == [0.51, 1, 1, 0]
    assert [cell["disgust", unit] for unit in ("AU4", "AU24", "AU9")] == [0.31, 0.26, 1]
    assert (table.probability > 0).sum() == 3 + 6 + 7 + 6 + 5 + 5
    compound = published("du2014-compound")
    assert len(compound.classes) == 15
    assert compound.outputs == table.outputs
    assert any("NOT confirmed" in note for note in compound.notes)
    relation = table.relation(MultiClass("emotion", table.classes), MultiLabel("units", table.outputs))
    assert relation.table.max() == pytest.approx(0.99)


def test_the_part_of_a_table_that_two_tasks_have() -> None:
    given = RelationTable(
        ("sad", "glad"),
        ("AU1", "AU12", "AU26"),
        "multi-label",
        np.array([[0.6, 0.1, 0.2], [0.05, 0.9, 0.4]]),
        "me",
        count=np.array([[3.0, 3, 3], [8, 8, 8]]),
        notes=("from memory",),
    )
    found = partial_table(given, ["neutral", "glad", "sad"], ["AU14", "AU12", "AU1"], fill={"neutral": 0.03})
    assert (found.classes, found.outputs) == (("neutral", "glad", "sad"), ("AU14", "AU12", "AU1"))
    np.testing.assert_array_equal(found.probability, [[0.5, 0.03, 0.03], [0.5, 0.9, 0.05], [0.5, 0.1, 0.6]])
    np.testing.assert_array_equal(found.count, [[NAN] * 3, [NAN, 8, 8], [NAN, 3, 3]])
    assert found.origin == "me; neutral 0.03 as the study states; nothing said of AU14"
    assert found.notes == ("from memory",)
    same = partial_table(given, given.classes, given.outputs, fill={})
    np.testing.assert_array_equal(same.probability, given.probability)
    assert (same.origin, same.notes) == (given.origin, given.notes)
    many = partial_table(given, given.classes, ["AU1", *"abcde"], fill={})
    assert many.origin == "me; nothing said of a, b, c and 2 more"


PARTS: dict[str, tuple[dict[str, Any], str]] = {
    "a class without row": (
        {"classes": ["happiness", "hapiness"]},
        "`fill` should give a probability for every class that the table lacks. Found none for 'hapiness' (1 missing). "
        "Did you mean 'happiness'? Or leave that class out with `missing`.",
    ),
    "a class filled twice": (
        {"fill": {"happiness": 0.1}},
        "`fill` should name classes that the table lacks. Found 'happiness', which the table has",
    ),
    "no class": (
        {"fill": {"neutrall": 0.1}, "classes": ["happiness", "fear"]},
        "`fill` should name classes that the table lacks. Found 'neutrall', which is no class.",
    ),
    "no label": (
        {"outputs": ["AU99"]},
        "The table should have a column for some of the labels. Found none of ['AU99']",
    ),
}


@pytest.mark.parametrize("case", PARTS)
def test_what_is_no_part_of_a_table(case: str) -> None:
    settings, words = PARTS[case]
    settings = {"classes": ["happiness"], "outputs": ["AU1"], "fill": {}} | settings
    with pytest.raises(ValueError) as error:  # noqa: PT011
        partial_table(published("du2014"), **settings)
    assert words in str(error.value)


def test_no_part_of_a_table_over_classes() -> None:
    with pytest.raises(ValueError, match="should be over labels: rows over classes would no longer sum to 1"):
        partial_table(table(((0.5, 0.5),), kind="multi-class")(), ["a"], ["x"], fill={})


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


CELLS = "class,output,probability,lower,upper,count\n"
FILES: dict[str, tuple[bytes, list[str]]] = {
    "percentages": (b"c,x\na,0.5\nb,51\n", ["row 3 ('b'), column 'x'", "Found 51", "Divide percentages by 100"]),
    "percent signs": (b"c,x\na,51%\n", ["row 2, column 'x'", "Found '51%'", "Divide percentages by 100"]),
    "negative": (b"c,x\na,-0.5\n", ["within [0, 1]. Found -0.5."]),
    "empty cell": (b"c,x,y\na,0.5,\n", ["row 2, column 'y', should be a number", "an empty cell", "base rate"]),
    "semicolons": (b"c;x\na;0.5\n", ["Found ['c;x']", "something other than a comma"]),
    "empty": (b"", ["should have a header", "Found nothing"]),
    "ragged": (b"c,x,y\na,0.5\n", ["row 2, should have 3 columns. Found 2"]),
    "repeated": (b"c,x\na,0.5\na,0.5\n", ["t.csv", "`classes` should be unique", "['a'] repeated"]),
    "not UTF-8": ("c,x\né,0.5\n".encode("latin-1"), ["should be UTF-8 text", "byte 4"]),
    "kind": (b"# kind: labels\nc,x\na,0.5\n", ["`kind` should be", "Found 'labels'"]),
    "second cell": ((CELLS + "a,x,0.5,,,\na,x,0.5,,,\n").encode(), ["row 3", "Found 'a', 'x' a second time"]),
    "no cell": (
        (CELLS + "a,x,0.5,,,\nb,y,0.5,,,\n").encode(),
        ["a line for every cell", "Found none for 'a', 'y' (2 missing)"],
    ),
    "no probability": ((CELLS + "a,x,,,,\n").encode(), ["row 2, column 'probability'", "an empty cell"]),
}


@pytest.mark.usefixtures("_as_a_user_runs_it")
@pytest.mark.parametrize("case", FILES)
def test_files_that_are_wrong(case: str, tmp_path: Path) -> None:
    content, words = FILES[case]
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"t\.csv") as caught:
        read_table(tmp_path / "t.csv")
    for word in words:
        assert word in str(caught.value)


def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"no parquet")
    with pytest.raises(ValueError, match=r"`.*t.parquet` should be a Parquet file"):
        read_table(tmp_path / "t.parquet")
    with pytest.raises(ValueError, match=r"`rows` should be readable.*Found in t.parquet"):
        count_relation(tmp_path / "t.parquet", "a", "b")
    (tmp_path / "t.csv").write_bytes("a,b\né,0\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"`rows` should be readable.*Found in t.csv"):
        count_relation(tmp_path / "t.csv", "a", "b")
    (tmp_path / "t.xlsx").touch()
    with pytest.raises(ValueError, match=r"`rows` should be among .parquet, .csv.*Found 't.xlsx'"):
        count_relation(tmp_path / "t.xlsx", "a", "b")
    first = write(LABELLED, tmp_path / "first.parquet")
    other = write(LABELLED.with_columns(x=pl.lit([1])), tmp_path / "other.parquet")
    with pytest.raises(ValueError, match=r"of one type in all files. Found in first.parquet and 1 more file"):
        count_relation([first, other], "article", ["x"])
    wrong = write(LABELLED.with_columns(x=pl.col("x") * 5), tmp_path / "wrong.parquet")
    with pytest.raises(ValueError, match=r"Found 5 in column 'x', row 1 of wrong\.parquet"):
        count_relation([first, wrong], "article", ["x"])


def test_nothing_is_left_when_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(OSError, match=r"table\.csv"):
        count_relation(LABELLED, "article", "x").write_csv(tmp_path / "table.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_heat_map() -> None:
    small = draw_relation(count_relation(LABELLED, "article", ["x", "y"], prior=1.0), "small")
    axis, bar = small.axes
    texts = [text.get_text() for text in axis.texts]
    assert "0.65" in texts  # P(x | a)
    assert len(texts) == 2 * 6  # numbers and intervals
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a  3", "b  2", "c  0"]
    assert bar.get_ylabel() == "P(output | class)"
    rng = np.random.default_rng(0)
    count = np.arange(70.0)[:, None] * np.ones(50)
    probability = rng.uniform(size=(70, 50))
    wide = RelationTable(
        tuple(f"c{i}" for i in range(70)),
        tuple(f"o{i}" for i in range(50)),
        "multi-label",
        probability,
        "me",
        count,
        np.where(count < 12, 0.0, probability),
        np.where(count < 12, 1.0, probability),
    )
    axis = draw_relation(wide, "large").axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()][::59] == ["c10  10", "c69  69"]
    assert len(axis.get_xticklabels()) == 40
    assert np.shape(axis.collections[0].get_offsets()) == (2 * 40, 2)  # c10 and c11 are uncertain


def conjoin(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"COLUMNS": "80", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "conjoin", "relate", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_counting_from_the_command_line(tmp_path: Path) -> None:
    rows = pl.concat([LABELLED.with_columns(colour=pl.col("x").cast(pl.String).fill_null("9"))] * 20)
    write(rows, tmp_path / "rows.parquet")
    arguments = ["--rows", "rows.parquet", "--source", "article", "--target", "colour", "--missing", "colour=9"]
    done = conjoin(*arguments, "--out", "runs/relations/ac.csv", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("Most informative cells", "100 rows annotated for both", "Fewer than 30 rows, so uncertain: c (0)"):
        assert words in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80
    folder = tmp_path / "runs" / "relations"
    assert {path.name for path in folder.iterdir()} == {"ac.csv", "ac.png", "ac.svg"}
    same(read_table(folder / "ac.csv"), count_relation(rows, "article", "colour", missing=["9"]), exactly=True)

    (folder / "ac.csv").write_text("mine")
    again = conjoin(*arguments, "--out", "runs/relations/ac.csv", cwd=tmp_path)
    assert again.returncode == 1
    assert again.stderr.startswith("Error: `runs/relations/ac.csv` exists.")
    assert (folder / "ac.csv").read_text() == "mine"
    labels = ["--label", "x", "--label", "y", "--out", "runs/relations/ac.csv", "--overwrite"]
    assert conjoin(*arguments[:4], *labels, cwd=tmp_path).returncode == 0
    same(read_table(folder / "ac.csv"), count_relation(rows, "article", ["x", "y"]), exactly=True)


def test_published_and_matrix_from_the_command_line(tmp_path: Path) -> None:
    done = conjoin("--published", "du2014", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Note: 0 = not listed" in done.stdout
    table = tmp_path / "runs" / "relations" / "du2014.csv"
    done = conjoin("--matrix", str(table), "--out", "copy.csv", cwd=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "copy.csv").read_bytes() == table.read_bytes()


WRONG = {
    "nothing": ([], "should say where the table comes from. Found 0 of them"),
    "two": (["--published", "du2014", "--matrix", "m.csv"], "Found 2 of them"),
    "no target": (["--rows", "r.csv", "--source", "a"], "--rows should come with --source, and with either"),
    "both": (["--published", "du2014", "--source", "a"], "should come with --rows"),
    "out": (["--published", "du2014", "--out", "x.png"], "--out should be a .csv file"),
    "mixed codes": (
        ["--rows", "r.csv", "--source", "a", "--target", "b", "--missing", "9", "--missing", "a=9"],
        "--missing should be codes, or COLUMN=CODE throughout. Found ['9', 'a=9']",
    ),
    "no folder": (["--archive", "cub"], "--archive should be NAME=FOLDER, such as cub=CUB_200_2011. Found 'cub'"),
    "no such table": (["--archive", "disfa=x"], "An archive with a table should be one of"),
    "unknown": (["--published", "du"], "`name` should be a published table. Found 'du'"),
    "no file": (["--matrix", "m.csv"], "Found no file 'm.csv'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_commands(case: str, tmp_path: Path) -> None:
    arguments, words = WRONG[case]
    done = conjoin(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_relating_needs_no_torch() -> None:
    program = "import conjoin.tabulate, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
