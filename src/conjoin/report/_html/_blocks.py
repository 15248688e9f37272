"""Parts of which the page is built; the template knows how each is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

Cell = str | int | float | None


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    kind: ClassVar[str] = "words"
    text: str


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite chart.

    Args:
        title: heading above it.
        alt: what it shows, in words.
        spec: as Altair gives it.

    """

    kind: ClassVar[str] = "chart"
    title: str
    alt: str
    spec: dict[str, Any]


@dataclass(frozen=True)
class Charts:
    """Charts side by side, as many as there is room for; fewer of those that are wide."""

    kind: ClassVar[str] = "charts"
    charts: Sequence[Chart]
    wide: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        name: its heading.
        form: format of its numbers, of `str.format`.
        finding: whether it holds findings, which get a mark beside their word.

    """

    name: str
    form: str = "{}"
    finding: bool = False

    def written(self, cell: Cell) -> str:
        """A cell as text."""
        return "" if cell is None else cell if isinstance(cell, str) else self.form.format(cell)


@dataclass(frozen=True)
class Table:
    """Rows that can be sorted and filtered.

    Args:
        caption: what it shows.
        columns: headings and formats.
        rows: cells; the first of each is the heading of its row.
        folded: whether it is opened by a click, for tables that repeat a chart in figures.

    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    folded: bool = False


@dataclass(frozen=True)
class Picture:
    """One image with what is said of it, a line each; the first line names it."""

    uri: str
    alt: str
    lines: Sequence[str]
    pixelated: bool


@dataclass(frozen=True)
class Gallery:
    """Images side by side."""

    kind: ClassVar[str] = "gallery"
    caption: str
    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Code:
    """Text as it stands in a file."""

    kind: ClassVar[str] = "code"
    caption: str
    text: str


Block = Words | Chart | Charts | Table | Gallery | Code


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading and a place in its table of contents."""

    name: str
    title: str
    blocks: Sequence[Block] = field(default_factory=tuple)
