"""From a study to tables that training reads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import datasets
import numpy as np
from numpy.typing import NDArray

from conjoin.sources._faults import DataError, Faults
from conjoin.sources._gather import Gathered, gather
from conjoin.sources._hide import hide
from conjoin.sources._mapped import cache_folder
from conjoin.sources._merge import merge
from conjoin.sources._official import with_what_is_there
from conjoin.sources._open import Given
from conjoin.sources._rows import SPLITS, Rows, annotated
from conjoin.sources._shift import with_class_prior
from conjoin.sources._split import crossing_groups, draw
from conjoin.sources._tables import tables
from conjoin.study import Study
from conjoin.tasks import MultiLabel, Task


@dataclass(frozen=True)
class Account:
    """What preparation did to the data, so that nothing happens silently.

    Args:
        faults: rows that cannot be used: refused, or skipped with `on_error: skip`.
        merged: rows that were merged into another row of the same image.
        left_out: images of collected classes and labels that are too rare, by task and name.
        converted: images that were not upright 8-bit RGB, by source and what they are.
        shifted: images left out to change class frequencies, by source.
        split: how the split of each source came about.
        notes: what was found and left out in a folder or an official distribution, by source.
        cautions: what is doubtful in the cells of a source, though it can be read.
        absent: optional archives that are not there, by the name of their source.
        crossing: what is wrong with groups that are in several splits; nothing where there are none.

    """

    faults: Faults = field(default_factory=Faults)
    merged: int = 0
    left_out: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    converted: Mapping[str, Counter[str]] = field(default_factory=dict)
    shifted: Mapping[str, int] = field(default_factory=dict)
    split: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cautions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    crossing: str = ""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Tasks and tables of a study.

    Args:
        tasks: tasks with their outputs.
        sources: names of the numbers in column `source`; a regime makes each of its sets a source.
        table: by split ("train", "validation", "test"), one row an image: `image` (bytes and
            path), `source`, `group`, `file` and `row` (where the row comes from; row 0 of a file that
            is one image), and `task:<name>`: codes or labels with -1, or probabilities with NaN,
            where not annotated.
        hidden: the same rows with every annotation, also those that a regime hides: for
            evaluation and for the arm `full` only.
        account: what preparation did.

    """

    tasks: tuple[Task, ...]
    sources: tuple[str, ...]
    table: Mapping[str, datasets.Dataset]
    hidden: Mapping[str, datasets.Dataset]
    account: Account
    content: Mapping[str, "np.ndarray[tuple[int], np.dtype[np.uint64]]"]
    """By split, a hash of the pixels of each image, before it is shifted."""


def prepare(
    study: Study, given: Given | None = None, *, seed: int = 0, cache: Path | None = None, refuse: bool = True
) -> Prepared:
    """Read, check, merge and split the data of a study, and hide what its regime hides.

    Args:
        study: what to prepare.
        given: data sets of sources of format `memory`, by name.
        seed: of a run: which annotations a regime keeps.
        cache: where prepared columns are kept; by default beside the cache of Hugging Face `datasets`.
        refuse: raise where rows cannot be used and the study does not say to skip them;
            `conjoin check` goes on instead, to find everything.

    Raises:
        DataError: if data cannot be read, rows cannot be used, a group is in several splits, or nothing is left.

    """
    cache = cache or cache_folder()
    study, missing = with_what_is_there(study)
    found = gather(study, given or {}, cache)
    if refuse and study.on_error == "fail":
        found.faults.refuse()
    rows = found.rows.take(np.flatnonzero(~found.bad))
    before = found.faults.counts.total()
    rows, merged = merge(rows, found.tasks, found.faults)
    if refuse and study.on_error == "fail" and found.faults.counts.total() > before:
        found.faults.refuse()
    try:
        rows, full, shifted, crossing = _arrange(study, rows, found, seed, refuse)
    except DataError as error:
        raise DataError(error.message, found.faults) from error
    account = Account(
        found.faults,
        merged,
        found.left_out,
        found.converted,
        shifted,
        found.split,
        {**found.notes, **missing},
        found.cautions,
        tuple(missing),
        crossing,
    )
    split, content = rows.column("split"), rows.column("content")
    return Prepared(
        found.tasks,
        tuple(rows.sources),
        (shown := tables(found.images, rows, cache)),
        tables(found.images, full, cache) if study.regime else shown,
        account,
        {name: content[split == number] for number, name in enumerate(SPLITS)},
    )


def _arrange(
    study: Study, rows: Rows, found: Gathered, seed: int, refuse: bool
) -> tuple[Rows, Rows, dict[str, int], str]:
    """Split, change class frequencies and hide; as they are seen and whole, what was left out, groups that cross."""
    rows = draw(rows, found.draws)
    crossing = crossing_groups(rows)
    if refuse and crossing:
        raise DataError(crossing)
    rows, shifted = _shift_priors(study, rows, found)
    for name, number in (("train", 0), ("test", 2)):
        if refuse and not (rows.column("split") == number).any():
            raise DataError(f"`data` should hold images of split {name!r}. Found none of {len(rows):,} rows.")
        if refuse:
            _refuse_unannotated(found.tasks, rows, name, number)
    full = rows
    if study.regime is not None:
        rows, full = hide(rows, study.regime, seed)
        if refuse:
            _refuse_unannotated(found.tasks, rows, "train", 0, f" after the regime, seed {seed}")
    return rows, full, shifted, crossing


def _refuse_unannotated(tasks: Sequence[Task], rows: Rows, split: str, number: int, when: str = "") -> None:
    for task in tasks:
        if not _has_any(task, rows.annotations[task.name][rows.column("split") == number]):
            raise DataError(
                f"Task {task.name!r} should be annotated on images of split {split!r}"
                f"{', with a label that is present' if isinstance(task, MultiLabel) else ''}. Found none{when}."
            )


def _has_any(task: Task, values: NDArray[Any]) -> bool:
    """Whether an image is annotated; of a task with labels, whether one is present on any image."""
    return bool((np.nan_to_num(values) > 0.5).any() if isinstance(task, MultiLabel) else annotated(values).any())


def _shift_priors(study: Study, rows: Rows, found: Gathered) -> tuple[Rows, dict[str, int]]:
    keep = np.ones(len(rows), dtype=bool)
    left_out = {}
    for number, source in enumerate(study.data):
        here = np.flatnonzero(rows.column("source") == number)
        for task in found.tasks if source.shift and len(here) else ():
            assert source.shift is not None
            if task.name in source.shift.class_prior:
                keep[here] &= with_class_prior(rows.annotations[task.name][here], task, source.shift)
                left_out[source.name] = int((~keep[here]).sum())
    return rows.take(np.flatnonzero(keep)), left_out
