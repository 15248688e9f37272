"""A relation table with what is known of its certainty."""

import csv
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float

from conjoin.cells import composed
from conjoin.names import nearest

if TYPE_CHECKING:  # counting needs no torch, and half a gigabyte less without it
    from conjoin.relations import Relation
    from conjoin.tasks import MultiClass, Task

Kind = Literal["multi-label", "multi-class"]
Cells = Float[np.ndarray, "classes outputs"]

CONFIDENCE = 0.95
"""Probability that a credible interval holds."""

COLUMNS = ("class", "output", "probability", "lower", "upper", "count")
"""Columns of the files that conjoin writes: a line for each cell."""

_TITLE = "# conjoin relation table: P(output | class), 95 % credible interval, effective number of co-annotated rows"


def _unknown() -> Cells:
    return np.full((1, 1), np.nan)


@dataclass(frozen=True, eq=False)
class RelationTable:
    """P(target output | source class), cell by cell with interval and count.

    Args:
        classes: names of the source classes, the rows.
        outputs: names of the target's labels or classes, the columns.
        kind: "multi-label": each cell is a probability of its own; "multi-class": rows sum to one.
        probability: shape (classes, outputs).
        origin: where the table comes from.
        count: effective number of co-annotated rows behind each cell; NaN where it is not known.
        lower: lower end of the 95 % credible interval; NaN where it is not known.
        upper: upper end.
        notes: what else a reader should know; kept in files.

    Raises:
        ValueError: if names repeat or are empty, a shape is wrong, an entry is not a probability, or
            a row over classes does not sum to one.

    """

    classes: tuple[str, ...]
    outputs: tuple[str, ...]
    kind: Kind
    probability: Cells
    origin: str
    count: Cells = field(default_factory=_unknown)
    lower: Cells = field(default_factory=_unknown)
    upper: Cells = field(default_factory=_unknown)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the table."""
        for noun, names in (("classes", self.classes), ("outputs", self.outputs)):
            if not names or "" in names:
                raise ValueError(f"`{noun}` should hold at least one name, none empty. Found {list(names)}.")
            if repeated := sorted(name for name, times in Counter(composed(names)).items() if times > 1):
                raise ValueError(f"`{noun}` should be unique. Found {repeated} repeated.")
        if self.kind not in ("multi-label", "multi-class"):
            raise ValueError(f"`kind` should be 'multi-label' or 'multi-class'. Found {self.kind!r}.")
        shape = (len(self.classes), len(self.outputs))
        for name in ("probability", "count", "lower", "upper"):
            cells = np.array(getattr(self, name), dtype=float)
            if cells.shape == (1, 1) and np.isnan(cells).all():
                cells = np.full(shape, np.nan)
            if cells.shape != shape:
                raise ValueError(f"`{name}` should have shape {shape}. Found {cells.shape}.")
            object.__setattr__(self, name, cells)
        bad = np.argwhere(~((self.probability >= 0) & (self.probability <= 1)))
        if len(bad):
            row, column = bad[0]
            raise ValueError(
                f"`probability` should lie within [0, 1]. Found {self.probability[row, column]:g} for class "
                f"{self.classes[row]!r}, output {self.outputs[column]!r} ({len(bad)} in all). "
                "Divide percentages by 100."
            )
        off = np.flatnonzero(abs(self.probability.sum(1) - 1) > 1e-3)
        if self.kind == "multi-class" and len(off):
            raise ValueError(
                "Rows over the classes of a multi-class target should sum to 1. Found "
                f"{self.probability[off[0]].sum():g} for class {self.classes[off[0]]!r} ({len(off)} rows in all). "
                "Is the table P(source | target), or does it hold counts?"
            )

    @property
    def rows(self) -> Float[np.ndarray, "classes"]:
        """Effective number of co-annotated rows of each class: of its best-known label. NaN where not known."""
        return np.asarray(self.count.max(1))

    @property
    def base_rates(self) -> Float[np.ndarray, "outputs"]:
        """How often each output occurs: the mean over co-annotated rows, or over classes where counts are unknown."""
        weight = np.where(np.isfinite(self.count).all() & (self.count.sum(0) > 0), self.count, 1.0)
        return np.asarray((self.probability * weight).sum(0) / weight.sum(0))

    def relation(self, source: "MultiClass", target: "Task", *, floor: float = 0.01) -> "Relation":
        """The relation between two tasks: rows and columns are matched by name and put into the tasks' order.

        Args:
            source: its classes are the rows.
            target: its outputs are the columns.
            floor: probabilities are kept within [floor, 1 - floor].

        Raises:
            ValueError: if a class or output of a task is missing in the table, or the table has another.

        """
        from conjoin.relations import Relation  # noqa: PLC0415

        rows = _places("row", self.classes, f"class of task {source.name!r}", source.outputs)
        columns = _places("column", self.outputs, f"output of task {target.name!r}", target.outputs)
        table, count = (cells[np.ix_(rows, columns)].tolist() for cells in (self.probability, self.count))
        return Relation(source, target, table, count=count, floor=floor, origin=self.origin)

    def write_csv(self, path: str | Path) -> None:
        """Write a line for each cell, which `read_table` reads back exactly; empty where nothing is known.

        Notes come first, each in a cell of its own that starts with `#`: kind, origin, and the rest.
        """
        path = Path(path)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with draft.open("w", encoding="utf-8", newline="") as file:
                lines = csv.writer(file, lineterminator="\n")
                lines.writerow([_TITLE])
                lines.writerow([f"# kind: {self.kind}"])
                lines.writerow([f"# origin: {self.origin}"])
                lines.writerows([f"# note: {note}"] for note in self.notes)
                lines.writerow(COLUMNS)
                for place in np.ndindex(self.probability.shape):
                    cells = [float(getattr(self, name)[place]) for name in COLUMNS[2:]]
                    names = self.classes[place[0]], self.outputs[place[1]]
                    lines.writerow([*names, *("" if np.isnan(cell) else repr(cell) for cell in cells)])
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def _places(line: str, found: tuple[str, ...], what: str, wanted: tuple[str, ...]) -> list[int]:
    places = {name: place for place, name in enumerate(composed(found))}
    if missing := [name for name in composed(wanted) if name not in places]:
        raise ValueError(
            f"The table should have a {line} for every {what}. Found none for {missing[0]!r} "
            f"({len(missing)} missing). {nearest(missing[0], found)}"
        )
    if extra := [name for name in places if name not in composed(wanted)]:
        raise ValueError(
            f"Every {line} of the table should be a {what}. Found {extra[0]!r} ({len(extra)} in all). "
            f"{nearest(extra[0], wanted)}"
        )
    return [places[name] for name in composed(wanted)]
