"""Columns of a source, and their cells brought to text."""

import json
from collections.abc import Collection, Iterable

import datasets
import polars as pl
import pyarrow as pa

from conjoin.cells import in_memory, known, spelling
from conjoin.sources._faults import DataError
from conjoin.sources._open import no_column


def column(table: datasets.Dataset, name: str, source: str, role: str) -> pl.Series:
    """A column of a source; codes of Hugging Face class labels become names; `a.b` is key b of column a.

    Raises:
        DataError: if there is no such column.

    """
    outer, _, inner = name.partition(".")
    if name in table.column_names:
        outer, inner = name, ""
    keys = table.features.get(outer)
    if outer not in table.column_names or (inner and not (isinstance(keys, dict) and inner in keys)):
        raise no_column(name, role, source, table.column_names)
    values = pl.from_arrow(_as_utf8(table.select_columns([outer]).with_format("arrow")[:][outer], name, source))
    assert isinstance(values, pl.Series)
    feature = table.features[outer]
    values = _from_json(values.struct.field(inner) if inner else values, name, source)
    if inner:
        return values
    if isinstance(feature, datasets.ClassLabel):
        return values.replace_strict(dict(enumerate(feature.names)), default=None, return_dtype=pl.String)
    within = getattr(feature, "feature", None)
    if isinstance(within, datasets.ClassLabel):
        names = dict(enumerate(within.names))
        return values.list.eval(pl.element().replace_strict(names, default=None, return_dtype=pl.String))
    return values


def _from_json(values: pl.Series, name: str, source: str) -> pl.Series:
    """Cells (or elements of lists) of several types, which `datasets` gives as JSON, as text."""
    within = isinstance(values.dtype, pl.List)
    kind = getattr(values.dtype, "inner", None) if within else values.dtype
    if not (isinstance(kind, pl.BaseExtension) and kind.ext_name() == "arrow.json"):
        return values

    def text(stored: str | None) -> str | None:
        cell = None if stored is None else json.loads(stored)
        if isinstance(cell, list | dict):
            raise DataError(
                f"Column {name!r} of data source {source!r} should hold lists in every cell or in none, of text or "
                f"numbers alone. Found {cell} beside others."
            )
        return None if cell is None else str(int(cell) if isinstance(cell, bool) else cell)

    stored = (
        in_memory(values, lambda cells: cells.list.eval(pl.element().ext.storage())) if within else values.ext.storage()
    )
    cells = [[text(part) for part in cell] if isinstance(cell, list) else text(cell) for cell in stored.to_list()]
    return pl.Series(values.name, cells, pl.List(pl.String) if within else pl.String)


def _as_utf8(values: pa.ChunkedArray, name: str, source: str) -> pa.ChunkedArray:
    """The column, what is not UTF-8 replaced by U+FFFD: Parquet files may hold any bytes as text."""
    try:
        values.validate(full=True)
    except pa.ArrowInvalid as error:
        if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
            raise DataError(
                f"Column {name!r} of data source {source!r} should be UTF-8 text. Found {error}."
            ) from error
        cells = values.cast(pa.large_binary()).to_pylist()
        text = [None if cell is None else cell.decode(errors="replace") for cell in cells]
        return pa.chunked_array([pa.array(text, pa.large_string())])
    return values


def as_text(values: pl.Series) -> pl.Series:
    """Text of each cell, see `conjoin.cells.spelling`; a column of lists as it is."""
    return values if values.dtype.is_nested() else in_memory(values, lambda cell: spelling(cell, values.dtype))


def single(values: pl.Series, name: str, source: str, what: str) -> pl.Series:
    """A column of one value in each cell.

    Raises:
        DataError: if it holds lists, mappings or bytes.

    """
    if values.dtype.is_nested() or values.dtype == pl.Binary:
        raise DataError(
            f"Column {name!r} of data source {source!r} should hold {what} in each cell. Found {values.dtype}."
        )
    return values


def annotated(values: pl.Series, missing: Iterable[object], names: Collection[str] = ()) -> pl.Series:
    """Text of each cell, null where it means "not annotated": see `conjoin.cells.known`."""
    return in_memory(as_text(values), lambda cell: known(cell, missing, names))
