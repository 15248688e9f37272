"""Which split each row belongs to."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import xxhash

from conjoin.names import nearest
from conjoin.sources._cells import as_text
from conjoin.sources._faults import SHOWN
from conjoin.sources._rows import SPLITS, UNDECIDED, Rows
from conjoin.study import Fractions, SplitColumn


def from_column(values: pl.Series, settings: SplitColumn) -> tuple[pl.Series, pl.Series]:
    """Number of the split of each row, and which rows hold no split."""
    cells = as_text(values)
    names = dict(settings.values) | {name: name for name in SPLITS if name not in settings.values}
    numbers = cells.replace_strict(
        {found: SPLITS.index(name) for found, name in names.items()}, default=UNDECIDED, return_dtype=pl.Int8
    )
    return numbers, numbers == UNDECIDED


def unknown_split(found: object, settings: SplitColumn) -> str:
    """What is wrong with a cell that names no split."""
    known = [*settings.values, *SPLITS]
    hint = nearest(found, known) if isinstance(found, str) else ""
    return (
        f"column {settings.column!r} should hold a split: {', '.join(dict.fromkeys(known))}. Found {found!r}. {hint} "
        "Other names are told by `values`."
    ).replace("  ", " ")


def draw(rows: Rows, fractions: Sequence[Fractions]) -> Rows:
    """Decide the split of rows that have none: that which their group has elsewhere, else one that is drawn.

    Args:
        rows: one for each image.
        fractions: for each source, how its splits are drawn.

    """
    split = rows.meta["split"].to_numpy(writable=True)
    group = rows.meta["group"]
    for number, settings in enumerate(fractions):
        here = np.flatnonzero((rows.column("source") == number) & (split == UNDECIDED))
        elsewhere = pl.DataFrame({"group": group, "split": split}).drop_nulls()
        elsewhere = elsewhere.filter(pl.col("split") != UNDECIDED).unique("group")
        taken = group[here].replace_strict(*elsewhere, default=None, return_dtype=pl.Int8)
        split[here] = taken.fill_null(_drawn(group.fill_null(rows.meta["key"])[here], settings)).to_numpy()
    return replace(rows, meta=rows.meta.with_columns(split=split))


def _drawn(keys: pl.Series, settings: Fractions) -> pl.Series:
    """A split drawn for each key: rows of one key, in whatever source, go to one split, also when rows are added."""
    unique = keys.unique()
    test, validation = settings.test, settings.test + settings.validation
    drawn = [xxhash.xxh3_64_intdigest(key.encode(), settings.seed) / 2**64 for key in unique]
    numbers = [2 if share < test else 1 if share < validation else 0 for share in drawn]
    return keys.replace_strict(unique, pl.Series(numbers, dtype=pl.Int8), return_dtype=pl.Int8)


def crossing_groups(rows: Rows) -> str:
    """What is wrong with groups that are in several splits; nothing where there are none."""
    frame = rows.meta.select("group", "split").with_row_index("place").drop_nulls("group")
    frame = frame.unique(["group", "split"], maintain_order=True).filter(pl.len().over("group") > 1)
    if not frame.height:
        return ""
    lines = []
    for (group,), part in list(frame.group_by("group", maintain_order=True))[:SHOWN]:
        faults = [rows.fault(place, SPLITS[number]) for place, _, number in part.iter_rows()]
        lines.append(f"  {group!r}: " + ", ".join(f"{f.what} in {f.file} row {f.row}" for f in faults))
    count = frame["group"].n_unique()
    return (
        f"A group should be in one split. Found {count:,} in several{', the first 10' if count > SHOWN else ''}. "
        "Mend the split, or leave it to conjoin: `split: {validation: 0.1, test: 0.1}`.\n" + "\n".join(lines)
    )
