"""Which split each row belongs to."""

import polars as pl
import xxhash

from conjoin.names import nearest
from conjoin.sources._cells import as_text
from conjoin.sources._rows import SPLITS, UNDECIDED
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


def by_fractions(keys: pl.Series, settings: Fractions) -> pl.Series:
    """A split drawn for each key: rows of one key, in whatever source, go to one split, also when rows are added."""
    unique = keys.unique()
    test, validation = settings.test, settings.test + settings.validation
    drawn = [xxhash.xxh3_64_intdigest(key.encode(), settings.seed) / 2**64 for key in unique]
    numbers = [2 if share < test else 1 if share < validation else 0 for share in drawn]
    return keys.replace_strict(unique, pl.Series(numbers, dtype=pl.Int8), return_dtype=pl.Int8)
