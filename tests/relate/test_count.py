"""Relation tables: counted by hand, however the rows are given."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from conjoin import MultiClass, MultiLabel, count_relation
from conjoin.relate._prior import prior_rows

from .rows import LABELLED, NAN, same

BASE_X, BASE_Y = 3.5 / 6, 2.5 / 5  # half a row is added to each outcome of 3 of 5 and of 2 of 4


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


@pytest.mark.parametrize("source", ["w", "w2", "p0", "a0", "s0", "k0"])
def test_columns_may_be_called_anything(source: str) -> None:
    rows = pl.DataFrame({source: ["a", "a", "b"], "x": [1, 0, 1], "y": ["u", "v", "v"], "weight": [1.0, 2.0, 0.5]})
    same = rows.rename({source: "class"})
    for targets, weight in ((["x"], None), (["x"], "weight"), ("y", None), ("y", "weight")):
        found = count_relation(rows, source, targets, weight=weight).probability
        np.testing.assert_array_equal(found, count_relation(same, "class", targets, weight=weight).probability)


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


def test_relation_matches_by_name() -> None:
    table = count_relation(LABELLED, "article", ["x", "y"])
    relation = table.relation(MultiClass("article", ["c", "a", "b"]), MultiLabel("marks", ["y", "x"]))
    np.testing.assert_allclose(relation.table.numpy(), table.probability[[2, 0, 1]][:, [1, 0]], rtol=1e-6)
    np.testing.assert_allclose(relation.count.numpy(), np.maximum(table.count[[2, 0, 1]][:, [1, 0]], 1), rtol=1e-6)
    assert relation.origin == table.origin
