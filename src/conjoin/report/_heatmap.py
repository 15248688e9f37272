"""A relation table as a heat map."""

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from conjoin.relate import RelationTable

_MOST_ROWS = 60
_MOST_COLUMNS = 40
_MOST_NUMBERS = 200
_WIDE = 0.2
"""An interval wider than this is marked."""


def draw_relation(table: RelationTable, title: str) -> Figure:
    """Probability of each output by class.

    Beside each class stands its number of co-annotated rows, cells whose 95 % interval is wider than 0.2 are
    dotted, and up to 200 cells carry their number and interval. Of a larger table the 60 classes with most
    rows and the 40 outputs that differ most between classes are shown.
    """
    rows = _largest(np.nan_to_num(table.rows), _MOST_ROWS)
    columns = _largest(np.ptp(table.probability[rows], axis=0), _MOST_COLUMNS)
    part = np.ix_(rows, columns)
    numbers = len(rows) * len(columns) <= _MOST_NUMBERS
    sure = np.isfinite(table.lower).any()
    width, height = (0.62, 0.42 if sure else 0.3) if numbers else (0.27, 0.19)
    figure = Figure(figsize=(3.2 + width * len(columns), 2.2 + height * len(rows)), layout="constrained")
    axis = figure.subplots()
    picture = axis.imshow(table.probability[part], aspect="auto", cmap="cividis", vmin=0, interpolation="nearest")
    if numbers:
        _write_numbers(axis, table, rows, columns)
    wide = np.argwhere((table.upper - table.lower)[part] > _WIDE)
    if len(wide) and not numbers:
        axis.scatter(wide[:, 1], wide[:, 0], s=7, facecolor="white", edgecolor="black", linewidth=0.6)
    axis.set_xticks(range(len(columns)), [table.outputs[j] for j in columns], rotation=90, fontsize=8)
    axis.set_yticks(range(len(rows)), [_label(table, int(i)) for i in rows], fontsize=8)
    axis.set_title(title, fontsize=10)
    figure.supxlabel("\n".join(_legend(table, rows, columns, dots=bool(len(wide)) and not numbers)), fontsize=8)
    figure.colorbar(picture, ax=axis, label="P(output | class)", shrink=min(1.0, 12 / len(rows)))
    return figure


def _largest(value: Float[np.ndarray, "n"], most: int) -> Int[np.ndarray, "m"]:
    """Places of the largest values, in the order of the table."""
    return np.sort(np.argsort(-value, kind="stable")[:most])


def _label(table: RelationTable, row: int) -> str:
    count = table.rows[row]
    return table.classes[row] + ("" if np.isnan(count) else f"  {count:,.0f}")


def _legend(
    table: RelationTable, rows: Int[np.ndarray, "m"], columns: Int[np.ndarray, "k"], *, dots: bool
) -> list[str]:
    lines = []
    if np.isfinite(table.rows).any():
        lines.append("beside a class: its co-annotated rows")
    if dots:
        lines.append(f"dot: 95 % interval wider than {_WIDE}")
    if len(rows) < len(table.classes):
        lines.append(f"{len(rows)} of {len(table.classes)} classes: those with most rows")
    if len(columns) < len(table.outputs):
        lines.append(f"{len(columns)} of {len(table.outputs)} outputs: those that differ most")
    return lines


def _write_numbers(axis: Axes, table: RelationTable, rows: Int[np.ndarray, "m"], columns: Int[np.ndarray, "k"]) -> None:
    bright = table.probability[np.ix_(rows, columns)].max() * 0.45
    for y, i in enumerate(rows):
        for x, j in enumerate(columns):
            value, low, high = table.probability[i, j], table.lower[i, j], table.upper[i, j]
            colour = "black" if value > bright else "white"
            known = np.isfinite(low)
            axis.text(x, y - 0.12 * known, f"{value:.2f}", ha="center", va="center", fontsize=8, color=colour)
            if known:
                axis.text(x, y + 0.24, f"{low:.2f}–{high:.2f}", ha="center", va="center", fontsize=5.5, color=colour)
