"""Relation tables from files: one that conjoin wrote, or a plain matrix.

Both may begin with notes: lines such as `# origin: ...`; `#class` in a corner is a name.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import polars as pl

from conjoin.relate._table import COLUMNS, Kind, RelationTable

_ROUNDING = 1e-3
_NOTE = re.compile(r"#(\s|$|\w+:)")

Notes = dict[str, list[str]]


def read_table(path: str | Path) -> RelationTable:
    """Read a relation table: a file that conjoin wrote, or a matrix of probabilities.

    A matrix (CSV or Parquet) has the class names in its first column and a column for each output.
    Unless a note says `# kind: ...`, its target is multi-class if every row sums to one.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if an entry is missing, no number or no probability; names the row.

    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"`path` should be a CSV or Parquet file. Found no file {str(path)!r}.")
    if path.suffix == ".parquet":
        notes: Notes = {}
        numbered: Iterator[tuple[int, list[str]]] = enumerate(_parquet_lines(path))
    else:
        notes, numbered = _csv_lines(path)
    lines = [(number, line) for number, line in numbered if any(line)]
    if len(lines) < 2 or len(lines[0][1]) < 2:
        raise ValueError(
            f"`{path}` should have a header, class names in the first column and a column for each output. "
            f"Found {lines[0][1] if lines else 'nothing'}. Are its columns separated by something other than a comma?"
        )
    header = lines[0][1]
    for number, line in lines:
        if len(line) != len(header):
            raise ValueError(f"`{path}`, row {number}, should have {len(header)} columns. Found {len(line)}.")
    origin = " ".join(notes.get("origin", [])) or f"read from {path.name}"
    kind = notes.get("kind", [""])[0].strip()
    try:
        table = _long(path, lines[1:]) if tuple(header) == COLUMNS else _matrix(path, header, lines[1:])
        if not kind:
            kind = "multi-class" if (abs(table.probability.sum(1) - 1) <= _ROUNDING).all() else "multi-label"
        return replace(table, kind=cast(Kind, kind), origin=origin, notes=tuple(notes.get("note", [])))
    except ValueError as error:
        raise error if str(path) in str(error) else ValueError(f"`{path}`: {error}") from error


def _csv_lines(path: Path) -> tuple[Notes, Iterator[tuple[int, list[str]]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")  # spreadsheets write a byte-order mark
    except UnicodeDecodeError as error:
        raise ValueError(f"`{path}` should be UTF-8 text. Found byte {error.start} that is not ({error}).") from error
    reader = csv.reader(io.StringIO(text, newline=""))
    lines = [(reader.line_num, line) for line in reader]
    notes: Notes = {}
    while lines and (not any(lines[0][1]) or _NOTE.match(lines[0][1][0])):
        cells = lines.pop(0)[1]
        while cells and not cells[-1]:  # a spreadsheet pads a note with empty cells
            cells.pop()
        key, _, value = ",".join(cells).removeprefix("#").partition(":")
        notes.setdefault(key.strip().lower(), []).append(value.removeprefix(" "))
    return notes, iter(lines)


def _parquet_lines(path: Path) -> Iterator[list[str]]:
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ValueError(f"`{path}` should be a Parquet file. {error}") from error
    yield frame.columns
    for row in frame.iter_rows():
        yield ["" if cell is None else str(cell) for cell in row]


def _number(path: Path, row: int, column: str, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        found = repr(cell) if cell.strip() else "an empty cell"
        advice = (
            " Divide percentages by 100." if "%" in cell else " For an unknown entry give the base rate of the output."
        )
        raise ValueError(
            f"`{path}`, row {row}, column {column!r}, should be a number. Found {found}.{advice}"
        ) from None


def _matrix(path: Path, header: list[str], lines: list[tuple[int, list[str]]]) -> RelationTable:
    table = [[_number(path, row, name, cell) for name, cell in zip(header[1:], line[1:], strict=True)]
             for row, line in lines]  # fmt: skip
    for (row, line), values in zip(lines, table, strict=True):
        for name, value in zip(header[1:], values, strict=True):
            if not 0 <= value <= 1:
                hint = " Divide percentages by 100." if 1 < value <= 100 else ""
                raise ValueError(
                    f"`{path}`, row {row} ({line[0]!r}), column {name!r}, should be a probability within [0, 1]. "
                    f"Found {value:g}.{hint}"
                )
    return RelationTable(tuple(line[0] for _, line in lines), tuple(header[1:]), "multi-label", np.array(table), "")


def _long(path: Path, lines: list[tuple[int, list[str]]]) -> RelationTable:
    classes = tuple(dict.fromkeys(line[0] for _, line in lines))
    outputs = tuple(dict.fromkeys(line[1] for _, line in lines))
    row_of, column_of = ({name: place for place, name in enumerate(names)} for names in (classes, outputs))
    arrays = np.full((4, len(classes), len(outputs)), np.nan)
    seen = np.zeros(arrays.shape[1:], bool)
    for row, (name, output, *cells) in lines:
        place = row_of[name], column_of[output]
        if seen[place]:
            raise ValueError(f"`{path}`, row {row}, should be a new cell. Found {name!r}, {output!r} a second time.")
        seen[place] = True
        for array, column, cell in zip(arrays, COLUMNS[2:], cells, strict=True):
            if cell or column == "probability":
                array[place] = _number(path, row, column, cell)
    if not seen.all():
        i, j = np.argwhere(~seen)[0]
        raise ValueError(
            f"`{path}` should have a line for every cell. Found none for {classes[i]!r}, {outputs[j]!r} "
            f"({(~seen).sum()} missing)."
        )
    probability, lower, upper, count = arrays
    return RelationTable(classes, outputs, "multi-label", probability, "", count, lower, upper)
