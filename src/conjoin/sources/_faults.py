"""Rows that cannot be used: counted, the first of each kind kept with file and row, then refused or skipped."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

SHOWN = 10
"""Faults of each kind that are shown; all are counted."""


class DataError(ValueError):
    """Data cannot be used as the study says; the message names files and rows.

    Args:
        message: what is wrong.
        faults: of rows that were left out before, which may be why.

    """

    def __init__(self, message: str, faults: "Faults | None" = None) -> None:
        super().__init__(message)
        self.message = message
        self.faults = faults or Faults()

    def __str__(self) -> str:
        """What is wrong, and which rows were left out before."""
        return self.message + (f"\nRows left out before:\n{self.faults.text()}" if self.faults.counts else "")


class Fault(NamedTuple):
    """What is wrong with one row."""

    source: str
    file: str
    row: int
    """Row in the file, the first is 1; a header is not counted. 0 of a file that is one image."""
    what: str


def place(file: str, row: int, between: str = ", ") -> str:
    """Where a row is, in words."""
    return f"{file}{between}row {row}" if row else file


@dataclass
class Faults:
    """Faults by kind: how many rows, and the first of them."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, list[Fault]] = field(default_factory=dict)

    def add(self, kind: str, rows: Iterable[int], describe: Callable[[int], Fault]) -> None:
        """Count rows, and describe as many of them as are shown."""
        kept = self.first.setdefault(kind, [])
        for row in rows:
            self.counts[kind] += 1
            if len(kept) < SHOWN:
                kept.append(describe(int(row)))

    def text(self) -> str:
        """Every kind with its count and first faults, as lines."""
        lines = []
        for kind, count in self.counts.items():
            shown = self.first[kind]
            more = f", the first {len(shown)}" if count > len(shown) else ""
            lines.append(f"{kind}: {count:,} row{'s' * (count > 1)}{more}")
            lines += [f"  {place(fault.file, fault.row)} ({fault.source}): {fault.what}" for fault in shown]
        return "\n".join(lines)

    def refuse(self) -> None:
        """Raise if there is any.

        Raises:
            DataError: with every kind, its count and its first faults.

        """
        if self.counts:
            raise DataError(
                f"`data` should hold rows that can be used. Found {self.counts.total():,} faults. Mend them, or leave "
                f"such rows out with `on_error: skip`.\n{self.text()}"
            )
