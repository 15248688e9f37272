"""Cells of a column brought to names: one spelling, whatever file or type they come from, and one rule for codes.

Every cell is read on its own: what else is in its column changes nothing.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import polars as pl

_WHOLE = r"^(-?[0-9]+)\.0+$"
_UNKNOWN = "nan"


def spelling(cells: pl.Expr, kind: Any) -> pl.Expr:
    """Text of each cell without space around it, NFC; whole numbers without decimals; null where empty or NaN.

    Args:
        cells: of a column that holds no lists.
        kind: its polars type.

    """
    if kind == pl.Boolean:
        cells = cells.cast(pl.Int8)
    if kind.is_float():
        whole = cells.is_finite() & (cells == cells.floor()) & (cells.abs() < 2.0**63)
        number = pl.when(whole).then(cells).cast(pl.Int64, strict=False).cast(pl.String)
        return number.fill_null(cells.fill_nan(None).cast(pl.String))
    text = cells.cast(pl.String).str.strip_chars().str.normalize("NFC").str.replace(_WHOLE, "$1")
    return pl.when(text != "").then(text)


def known(spelled: pl.Expr, missing: Iterable[object], names: Collection[str] = ()) -> pl.Expr:
    """Null where a spelled cell means "not annotated": a code of `missing`, or text `nan` that is no name.

    Args:
        spelled: cells.
        missing: codes that mean "not annotated".
        names: declared ones.

    """
    absent = spelled.is_in(spell(missing))
    if _UNKNOWN not in {name.lower() for name in names}:
        absent |= spelled.str.to_lowercase() == _UNKNOWN
    return pl.when(~absent).then(spelled)


def listed(lists: pl.Expr, kind: Any, missing: Iterable[object], names: Collection[str] = ()) -> pl.Expr:
    """Names in each list; null where nothing is known: a code of `missing` is in it, or no name but empty cells.

    Args:
        lists: of a column of lists.
        kind: polars type of what they hold.
        missing: codes that mean "not annotated".
        names: declared ones.

    """
    cells = lists.list.eval(known(spelling(pl.element(), kind), (), names)).list.drop_nulls()
    unknown = cells.list.eval(pl.element().is_in(spell(missing))).list.any()
    return pl.when(~unknown & ((lists.list.len() == 0) | (cells.list.len() > 0))).then(cells)


def presence(spelled: pl.Expr) -> pl.Expr:
    """Number in each spelled cell; true is 1, false 0; null where there is none."""
    return spelled.str.to_lowercase().replace({"true": "1", "false": "0"}).cast(pl.Float64, strict=False)


def numbered(spelled: pl.Series, names: Sequence[str], *, codes: bool) -> pl.Series:
    """Place of each spelled cell among names; null where it is none of them.

    Args:
        spelled: cells.
        names: in order.
        codes: whether a whole number is the place itself, as where names are declared. Where a name is a number,
            numbers are names and no places.

    """
    places = dict(zip(spell(names), range(len(names)), strict=True))
    by_name = spelled.replace_strict(places, default=None, return_dtype=pl.Int64)
    if not codes or any(map(is_number, names)):
        return by_name
    numbers = spelled.cast(pl.Int64, strict=False)
    return by_name.fill_null(numbers.set(~numbers.is_between(0, len(names) - 1).fill_null(False), None))


def is_number(name: str) -> bool:
    """Whether a name is a whole number, however it is spelled."""
    return re.fullmatch(r"\s*-?[0-9]+(\.0+)?\s*", name) is not None


def alike(names: Sequence[str]) -> tuple[str, str] | None:
    """Two different names that cells do not tell apart, such as 1 and 1.0."""
    first: dict[str, str] = {}
    for name, text in zip(names, spell(names), strict=True):
        if first.setdefault(text, name) != name:
            return first[text], name
    return None


def spell(values: Iterable[object]) -> list[str]:
    """Names or codes as cells spell them: 9, 9.0 and "9" are one."""
    text = [str(int(value) if isinstance(value, bool) else value) for value in values]
    cells = pl.Series(text, dtype=pl.String)
    return in_memory(cells, lambda cell: spelling(cell, pl.String)).fill_null("").to_list()


def composed(names: Iterable[str]) -> tuple[str, ...]:
    """Names in one form of Unicode, NFC: an é is one sign, and not an e with an accent to follow."""
    return tuple(unicodedata.normalize("NFC", name) for name in names)


def in_memory(values: pl.Series, change: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """A column changed as an expression says."""
    return values.to_frame().select(change(pl.first()).alias(values.name)).to_series()
