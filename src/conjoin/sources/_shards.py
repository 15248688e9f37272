"""Cells of WebDataset shards that were cast in silence."""

import json
import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import datasets
import xxhash
from datasets.packaged_modules.webdataset.webdataset import base_plus_ext

from conjoin.sources._faults import DataError


def check_shards(name: str, shards: Mapping[str, datasets.Dataset], columns: Collection[str], folder: Path) -> None:
    """Check that cells were read as they stand in their shards, once for the same files and columns.

    `datasets` takes the types of cells from five samples and casts all others: where these hold 0 and 1, it makes 0.7
    a 0. Only files of JSON are looked at. A number that became text is the same.

    Args:
        name: of the data source.
        shards: samples as they were read, by shard.
        columns: those that are used: `json`, or `json.key`.
        folder: of these files as they are now, where it is noted that they were checked.

    Raises:
        DataError: if a cell has another value.

    """
    checked = folder / f"checked-{xxhash.xxh3_64_hexdigest(json.dumps(sorted(columns)).encode())}"
    if checked.exists():
        return
    for file, table in shards.items():
        _check(name, file, table, columns)
    checked.touch()


def _check(name: str, file: str, table: datasets.Dataset, columns: Collection[str]) -> None:
    used: dict[str, list[str]] = {}
    for column in columns:
        extension, _, key = column.partition(".")
        if extension.lower() in {"json", "jsn"} and extension in table.column_names:
            used.setdefault(extension, []).append(key)
    for extension, keys in used.items():
        rows = zip(table["__key__"], table[extension], strict=True)
        for member, opened in datasets.DownloadManager().iter_archive(file):
            sample, found = base_plus_ext(member)
            if found != extension:
                continue
            given, read = json.load(opened), next(cells for row, cells in rows if row == sample)
            for key in keys:
                cell, became = _cell(given, key), _cell(read, key)
                if not _same(cell, became):
                    raise DataError(
                        f"Column {'.'.join(filter(None, (extension, key)))!r} of data source {name!r} should be of one "
                        f"type. Found {cell!r} in {member} of {file}, where the first samples of the last shard have "
                        f"another, so that it was read as {became!r}. Write whole numbers with a point, 1.0, in all "
                        "samples, or use Parquet."
                    )


def _cell(value: Any, key: str) -> Any:
    return (value.get(key) if isinstance(value, dict) else None) if key else value


def _same(given: Any, read: Any) -> bool:
    if isinstance(given, list) and isinstance(read, list):
        return len(given) == len(read) and all(map(_same, given, read))
    if isinstance(given, dict) and isinstance(read, dict):
        return all(_same(given.get(key), value) for key, value in read.items())
    unknown = isinstance(given, float) and math.isnan(given)
    return unknown or given == read or (isinstance(read, str) and not isinstance(given, str))
