"""A relation table in the terminal, within 80 columns."""

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conjoin.relate import RelationTable

_SHOWN = 12
_FEW = 30
"""A class with fewer co-annotated rows is named."""


def print_relation(table: RelationTable, console: Console) -> None:
    """Print the cells that say most, how many rows they rest on, and the classes with too few."""
    console.print(Text(f"{table.kind} target, {len(table.classes)} classes x {len(table.outputs)} outputs"))
    console.print(Text(f"Origin: {table.origin}"))
    for note in table.notes:
        console.print(Text(f"Note: {note}"))
    counted = bool(np.isfinite(table.rows).any())
    bits = _bits(table)
    places = np.argsort(-bits, axis=None, kind="stable")[:_SHOWN]
    shown = Table(title="Most informative cells", box=box.SIMPLE_HEAD)
    shown.add_column("class", max_width=20, overflow="ellipsis", no_wrap=True)
    shown.add_column("output", max_width=16 if counted else 36, overflow="ellipsis", no_wrap=True)
    for name in ("P", "95 % interval", "base rate", "rows") if counted else ("P", "mean"):
        shown.add_column(name, justify="right", no_wrap=True)
    for place in places[bits.flat[places] > 0]:
        i, j = divmod(int(place), len(table.outputs))
        cells = [f"{table.probability[i, j]:.3f}", f"{table.base_rates[j]:.3f}"]
        if counted:
            cells.insert(1, f"[{table.lower[i, j]:.3f}, {table.upper[i, j]:.3f}]")
            cells.append(f"{table.count[i, j]:,.0f}")
        shown.add_row(Text(table.classes[i]), Text(table.outputs[j]), *cells)
    console.print(shown)
    if not counted:
        console.print("How many rows the table rests on is not known.")
        return
    few = [i for i in np.argsort(table.rows, kind="stable") if table.rows[i] < _FEW]
    if few:
        names = ", ".join(f"{table.classes[i]} ({table.rows[i]:,.0f})" for i in few[:6])
        more = f" and {len(few) - 6} more" if len(few) > 6 else ""
        console.print(Text(f"Fewer than {_FEW} rows, so uncertain: {names}{more}."))
    else:
        console.print(f"Every class has at least {_FEW} rows.")


def _bits(table: RelationTable) -> np.ndarray:
    """Information of each cell against its base rate, in bits: of the end of its interval that is nearer to it.

    0 where the interval holds the base rate; of the probability itself where there is no interval.
    """
    base = np.clip(np.broadcast_to(table.base_rates, table.probability.shape), 1e-9, 1 - 1e-9)
    known = np.isfinite(table.lower)
    low, high = np.where(known, table.lower, table.probability), np.where(known, table.upper, table.probability)
    near = np.clip(np.clip(base, low, high), 1e-9, 1 - 1e-9)
    return np.asarray(near * np.log2(near / base) + (1 - near) * np.log2((1 - near) / (1 - base)))
