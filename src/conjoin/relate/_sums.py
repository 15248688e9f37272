"""Sums over co-annotated rows, by streaming aggregation."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from conjoin.cells import in_memory, is_number, known, listed, numbered, presence, spelling
from conjoin.names import nearest
from conjoin.relate._rows import Scan
from conjoin.relate._table import Cells

_WEIGHT, _SUM, _SQUARES = "conjoin weight", "conjoin sum", "conjoin squares"
"""Columns of ours, called as no column of a user is."""
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
    """Sum of their squared weights. Of rows that are of a class in parts, the parts: many rows do not make it more."""


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
            return [count.cast(pl.Float64).alias(_SUM)]
        weight = pl.col(_WEIGHT) if rows is None else pl.col(_WEIGHT).filter(rows)
        return [weight.sum().alias(_SUM), (weight * weight).sum().alias(_SQUARES)]

    def square(self, group: Mapping[str, Any]) -> float:
        """Sum of squared weights of a group; its number of rows where there are no weights."""
        return float(group[_SUM if self.weight is None else _SQUARES])


def sum_labels(columns: Columns, labels: Sequence[str]) -> Sums:
    """One column for each label: 1, 0, or missing."""
    tests = {label: _tests(columns, label) for label in labels}
    aggregates = []
    for place, (present, absent) in enumerate(tests.values()):
        if columns.weight is None:
            aggregates += [present.sum().alias(f"conjoin p{place}"), absent.sum().alias(f"conjoin a{place}")]
        else:
            weight = pl.col(_WEIGHT)
            known = weight.filter(present | absent)
            aggregates += [
                weight.filter(present).sum().alias(f"conjoin p{place}"),
                weight.filter(absent).sum().alias(f"conjoin a{place}"),
                (known * known).sum().alias(f"conjoin s{place}"),
                (present | absent).sum().alias(f"conjoin k{place}"),
            ]
    # what is neither 1 nor 0 nor null shows in the totals: counting it by class would cost a quarter more
    given = columns.frame.select(pl.col(label).count() for label in labels)
    of_class = columns.frame.group_by(columns.source).agg(aggregates)
    groups, totals = pl.collect_all([of_class, given], engine="streaming")
    counted = "pa" if columns.weight is None else "k"
    for place, label in enumerate(labels):
        seen = groups.select(
            pl.sum_horizontal(f"conjoin {what}{place}" for what in counted).cast(pl.Int64).sum()
        ).item()
        if seen != totals[label].item():
            _check_others(columns, label, *tests[label])
    classes, place_of = _names(columns, columns.source, groups[columns.source], columns.classes)
    sums = np.zeros((3, len(classes), len(labels)))
    for group in groups.iter_rows(named=True):
        if (row := place_of.get(group[columns.source])) is not None:
            for place in range(len(labels)):
                total = float(group[f"conjoin p{place}"] + group[f"conjoin a{place}"])
                square = total if columns.weight is None else float(group[f"conjoin s{place}"])
                sums[:, row, place] += float(group[f"conjoin p{place}"]), total, square
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
            present[row, column] += group[_SUM]
            known[row] += group[_SUM]
            squares[row] += columns.square(group)
    whole = np.ones_like(present)
    return Sums(classes, outputs, present, known * whole, squares * whole)


def sum_lists(columns: Columns, target: str) -> Sums:
    """One column of lists: the labels that are present; null where nothing is known."""
    frame = columns.frame.with_columns(_listed(columns, target).list.unique().alias(target))
    of_class = frame.group_by(columns.source).agg(columns.total(pl.col(target).is_not_null()))
    of_label = frame.explode(target).group_by(columns.source, target).agg(columns.total())
    totals, groups = pl.collect_all([of_class, of_label], engine="streaming")
    classes, row_of = _names(columns, columns.source, totals[columns.source], columns.classes)
    outputs, column_of = _names(columns, target, groups[target], columns.outputs)
    present, known, squares = np.zeros((3, len(classes), len(outputs)))
    for group in totals.iter_rows(named=True):
        if (row := row_of.get(group[columns.source])) is not None:
            known[row] += group[_SUM]
            squares[row] += columns.square(group)
    for group in groups.iter_rows(named=True):
        row, column = row_of.get(group[columns.source]), column_of.get(group[target])
        if row is not None and column is not None:
            present[row, column] += group[_SUM]
    return Sums(classes, outputs, present, known, squares)


def _listed(columns: Columns, target: str) -> pl.Expr:
    kind = columns.scan.schema[target].inner
    return listed(pl.col(target), kind, columns.missing[target], columns.outputs or ())


def _tests(columns: Columns, label: str) -> tuple[pl.Expr, pl.Expr]:
    """Whether the label is present, and whether it is absent."""
    kind, column, codes = columns.scan.schema[label], pl.col(label), columns.missing[label]
    if not (kind.is_numeric() or kind in (pl.Boolean, pl.String, pl.Null)):
        raise ValueError(
            f"`targets` column {label!r} should hold 0, 1 or nothing. Found type {kind}. "
            "A column of classes or of lists is given alone, as a string."
        )
    if kind not in (pl.String, pl.Null) and codes.isdisjoint({"0", "1"}):  # 50 million rows need no spelling
        return (column, ~column) if kind == pl.Boolean else (column == 1, column == 0)
    number = presence(known(spelling(column, kind), codes))
    return (number == 1).fill_null(False), (number == 0).fill_null(False)


def _check_others(columns: Columns, label: str, present: pl.Expr, absent: pl.Expr) -> None:
    """Values other than 0 and 1 are missing codes, or an error."""
    others = columns.frame.select(pl.col(label).filter(~(present | absent)).unique().sort()).collect(engine="streaming")
    values = others[label]
    wrong = values.filter(_known(columns, label, values, ()).is_not_null())
    if len(wrong):
        where = columns.scan.first(label, pl.col(label) == wrong[0])
        raise ValueError(
            f"`targets` should be columns of 0, 1 or nothing. Found {where}. "
            "If this means 'not annotated', declare it in `missing`; probabilities are not counted."
        )


def _known(columns: Columns, column: str, values: pl.Series, names: Sequence[str]) -> pl.Series:
    """Values spelled, null where they mean "not annotated"."""
    return in_memory(values, lambda cell: known(spelling(cell, values.dtype), columns.missing[column], names))


def _names(
    columns: Columns, column: str, values: pl.Series, given: Sequence[str] | None
) -> tuple[tuple[str, ...], dict[Any, int]]:
    """Names in their order, and the place of each value; missing values have none."""
    values = values.unique(maintain_order=True)
    cells = _known(columns, column, values, given or ())
    names = list(given or cells.drop_nulls().unique().sort())
    if given is None and all(map(is_number, names)):
        names.sort(key=int)
    places = numbered(cells, names, codes=given is not None)
    if (unknown := cells.is_not_null() & places.is_null()).any():
        raise ValueError(_unknown(columns, column, values.filter(unknown)[0], names))
    if len(names) > _MOST_CLASSES:
        raise ValueError(
            f"Column {column!r} should hold at most {_MOST_CLASSES:,} names. Found {len(names):,}. "
            "Does it identify rows instead?"
        )
    place_of = dict(zip(values.to_list(), places.to_list(), strict=True))
    return tuple(names), {value: place for value, place in place_of.items() if place is not None}


def _unknown(columns: Columns, column: str, value: Any, names: list[str]) -> str:
    is_list = isinstance(columns.scan.schema[column], pl.List)
    wrong = _listed(columns, column).list.contains(value) if is_list else pl.col(column) == value
    code = is_number(str(value)) and not any(map(is_number, names))
    hint = f"Codes run from 0 to {len(names) - 1}." if code else nearest(str(value), names)
    return (
        f"Column {column!r} should hold {'the given names' if not code else 'codes of the given names'}. Found "
        f"{columns.scan.first(column, wrong)}. {hint} A code for 'not annotated' is declared in `missing`."
    )
