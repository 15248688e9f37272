"""Annotation rows, scanned lazily from one or several files."""

import csv
import glob
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from conjoin.csv_shape import read_shape
from conjoin.names import nearest

Rows = pl.LazyFrame | pl.DataFrame | str | Path | Sequence[str | Path]


def _scan_csv(path: Path) -> pl.LazyFrame:
    """As text, since a type guessed from the first rows may not fit the others; rows that are cut short are refused."""
    try:
        ragged = read_shape(path).ragged
    except csv.Error as error:
        raise ValueError(f"`rows` should be readable. Found in {path.name}: {error}") from error
    for row, what in ragged.items():
        where = f"{path.name}, row {row + 1} ({len(ragged)} in all)"
        raise ValueError(f"`rows` should be readable. Found in {where}: {what}")
    return pl.scan_csv(path, infer_schema=False, glob=False, truncate_ragged_lines=True)  # of empty cells


def _scan_json(path: Path) -> pl.LazyFrame:
    """Of the keys and types of all lines."""
    return pl.scan_ndjson(glob.escape(str(path)), infer_schema_length=None)


_SCAN: dict[str, Callable[[Path], pl.LazyFrame]] = {
    ".parquet": lambda path: pl.scan_parquet(path, glob=False),
    ".csv": _scan_csv,
    ".jsonl": _scan_json,
    ".ndjson": _scan_json,
}


class Scan(NamedTuple):
    """The columns that are needed, of every file."""

    parts: list[tuple[str, pl.LazyFrame]]
    """Name of each file and its rows."""
    schema: Mapping[str, Any]
    """Polars type of each column."""

    @property
    def frame(self) -> pl.LazyFrame:
        """All rows."""
        return pl.concat([frame for _, frame in self.parts], how="vertical_relaxed")

    @property
    def name(self) -> str:
        """The first file and how many more."""
        more = len(self.parts) - 1
        return self.parts[0][0] + (f" and {more} more file{'s' * (more > 1)}" if more else "")

    def first(self, column: str, wrong: pl.Expr) -> str:
        """File, row (the first is 1) and value where `wrong` first holds, for a message."""
        for name, frame in self.parts:
            found = (
                frame.with_row_index("row ", offset=1)
                .filter(wrong)
                .select("row ", column)
                .head(1)
                .collect(engine="streaming")
            )
            if found.height:
                row, value = found.row(0)
                return f"{value!r} in column {column!r}, row {row} of {name}"
        return f"such a value in column {column!r}"


def scan(rows: Rows, columns: dict[str, str]) -> Scan:
    """Scan files (or take a frame); `columns` says which argument names each column that is needed."""
    if isinstance(rows, pl.LazyFrame | pl.DataFrame):
        parts = [("`rows`", rows.lazy())]
    else:
        parts = [(path.name, _SCAN[path.suffix](path)) for path in _paths(rows)]
    selected = []
    for name, frame in parts:
        schema = _schema(name, frame)
        for column, argument in columns.items():
            if column not in schema:
                raise ValueError(
                    f"`{argument}` should name a column of {name}. Found {column!r}. {nearest(column, list(schema))}"
                )
        selected.append((name, frame.select(list(columns))))
    found = Scan(selected, {})
    return found._replace(schema=_schema(found.name, found.frame))


def _paths(rows: str | Path | Sequence[str | Path]) -> list[Path]:
    paths: dict[Path, Path] = {}  # a file that several patterns name is read once
    for given in [rows] if isinstance(rows, str | Path) else rows:
        path = Path(given)
        places = [path] if path.is_file() else map(Path, glob.glob(str(given), recursive=True))  # noqa: PTH207
        if not (found := sorted(place for place in places if place.is_file())):
            raise FileNotFoundError(f"`rows` should be files. Found no file {str(given)!r}.")
        for place in found:
            paths.setdefault(place.resolve(), place)
    if not paths:
        raise ValueError("`rows` should be at least one file. Found none.")
    for path in paths.values():
        if path.suffix not in _SCAN:
            raise ValueError(f"`rows` should be among {', '.join(_SCAN)} files. Found {path.name!r}.")
    return list(paths.values())


def _schema(name: str, frame: pl.LazyFrame) -> Mapping[str, Any]:
    try:
        return frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ValueError(f"`rows` should be readable and of one type in all files. Found in {name}: {error}") from error
