"""Sums over co-annotated rows, by streaming aggregation."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from conjoin.names import nearest
from conjoin.relate._rows import Scan, text
from conjoin.relate._table import Cells

_WEIGHT = "conjoin weight"
_PRESENT = ["1", "1.0", "true", "True"]
_ABSENT = ["0", "0.0", "false", "False"]
_MOST_CLASSES = 10_000

Missing = Mapping[str, set[str]]


class Sums(NamedTuple):
    """Of the rows annotated for both: sums of weights, for each class and output."""

    classes: tuple[str, ...]
    outputs: tuple[str, ...]
    present: Cells
    """Weight of the rows with the output."""
    known: Cells
    """Weight of the rows annotated for the output."""
    squares: Cells
    """Sum of their squared weights."""


class Columns(NamedTuple):
    """Which columns to count, and what they hold."""

    scan: Scan
    source: str
    weight: str | None
    missing: Missing
    classes: Sequence[str] | None
    outputs: Sequence[str] | None

    @property
    def frame(self) -> pl.LazyFrame:
        """All rows, with a column of weights where there are any."""
        frame = self.scan.frame
        return frame if self.weight is None else frame.with_columns(pl.col(self.weight).cast(pl.Float64).alias(_WEIGHT))

    def total(self, rows: pl.Expr | None = None) -> list[pl.Expr]:
        """Weight and squared weight of the rows of a group."""
        if self.weight is None:
            count = pl.len() if rows is None else rows.sum()
            return [count.cast(pl.Float64).alias("w")]
        weight = pl.col(_WEIGHT) if rows is None else pl.col(_WEIGHT).filter(rows)
        return [weight.sum().alias("w"), (weight * weight).sum().alias("w2")]

    def square(self, group: Mapping[str, Any]) -> float:
        """Sum of squared weights of a group; its number of rows where there are no weights."""
        return float(group["w" if self.weight is None else "w2"])


def sum_labels(columns: Columns, labels: Sequence[str]) -> Sums:
    """One column for each label: 1, 0, or missing."""
    tests = {label: _tests(columns, label) for label in labels}
    aggregates = []
    for place, (present, absent) in enumerate(tests.values()):
        if columns.weight is None:
            aggregates += [present.sum().alias(f"p{place}"), absent.sum().alias(f"a{place}")]
        else:
            weight = pl.col(_WEIGHT)
            known = weight.filter(present | absent)
            aggregates += [
                weight.filter(present).sum().alias(f"p{place}"),
                weight.filter(absent).sum().alias(f"a{place}"),
                (known * known).sum().alias(f"s{place}"),
                (present | absent).sum().alias(f"k{place}"),
            ]
    # what is neither 1 nor 0 nor null shows in the totals: counting it by class would cost a quarter more
    given = columns.frame.select(pl.col(label).count() for label in labels)
    of_class = columns.frame.group_by(columns.source).agg(aggregates)
    groups, totals = pl.collect_all([of_class, given], engine="streaming")
    counted = "p{0} + a{0}" if columns.weight is None else "k{0}"
    for place, label in enumerate(labels):
        seen = groups.select(pl.sum_horizontal(counted.format(place).split(" + ")).cast(pl.Int64).sum()).item()
        if seen != totals[label].item():
            _check_others(columns, label, *tests[label])
    classes, place_of = _names(columns, columns.source, groups[columns.source], columns.classes)
    sums = np.zeros((3, len(classes), len(labels)))
    for group in groups.iter_rows(named=True):
        if (row := place_of.get(group[columns.source])) is not None:
            for place in range(len(labels)):
                total = float(group[f"p{place}"] + group[f"a{place}"])
                square = total if columns.weight is None else float(group[f"s{place}"])
                sums[:, row, place] += float(group[f"p{place}"]), total, square
    return Sums(classes, tuple(columns.outputs or labels), *sums)


def sum_classes(columns: Columns, target: str) -> Sums:
    """One column of classes, which exclude each other."""
    groups = columns.frame.group_by(columns.source, target).agg(columns.total()).collect(engine="streaming")
    classes, row_of = _names(columns, columns.source, groups[columns.source], columns.classes)
    outputs, column_of = _names(columns, target, groups[target], columns.outputs)
    if len(outputs) == 1:
        raise ValueError(f"Column {target!r} should hold at least two classes. Found only {outputs[0]!r}.")
    present = np.zeros((len(classes), len(outputs)))
    known, squares = np.zeros((2, len(classes), 1))
    for group in groups.iter_rows(named=True):
        row, column = row_of.get(group[columns.source]), column_of.get(group[target])
        if row is not None and column is not None:
            present[row, column] += group["w"]
            known[row] += group["w"]
            squares[row] += columns.square(group)
    whole = np.ones_like(present)
    return Sums(classes, outputs, present, known * whole, squares * whole)


def sum_lists(columns: Columns, target: str) -> Sums:
    """One column of lists: the labels that are present; null where nothing is known."""
    labels = pl.col(target).list.eval(pl.element().cast(pl.String))
    if codes := sorted(columns.missing[target]):
        undecided = labels.list.eval(pl.element().is_in(codes)).list.any()
        labels = pl.when(undecided).then(None).otherwise(labels)
    frame = columns.frame.with_columns(labels.list.unique().alias(target))
    of_class = frame.group_by(columns.source).agg(columns.total(pl.col(target).is_not_null()))
    of_label = frame.explode(target).group_by(columns.source, target).agg(columns.total())
    totals, groups = pl.collect_all([of_class, of_label], engine="streaming")
    classes, row_of = _names(columns, columns.source, totals[columns.source], columns.classes)
    outputs, column_of = _names(columns, target, groups[target], columns.outputs)
    present, known, squares = np.zeros((3, len(classes), len(outputs)))
    for group in totals.iter_rows(named=True):
        if (row := row_of.get(group[columns.source])) is not None:
            known[row] += group["w"]
            squares[row] += columns.square(group)
    for group in groups.iter_rows(named=True):
        row, column = row_of.get(group[columns.source]), column_of.get(group[target])
        if row is not None and column is not None:
            present[row, column] += group["w"]
    return Sums(classes, outputs, present, known, squares)


def _tests(columns: Columns, label: str) -> tuple[pl.Expr, pl.Expr]:
    """Whether the label is present, and whether it is absent."""
    kind, column = columns.scan.schema[label], pl.col(label)
    if kind == pl.Boolean:
        return column, ~column
    if kind in (pl.String, pl.Null):
        return column.cast(pl.String).is_in(_PRESENT), column.cast(pl.String).is_in(_ABSENT)
    if kind.is_numeric():
        return column == 1, column == 0
    raise ValueError(
        f"`targets` column {label!r} should hold 0, 1 or nothing. Found type {kind}. "
        "A column of classes or of lists is given alone, as a string."
    )


def _check_others(columns: Columns, label: str, present: pl.Expr, absent: pl.Expr) -> None:
    """Values other than 0 and 1 are missing codes, or an error."""
    others = columns.frame.select(pl.col(label).filter(~(present | absent)).unique()).collect(engine="streaming")
    for value in others[label].sort():
        if text(value) not in columns.missing[label] | {None}:
            where = columns.scan.first(label, pl.col(label) == value)
            raise ValueError(
                f"`targets` should be columns of 0, 1 or nothing. Found {where}. "
                "If this means 'not annotated', declare it in `missing`; probabilities are not counted."
            )


def _names(
    columns: Columns, column: str, values: pl.Series, given: Sequence[str] | None
) -> tuple[tuple[str, ...], dict[Any, int]]:
    """Names in their order, and the place of each value; missing values have none."""
    name_of = {value: text(value) for value in values.unique()}
    name_of = {value: name for value, name in name_of.items() if name not in columns.missing[column] | {None}}
    if given is None:
        names = sorted({str(name) for name in name_of.values()})
        if all(name.isdecimal() for name in names):
            names.sort(key=int)
    else:
        names = list(given)
        for value, name in name_of.items():
            if name not in names:
                if not (str(name).isdecimal() and int(str(name)) < len(names)):
                    raise ValueError(_unknown(columns, column, value, names))
                name_of[value] = names[int(str(name))]
    if len(names) > _MOST_CLASSES:
        raise ValueError(
            f"Column {column!r} should hold at most {_MOST_CLASSES:,} names. Found {len(names):,}. "
            "Does it identify rows instead?"
        )
    place_of = {name: place for place, name in enumerate(names)}
    return tuple(names), {value: place_of[str(name)] for value, name in name_of.items()}


def _unknown(columns: Columns, column: str, value: Any, names: list[str]) -> str:
    listed = isinstance(columns.scan.schema[column], pl.List)
    wrong = pl.col(column).cast(pl.List(pl.String)).list.contains(value) if listed else pl.col(column) == value
    code = str(value).lstrip("-").isdecimal()
    hint = f"Codes run from 0 to {len(names) - 1}." if code else nearest(str(value), names)
    return (
        f"Column {column!r} should hold {'the given names' if not code else 'codes of the given names'}. Found "
        f"{columns.scan.first(column, wrong)}. {hint} A code for 'not annotated' is declared in `missing`."
    )
