"""Cells of WebDataset shards that would be cast in silence."""

import json
import tarfile
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from conjoin.sources._faults import DataError


def check_cells(name: str, file: str, schema: pa.Schema, columns: Iterable[str]) -> None:
    """Check that cells are what they are read as.

    `datasets` takes the types of cells from five samples of one shard and casts all others: where these hold 0 and 1,
    it makes 0.7 a 0. Only the `.json` of the samples are read here.

    Args:
        name: of the data source.
        file: the shard.
        schema: types of the columns as they were read.
        columns: those that are used.

    Raises:
        DataError: if a cell would become another value.

    """
    kinds = {column: kind for column in columns if (kind := _kind(schema, column)) is not None}
    samples = _samples(file) if kinds else iter(())
    while some := list(islice(samples, 10_000)):
        for column, kind in kinds.items():
            cells = {sample: _cell(value, column) for sample, value in some}
            if _fits(list(cells.values()), kind):
                continue
            sample, cell = next((sample, cell) for sample, cell in cells.items() if not _fits([cell], kind))
            raise DataError(
                f"Column {column!r} of data source {name!r} should hold the type that its first five samples have, "
                f"{kind}. Found {cell!r} in {sample} of {file}. Write whole numbers as 1.0 there, or use Parquet."
            )


def _kind(schema: pa.Schema, column: str) -> pa.DataType | None:
    """Type of a key of a `.json`; None of other columns."""
    extension, _, key = column.partition(".")
    if extension != "json" or extension not in schema.names or key not in schema.field(extension).type.names:
        return None
    return schema.field(extension).type.field(key).type


def _cell(value: Any, column: str) -> Any:
    return value.get(column.partition(".")[2]) if isinstance(value, dict) else None


def _samples(file: str) -> Iterator[tuple[str, Any]]:
    with tarfile.open(file) as shard:
        for member in shard:
            if member.name.endswith(".json") and (opened := shard.extractfile(member)):
                yield member.name, json.load(opened)


def _fits(cells: list[Any], kind: pa.DataType) -> bool:
    try:
        pa.array(cells).cast(kind)
    except pa.ArrowInvalid:
        return False
    return True
