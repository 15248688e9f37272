"""Tables of action units: which columns they are, and what their cells say."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

import polars as pl

from conjoin.datasets._vocabulary import action_unit

PREFIX = "action_units:"


def read_au_table(path: Path, missing: Collection[int] | None) -> pl.DataFrame:
    """A table with a heading: what tells the frame, and the action units.

    Args:
        path: of a file of comma-separated values.
        missing: codes beside 0 and 1 that mean "not annotated"; None if all other cells do.

    Returns:
        `key`, the text of the first column that is called a path, name or frame, else of the first that is no unit,
        else the number of the row, from 1; and a column of each unit.

    Raises:
        ValueError: if the heading has no unit, has one twice, or a cell is not understood.

    """
    try:
        table = pl.read_csv(path, infer_schema=False, has_header=False, quote_char='"')
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{path} should be a table of comma-separated values. {error}") from error
    heading = [str(name or "") for name in table.row(0)]
    units = [action_unit(name) for name in heading]
    # Cells of a heading differ. In a row of codes, which names AU1 where one is present, they repeat.
    filled = [unit or name for unit, name in zip(units, heading, strict=True) if name.strip()]
    if not any(units) or len(set(filled)) < len(filled):
        raise ValueError(
            f"{path}, line 1, should name action units, each once, such as 0,1,2,4 or frame,AU1,AU2,AU4. "
            f"Found {','.join(heading)!r}."
        )
    found = occurrences(table[1:], units, missing, f"{path}, line", 2)
    keys = [column for column, unit in enumerate(units) if unit is None]
    keys.sort(key=lambda column: re.search("path|image|file|name|url|frame", heading[column].lower()) is None)
    key = table[1:].to_series(keys[0]).str.strip_chars() if keys else pl.Series(range(1, len(table)), dtype=pl.String)
    return found.insert_column(0, key.alias("key"))


def occurrences(
    table: pl.DataFrame, units: Sequence[str | None], missing: Collection[int] | None, place: str, first: int
) -> pl.DataFrame:
    """Columns of action units: 1 present, 0 absent, null not annotated.

    Args:
        table: text.
        units: the unit of each column; None if it is something else.
        missing: codes beside 0 and 1 that mean "not annotated", as empty cells do; None if all others do.
        place: of the table, before the number of a row, for errors.
        first: number of the first row.

    Raises:
        ValueError: if a cell is none of these.

    """
    columns = {unit: name for name, unit in zip(table.columns, units, strict=True) if unit}
    text = table.select(pl.col(name).str.strip_chars(" \t\r'\"").alias(unit) for unit, name in columns.items())
    numbers = text.select(pl.all().cast(pl.Float64, strict=False))
    if missing is not None:
        known = pl.all().is_in([0.0, 1.0, *map(float, missing)])
        empty = text.select(pl.all().str.to_lowercase().is_in(["", "nan"]).fill_null(True))
        right = numbers.select(known.fill_null(False))
        wrong = pl.DataFrame({unit: ~(right[unit] | empty[unit]) for unit in columns})
        rows = wrong.select(pl.any_horizontal(pl.all())).to_series().arg_true()
        if len(rows):
            unit = next(unit for unit in columns if wrong[unit][rows[0]])
            codes = ", ".join(str(code) for code in missing)
            raise ValueError(
                f"{place} {rows[0] + first}, {unit}, should be 0, 1, empty or a code for not annotated ({codes}). "
                f"Found {text[unit][rows[0]]!r}."
            )
    order = sorted(columns, key=lambda unit: int(unit.removeprefix("AU")))
    present = pl.when(pl.col(order).is_in([0.0, 1.0])).then(pl.col(order)).cast(pl.Int8)
    return numbers.select(present.name.prefix(PREFIX))


def coded_units(frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...], list[str]]:
    """The frame without units that no row is annotated for, the units, and a note of those."""
    every = sorted((n for n in frame.columns if n.startswith(PREFIX)), key=lambda n: int(n.removeprefix(f"{PREFIX}AU")))
    never = [name for name in every if frame[name].null_count() == len(frame)]
    units = tuple(name.removeprefix(PREFIX) for name in every if name not in never)
    others = ", ".join(name.removeprefix(PREFIX) for name in never)
    notes = [f"Of no image it is known whether these are present, and they are left out: {others}."] if never else []
    return frame.drop(every).hstack(frame.select(n for n in every if n not in never)), units, notes
