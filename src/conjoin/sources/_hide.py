"""Annotations hidden on purpose: a regime applied to fully annotated rows."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conjoin.sources._faults import DataError
from conjoin.sources._rows import SPLITS, Rows, annotated
from conjoin.study import Regime

TEST = SPLITS.index("test")


def hide(rows: Rows, regime: Regime, seed: int = 0) -> tuple[Rows, Rows]:
    """Keep the annotations that a regime grants.

    Sets are drawn one after another from the images of train and validation that are annotated
    for any task of the set: a share `overlap` from those of earlier sets, the rest from others.

    Args:
        rows: with all annotations.
        regime: which to keep.
        seed: of a run; another one draws other images.

    Returns:
        Two versions of the same rows, in a new order of sources (each set of each source is a source of its own):
        with the annotations that are kept, and with all of them.

    Raises:
        DataError: if there are too few annotated images.

    """
    split = rows.column("split")
    tasks = [task for tasks in regime.sets for task in tasks]
    kept = {name: np.zeros(len(rows), dtype=bool) for name in tasks}
    owner = np.full(len(rows), -1)
    for number, (names, size) in enumerate(regime.sets.items()):
        able = (split != TEST) & np.any([annotated(rows.annotations[name]) for name in names], axis=0)
        used = owner >= 0
        rng = np.random.default_rng([regime.seed, seed, number])
        shared = round(regime.overlap * min(size, int(used.sum()))) if number else 0
        old, new = np.flatnonzero(able & used), np.flatnonzero(able & ~used)
        _check(names, size, shared, len(old), len(new))
        chosen = np.concatenate([rng.permutation(old)[:shared], rng.permutation(new)[: size - shared]])
        for name in names:
            kept[name][chosen] = True
        owner[chosen[shared:]] = number
    annotations = {name: _only(values, kept[name] | (split == TEST)) if name in kept else values
                   for name, values in rows.annotations.items()}  # fmt: skip
    seen = np.any([annotated(values) for values in annotations.values()], axis=0)
    index = np.flatnonzero(seen | (split == TEST))
    sources, names_of_sources = _sources(rows, owner, list(regime.sets))
    full = replace(rows, meta=rows.meta.with_columns(source=sources), sources=names_of_sources)
    return replace(full, annotations=annotations).take(index), full.take(index)


def _check(names: tuple[str, ...], size: int, shared: int, old: int, new: int) -> None:
    if shared > old or size - shared > new:
        raise DataError(
            f"`regime.{'+'.join(names)}` should be at most the number of images of train and validation that are "
            "annotated for one of these tasks and not taken by an earlier set. "
            f"Found {size:,}, of which {shared:,} are to overlap; there are {new:,} others and {old:,} in earlier sets."
        )


def _only(values: NDArray[np.generic], where: NDArray[np.bool_]) -> NDArray[np.generic]:
    empty = np.nan if values.dtype.kind == "f" else -1
    return np.where(where.reshape(-1, *[1] * (values.ndim - 1)), values, values.dtype.type(empty))


def _sources(rows: Rows, owner: NDArray[np.int_], sets: list[tuple[str, ...]]) -> tuple[NDArray[np.int16], list[str]]:
    """A number for each set of each source, so that batches are mixed from all of them."""
    source = rows.column("source").astype(np.int64)
    owner = np.where(rows.column("split") == TEST, -1, owner)
    pairs, numbers = np.unique(source * (len(sets) + 1) + owner + 1, return_inverse=True)
    names = []
    for pair in pairs.tolist():
        where, of = divmod(pair, len(sets) + 1)
        names.append(f"{rows.sources[where]}: {'+'.join(sets[of - 1])}" if of else rows.sources[where])
    return numbers.astype(np.int16), names
