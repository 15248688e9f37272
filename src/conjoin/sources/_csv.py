"""The shape of a CSV file: its header, and the rows that do not fit it."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import datasets

from conjoin.sources._faults import DataError
from conjoin.study import Csv


class Shape(NamedTuple):
    """What pandas does not say: it fills up rows that are cut short."""

    header: list[str]
    """Names of the columns; empty where one has none."""
    rows: int
    """Number of rows without the header and blank lines."""
    ragged: dict[int, str]
    """Rows (the first is 0) with another number of cells than the header, and what is wrong there."""


def read_shape(source: Csv, file: str) -> Shape:
    """Count the cells of every row; empty cells beyond the header, as a trailing delimiter makes, are none.

    Raises:
        DataError: if the header is not one.

    """
    encoding = "utf-8-sig" if source.encoding.lower() in {"utf-8", "utf8"} else source.encoding
    with Path(file).open(encoding=encoding, errors="replace", newline="") as lines:
        rows = _rows(csv.reader(lines, delimiter=source.delimiter))
        header = _without_empty_end(next(rows, []), 0)
        for name in filter(None, header):
            if header.count(name) > 1:
                raise DataError(f"The header of {file} should name each column once. Found {name!r} twice.")
        ragged, number = {}, -1
        for number, row in enumerate(rows):
            cells = len(row)
            if cells != len(header) and (cells := len(_without_empty_end(row, len(header)))) != len(header):
                ragged[number] = f"a row should have {len(header)} cells, as the header has. Found {cells}."
    return Shape(header, number + 1, ragged)


def csv_options(source: Csv, shapes: dict[str, Shape]) -> dict[str, Any]:
    """How pandas is to read files of these shapes: each column by its name, every cell as text.

    Raises:
        DataError: if a file lacks a column of the first.

    """
    first, *others = shapes
    names = [name for name in shapes[first].header if name]
    for file in others:
        if missing := [name for name in names if name not in shapes[file].header]:
            raise DataError(f"{file} should have the columns of {first}. Found none called {missing}.")
    # Text, so that a column of whole numbers with gaps does not become one of decimals.
    return {
        "features": datasets.Features({name: datasets.Value("string") for name in names}),
        "usecols": names,  # a row that is too long is read all the same: it is known to be ragged
        "index_col": False,
        "sep": source.delimiter,
        "keep_default_na": False,
        "encoding": source.encoding,
        "encoding_errors": "replace",
    }


def _rows(lines: Iterable[list[str]]) -> Iterator[list[str]]:
    """Without blank lines, which pandas leaves out."""
    return (row for row in lines if row and not (len(row) == 1 and row[0] and not row[0].strip(" \t")))


def _without_empty_end(row: list[str], least: int) -> list[str]:
    end = len(row)
    while end > least and not row[end - 1]:
        end -= 1
    return row[:end]
