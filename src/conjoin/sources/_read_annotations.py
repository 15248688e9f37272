"""Annotations of one task in one source: from its columns to names, labels or numbers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import datasets
import numpy as np
import polars as pl
from numpy.typing import NDArray

from conjoin.cells import in_memory, is_number, listed, presence, spell
from conjoin.names import nearest
from conjoin.sources._cells import annotated, column, single
from conjoin.sources._faults import DataError
from conjoin.sources._words import from_words
from conjoin.study import AnnotationSettings, Classes, Column, Columns, SourceSettings, TaskSettings, Words

Wrong = tuple[str, NDArray[np.int64], Callable[[int], str]]
"""Kind of a fault, rows, and what is wrong in each."""

ROUNDING = 1e-3
"""By how much probabilities, and sums of them, may be off."""


@dataclass(eq=False)
class Read:
    """Annotations before outputs are numbered; one of the three forms.

    Args:
        names: class of each row, null where not annotated.
        lists: labels present in each row, null where not annotated.
        columns: for each output a number in each row: 0, 1 or -1; probabilities or NaN, where `soft`.
        wrong: cells that could not be read.
        cautions: what is doubtful, though it can be read.

    """

    names: pl.Series | None = None
    lists: pl.Series | None = None
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)
    soft: bool = False
    wrong: list[Wrong] = field(default_factory=list)
    cautions: list[str] = field(default_factory=list)


def read_annotations(
    table: datasets.Dataset, source: SourceSettings, name: str, settings: AnnotationSettings, task: TaskSettings
) -> Read:
    """Read what one source says of one task.

    Raises:
        DataError: if a column is missing or of the wrong type.

    """
    role = f"annotations.{name}"
    if isinstance(settings, Words):
        text = single(column(table, settings.text, source.name, role), settings.text, source.name, "text")
        return Read(columns=from_words(text, settings, source.missing), wrong=_broken_text(text, name))
    missing = (*source.missing, *settings.missing)
    if isinstance(settings, Columns):
        read = Read(soft=settings.soft)
        for output, place in settings.by_output.items():
            what = "a probability or nothing" if settings.soft else "0, 1 or nothing"
            values = single(column(table, place, source.name, role), place, source.name, what)
            cells = annotated(values, missing)
            read.columns[output] = _numbers(cells, place, settings.soft, read.wrong)
        if settings.soft and isinstance(task, Classes):
            _whole_distributions(read, name)
        return read
    values = column(table, settings.column, source.name, role)
    names = (*(task.names or ()), *(settings.values or ()))
    wrong = _broken_text(values, name)
    if isinstance(task, Classes):
        if values.dtype.is_nested():
            raise DataError(
                f"Column {settings.column!r} of data source {source.name!r} should hold one class of {name!r} in each "
                f"cell. Found lists. Give the task `labels`, if several can hold."
            )
        single(values, settings.column, source.name, f"one class of {name!r}")
        cells = annotated(values, missing, names)
        return Read(names=in_memory(cells, _renamed(settings)), wrong=wrong, cautions=_unheld(settings, cells, name))
    if settings.separator is not None and not values.dtype.is_nested():
        values = annotated(values, missing, names).str.split(settings.separator)
    kind = getattr(values.dtype, "inner", None)
    if kind is None or kind.is_nested():
        raise DataError(
            f"Column {settings.column!r} of data source {source.name!r} should hold lists of labels of {name!r}. Found "
            f"{values.dtype}. Text such as 'red;soft' needs `separator: ;`; one value that excludes the others is a "
            "task with `classes`."
        )
    lists = in_memory(values.cast(pl.List(kind)), lambda cells: listed(cells, kind, missing, names))
    renamed = in_memory(lists, lambda cells: cells.list.eval(_renamed(settings)(pl.element())))
    held = lists.explode(empty_as_null=True)
    return Read(lists=renamed, wrong=wrong, cautions=_unheld(settings, held, name))


def _renamed(settings: Column) -> Callable[[pl.Expr], pl.Expr]:
    new = settings.values or {}
    return lambda cells: cells.replace(dict(zip(spell(new), spell(new.values()), strict=True)))


def _unheld(settings: Column, cells: pl.Series, name: str) -> list[str]:
    """What is doubtful of new names for what no cell holds."""
    keys = tuple(settings.values or ())
    held = cells.drop_nulls().unique().sort().to_list() if keys else []
    lost = [key for key, text in zip(keys, spell(keys), strict=True) if text not in held]
    if not lost:
        return []
    hint = nearest(lost[0], held)
    near = f" {hint}" if hint.startswith("Did") and not is_number(lost[0]) else ""
    many = f" ({len(lost)} such in all)" if len(lost) > 1 else ""
    return [f"`values` of {name!r} names {lost[0]!r}, which no cell holds{many}.{near}"]


def _numbers(cells: pl.Series, place: str, soft: bool, wrong: list[Wrong]) -> NDArray[Any]:
    numbers = in_memory(cells, presence)
    good = numbers.is_between(-ROUNDING, 1 + ROUNDING) if soft else numbers.is_in([0.0, 1.0])
    bad = cells.is_not_null() & ~good.fill_null(False)
    expected = "a probability within [0, 1], or be empty" if soft else "0, 1 or be empty"
    hint = (
        "" if soft else " Another code for a missing annotation is declared with `missing`; probabilities with `soft`."
    )
    _note(
        wrong,
        "value not understood",
        bad,
        lambda row: f"column {place!r} should be {expected}. Found {cells[row]!r}.{hint}",
    )
    if soft:
        return numbers.set(bad, None).clip(0, 1).cast(pl.Float32).fill_null(float("nan")).to_numpy()
    return numbers.set(bad, None).fill_null(-1).cast(pl.Int8).to_numpy()


def whole(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows are probabilities that sum to 1."""
    return np.asarray(np.abs(values.sum(1) - 1) <= ROUNDING)


def _whole_distributions(read: Read, name: str) -> None:
    values = np.stack(list(read.columns.values()), 1)
    bad = pl.Series(~whole(values) & ~np.isnan(values).all(1))
    _note(
        read.wrong,
        "value not understood",
        bad,
        lambda row: (
            f"probabilities of {name!r} should sum to 1, or all be empty. "
            f"Found {[round(float(value), 4) for value in values[row]]}."
        ),
    )


def _broken_text(values: pl.Series, name: str) -> list[Wrong]:
    wrong: list[Wrong] = []
    if values.dtype == pl.String:
        bad = values.str.contains("�", literal=True).fill_null(False)
        _note(
            wrong,
            "text that is not UTF-8",
            bad,
            lambda row: (
                f"{values[row]!r}, which annotates {name!r}, should be UTF-8 text. Save the file as UTF-8; of a CSV "
                "the study can give the `encoding`, as latin-1."
            ),
        )
    return wrong


def _note(wrong: list[Wrong], kind: str, bad: pl.Series, what: Callable[[int], str]) -> None:
    rows = bad.arg_true().to_numpy().astype(np.int64)
    if len(rows):
        wrong.append((kind, rows, what))
