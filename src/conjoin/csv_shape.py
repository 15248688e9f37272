"""The shape of a CSV file: its header, and the rows that do not fit it, which readers fill up or shift silently."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple


class Shape(NamedTuple):
    """What is in a file, before anything is read."""

    header: list[str]
    """Names of the columns; empty where one has none."""
    rows: int
    """Number of rows without the header and blank lines."""
    ragged: dict[int, str]
    """Rows (the first is 0) with another number of cells than the header, and what is wrong there."""


def read_shape(file: str | Path, *, delimiter: str = ",", encoding: str = "utf-8") -> Shape:
    """Count the cells of every row; empty cells beyond the header, as a trailing delimiter makes, are none.

    Raises:
        ValueError: if the header names a column twice.
        csv.Error: if it is no CSV.

    """
    encoding = "utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding
    with Path(file).open(encoding=encoding, errors="replace", newline="") as lines:
        rows = _rows(csv.reader(lines, delimiter=delimiter))
        header = _without_empty_end(next(rows, []), 0)
        for name in filter(None, header):
            if header.count(name) > 1:
                raise ValueError(f"The header of {file} should name each column once. Found {name!r} twice.")
        ragged, number = {}, -1
        for number, row in enumerate(rows):
            cells = len(row)
            if cells != len(header) and (cells := len(_without_empty_end(row, len(header)))) != len(header):
                ragged[number] = f"a row should have {len(header)} cells, as the header has. Found {cells}."
    return Shape(header, number + 1, ragged)


def _rows(lines: Iterable[list[str]]) -> Iterator[list[str]]:
    """Without blank lines, which pandas leaves out."""
    return (row for row in lines if row and not (len(row) == 1 and row[0] and not row[0].strip(" \t")))


def _without_empty_end(row: list[str], least: int) -> list[str]:
    end = len(row)
    while end > least and not row[end - 1]:
        end -= 1
    return row[:end]
