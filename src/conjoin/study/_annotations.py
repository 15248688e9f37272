"""Which columns of a source annotate a task, and how."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag

from conjoin.study._strict import Strict, tag_of

Code = int | float | str
"""What a cell may hold."""


class _Cells(Strict):
    missing: tuple[Code, ...] = ()
    """Values that mean "not annotated", beside empty cells: 999, 9, -1, "unknown"."""


class Column(_Cells):
    """One column: a class by name or code, or (for labels) a list of the labels that are present."""

    column: str
    """Name of the column."""
    values: Mapping[str, str] | None = None
    """New names for what the cells hold: `{0: neutral, 1: happy}`; what is not named here keeps its name."""
    separator: str | None = Field(default=None, min_length=1)
    """Between the labels of a cell, where a list is written as text: `red;soft`."""


class Columns(_Cells):
    """One column for each label (1 present, 0 absent), or a probability for each label or class."""

    columns: Annotated[tuple[str, ...], Field(min_length=1)] | Mapping[str, str]
    """Columns that are named as the labels are, or `{label: column}`."""
    soft: bool = False
    """Cells are probabilities within [0, 1]. Needed for classes, whose probabilities sum to 1."""

    @property
    def by_output(self) -> dict[str, str]:
        """Column of each label or class."""
        return dict(self.columns) if isinstance(self.columns, Mapping) else {name: name for name in self.columns}


class Words(Strict):
    """Labels from the words of a text.

    Of a group of labels, those whose words occur are present, and the others absent, once any of
    the group occurs. Where none does, the text does not settle the group: it is not annotated.
    """

    text: str
    """Name of the column of text."""
    words: Annotated[Mapping[str, Annotated[tuple[str, ...], Field(min_length=1)]], Field(min_length=1)]
    """Words or phrases of each label, matched as whole words, whether capital or not."""
    groups: tuple[tuple[str, ...], ...] | None = None
    """Labels of which one settles the others; by default all are one group."""

    @property
    def settled_by(self) -> tuple[tuple[str, ...], ...]:
        """Groups of labels; a label that no group names settles itself only."""
        if self.groups is None:
            return (tuple(self.words),)
        named = {label for group in self.groups for label in group}
        return (*self.groups, *((label,) for label in self.words if label not in named))


def _column(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


def _kind(value: Any) -> str | None:
    if isinstance(value, Strict):
        return tag_of(type(value))
    kinds: dict[str, type[Strict]] = {"column": Column, "columns": Columns, "text": Words, "words": Words}
    return next((tag_of(kind) for key, kind in kinds.items() if isinstance(value, dict) and key in value), None)


AnnotationSettings = Annotated[
    Annotated[Column, Tag(tag_of(Column))]
    | Annotated[Columns, Tag(tag_of(Columns))]
    | Annotated[Words, Tag(tag_of(Words))],
    Discriminator(
        _kind,
        custom_error_type="annotation_kind",
        custom_error_message="the name of a column, or a mapping with `column`, `columns`, or `text` and `words`",
    ),
    BeforeValidator(_column),
]
