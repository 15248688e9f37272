"""Text files of distributions, a line an entry, taken apart into cells all at once and with the line of every fault."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

_SHOWN = 80


class Lines:
    """Lines of a text file; blank ones at its end do not count.

    Args:
        path: of the file.
        skip: lines before the first entry.
        separator: between cells; a space stands for any white space, repeated or at the ends.

    """

    def __init__(self, path: Path, *, skip: int = 0, separator: str = " ") -> None:
        text = path.read_text("utf-8-sig", errors="replace").rstrip()
        lines = pl.Series("line", [text]).str.split("\n").explode()
        self.head: list[str] = lines[:skip].to_list()
        self.path, self._skip, self._separator = path, skip, separator
        self._lines = lines[skip:] if text else lines[:0]
        self.widths = pl.Series(dtype=pl.UInt32)
        """Cells in each line, when they were asked for."""

    def __len__(self) -> int:
        return len(self._lines)

    def cells(self, names: Sequence[str], expected: str, *, spare: int = 0) -> pl.DataFrame:
        """Cells as text, a column for each name; of each line in its order.

        Args:
            names: of the columns, at least two.
            expected: what each line should be, for the error.
            spare: cells that a line may have beyond the names.

        Raises:
            ValueError: if a line has fewer or more cells; names the first.

        """
        lines, apart = self._lines, self._separator
        if apart == " " and lines.str.contains(r"\s\s|^\s|\s$|\t").any():
            lines = lines.str.strip_chars().str.replace_all(r"\s+", " ")
        self.widths = lines.str.count_matches(apart, literal=True) + 1
        self.refuse(~self.widths.is_between(len(names), len(names) + spare), expected)
        split = lines.str.split_exact(apart, len(names) - 1)
        return split.struct.rename_fields(list(names)).struct.unnest()

    def numbers(self, cells: pl.Series, expected: str, *, low: int, high: int) -> pl.Series:
        """Whole numbers of a column of `cells`.

        Raises:
            ValueError: if one is no whole number, or outside [low, high].

        """
        found = cells.str.strip_chars().cast(pl.Int64, strict=False)
        self.refuse(~found.is_between(low, high).fill_null(False), expected)
        return found

    def matrix(self, cells: pl.DataFrame, expected: str, *, low: float, high: float) -> NDArray[np.float64]:
        """Numbers of columns of `cells`, NaN allowed.

        Raises:
            ValueError: if one is no number, or outside [low, high].

        """
        found = cells.cast(pl.Float64, strict=False)
        outside = pl.all().is_null() | (pl.all() < low) | ((pl.all() > high) & pl.all().is_not_nan())
        self.refuse(found.select(pl.any_horizontal(outside)).to_series(), expected)
        return found.to_numpy()

    def refuse(self, bad: pl.Series, expected: str) -> None:
        """Raise if any line is bad; says what was expected, and what the first bad one is."""
        if (place := bad.arg_max()) is None or not bad[place]:
            return
        line = self._lines[place]
        shown = line if len(line) <= _SHOWN else line[:_SHOWN] + "..."
        raise ValueError(f"{self.path}, line {place + 1 + self._skip}, should be {expected}. Found {shown!r}.")


def named(path: Path, expected: str) -> dict[int, str]:
    """Names by number, in the order of the file: a number and a name without white space on every line.

    Raises:
        ValueError: if a line is something else, or a number repeats.

    """
    lines = Lines(path)
    cells = lines.cells(("number", "name"), expected)
    numbers = lines.numbers(cells["number"], expected, low=1, high=10**9)
    lines.refuse(numbers.is_duplicated(), f"{expected}, each once")
    return dict(zip(numbers, cells["name"], strict=True))
