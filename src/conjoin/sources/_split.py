"""Which split each row belongs to."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl
import xxhash
from numpy.typing import NDArray

from conjoin.cells import spell
from conjoin.names import nearest
from conjoin.sources._cells import as_text, column
from conjoin.sources._faults import SHOWN, DataError, place
from conjoin.sources._open import Opened
from conjoin.sources._rows import OTHER_NAMES, SPLITS, UNDECIDED, Rows
from conjoin.study import Fractions, SourceSettings, SplitColumn, draws_from_train

TRAIN, VALIDATION, TEST = range(len(SPLITS))
_AT_ONCE = 50_000


class Draw(NamedTuple):
    """How the splits of a source are drawn."""

    among: int
    """Split of the rows that are drawn: none, or train."""
    validation: float
    test: float
    seed: int
    by_id: bool
    """Whether rows are drawn by the source's `id` column, where there is one; else, and where it is empty, by their
    pixels: splits are the same wherever the data are."""


class Split(NamedTuple):
    """What a source says of splits."""

    numbers: pl.Series
    """Number of the split of each row."""
    unknown: pl.Series
    """Which rows name a split that is none."""
    how: str
    """How the splits came about."""
    draw: Draw


def read_split(source: SourceSettings, opened: Opened) -> Split:
    """The split of each row, as far as its source says it.

    Raises:
        DataError: if there is no column of splits, or the source's own splits are not those of a study.

    """
    split, size = source.split, len(opened.table)
    fractions = split if isinstance(split, Fractions) else Fractions()
    drawn = Draw(
        UNDECIDED,
        fractions.validation,
        0.1 if fractions.test is None else fractions.test,
        fractions.seed,
        by_id=source.id is not None,
    )
    fine = pl.Series([False]).new_from_index(0, size)
    if isinstance(split, SplitColumn):
        numbers = _numbered(column(opened.table, split.column, source.name, "split"), split)
        return Split(numbers, numbers == UNDECIDED, f"column {split.column!r}", drawn)
    if isinstance(split, str):
        return Split(pl.Series(np.full(size, SPLITS.index(split), np.int8)), fine, f"all {split}", drawn)
    own = [OTHER_NAMES.get(name or "", name or "") for name in opened.splits]
    unknown = sorted(set(own) - set(SPLITS))
    if any(own) and unknown and split is None:
        raise DataError(
            f"Splits of data source {source.name!r} should be train, validation and test. Found {unknown}. "
            "Give the source a `split` of its own."
        )
    if not unknown:
        numbers = pl.Series(np.array([SPLITS.index(name) for name in own], np.int8)[opened.file()])
        if split is None:
            return Split(numbers, fine, "the source's own", drawn)
        if not draws_from_train(split, own):
            raise DataError(
                f"`split` of data source {source.name!r}, which has the splits {', '.join(dict.fromkeys(own))} itself, "
                "should be one of train, validation, test for all of it, or a column, or draw validation where there "
                f"is none, as `{{validation: 0.1}}`. Found {split}."
            )
        drawn = drawn._replace(among=TRAIN, test=0)
        how = f"the source's own; of train {drawn.validation:.0%} made validation here, seed {drawn.seed}"
        return Split(numbers, fine, how, drawn)
    how = (
        f"made here, seed {drawn.seed}: {1 - drawn.validation - drawn.test:.0%} train, "
        f"{drawn.validation:.0%} validation, {drawn.test:.0%} test"
    )
    return Split(pl.Series(np.full(size, UNDECIDED, np.int8)), fine, how, drawn)


def _numbered(values: pl.Series, settings: SplitColumn) -> pl.Series:
    names = dict(settings.values) | {name: name for name in SPLITS if name not in settings.values}
    numbers = dict(zip(spell(names), map(SPLITS.index, names.values()), strict=True))
    return as_text(values).replace_strict(numbers, default=UNDECIDED, return_dtype=pl.Int8)


def unknown_split(found: object, settings: SplitColumn) -> str:
    """What is wrong with a cell that names no split."""
    known = [*settings.values, *SPLITS]
    hint = nearest(found, known) if isinstance(found, str) else ""
    return (
        f"column {settings.column!r} should hold a split: {', '.join(dict.fromkeys(known))}. Found {found!r}. {hint} "
        "Other names are told by `values`."
    ).replace("  ", " ")


def draw(rows: Rows, draws: Sequence[Draw]) -> Rows:
    """Decide the split of rows that have none: that which their group has elsewhere, else one that is drawn.

    Args:
        rows: one for each image.
        draws: for each source, how its splits are drawn.

    """
    split = rows.meta["split"].to_numpy(writable=True)
    group = rows.meta["group"]
    places = [
        np.flatnonzero((rows.column("source") == number) & (split == settings.among))
        for number, settings in enumerate(draws)
    ]
    split[np.concatenate(places)] = UNDECIDED
    for here, settings in zip(places, draws, strict=True):
        elsewhere = pl.DataFrame({"group": group, "split": split}).drop_nulls()
        elsewhere = elsewhere.filter(pl.col("split") != UNDECIDED).unique("group")
        taken = group[here].replace_strict(*elsewhere, default=None, return_dtype=pl.Int8)
        found = taken.fill_null(_drawn(rows.meta[here], settings)).to_numpy()
        # What is said to be train never becomes test; its group is in two splits then, which is refused.
        split[here] = np.where((settings.among == TRAIN) & (found == TEST), TRAIN, found)
    return replace(rows, meta=rows.meta.with_columns(split=split))


def _drawn(meta: pl.DataFrame, settings: Draw) -> pl.Series:
    """A split drawn for each row: those of one group, id or content, in whatever source, go to one split.

    It is the same when rows are added.
    """
    numbers = []
    for part in meta.iter_slices(_AT_ONCE):  # Python's text is large
        content = part["content"].cast(pl.String)
        keys = part["group"].fill_null(part["id"].fill_null(content) if settings.by_id else content)
        shares = np.array([xxhash.xxh3_64_intdigest(key.encode(), settings.seed) / 2**64 for key in keys])
        numbers.append(_numbers(shares, settings))
    return pl.Series(np.concatenate([np.empty(0, np.int8), *numbers]))


def _numbers(shares: NDArray[np.float64], settings: Draw) -> NDArray[np.int8]:
    validation = np.where(shares < settings.test + settings.validation, VALIDATION, TRAIN)
    return np.where(shares < settings.test, TEST, validation).astype(np.int8)


def crossing_groups(rows: Rows) -> str:
    """What is wrong with groups that are in several splits; nothing where there are none."""
    frame = rows.meta.select("group", "split").with_row_index("place").drop_nulls("group")
    frame = frame.unique(["group", "split"], maintain_order=True).filter(pl.len().over("group") > 1)
    if not frame.height:
        return ""
    lines = []
    for (group,), part in list(frame.group_by("group", maintain_order=True))[:SHOWN]:
        faults = [rows.fault(row, SPLITS[number]) for row, _, number in part.iter_rows()]
        lines.append(f"  {group!r}: " + ", ".join(f"{f.what} in {place(f.file, f.row, ' ')}" for f in faults))
    count = frame["group"].n_unique()
    return (
        f"A group should be in one split. Found {count:,} in several{', the first 10' if count > SHOWN else ''}. "
        "Mend the split, or leave it to conjoin: `split: {validation: 0.1, test: 0.1}`.\n" + "\n".join(lines)
    )
