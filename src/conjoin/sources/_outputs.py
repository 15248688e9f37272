"""Which classes and labels a task has, and annotations as numbers of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from conjoin.cells import is_number, numbered
from conjoin.names import nearest
from conjoin.sources._faults import DataError
from conjoin.sources._read_annotations import Read, Wrong
from conjoin.study import Classes, TaskSettings
from conjoin.tasks import MultiClass, MultiLabel, Task


@dataclass(frozen=True)
class Outputs:
    """A task, and what was collected but left out for too few images: number of images by name."""

    task: Task
    left_out: dict[str, int]
    declared: bool
    """Whether the study names the outputs: collected ones have no order of which a code could be a place."""


def collect(name: str, settings: TaskSettings, reads: Sequence[Read], keys: Sequence[pl.Series]) -> Outputs:
    """The task with its declared outputs, or with those that its annotations hold.

    Args:
        name: of the task.
        settings: of the task.
        reads: what each source says of it.
        keys: of the same sources, what tells images apart.

    Raises:
        DataError: if too few classes or labels remain.

    """
    kind = MultiClass if isinstance(settings, Classes) else MultiLabel
    if settings.names is not None:
        return Outputs(kind(name, settings.names), {}, declared=True)
    counts = _counts(reads, keys)
    kept = [output for output, count in counts.items() if count >= settings.at_least]
    left_out = {output: count for output, count in counts.items() if count < settings.at_least}
    if len(kept) < (2 if isinstance(settings, Classes) else 1):
        raise DataError(
            f"Task {name!r} should have {'at least two classes' if isinstance(settings, Classes) else 'a label'} with "
            f"{settings.at_least:,} or more annotated images. Found {len(kept)} of {len(counts)}. "
            "Lower `at_least`, or look at the column with `conjoin check`."
        )
    return Outputs(kind(name, kept), left_out, declared=False)


def _counts(reads: Sequence[Read], keys: Sequence[pl.Series]) -> dict[str, int]:
    """Images of each class, or on which each label is present, by name; an image of two sources counts once."""
    found = []
    for read, key in zip(reads, keys, strict=True):
        if read.names is not None:
            found.append(pl.DataFrame({"key": key, "output": read.names}))
        elif read.lists is not None:
            pairs = pl.DataFrame({"key": key, "output": read.lists})
            found.append(pairs.drop_nulls().explode("output", empty_as_null=True))
        for output, values in read.columns.items():
            present = np.nan_to_num(values) > 0.5 if read.soft else values == 1
            found.append(pl.DataFrame({"key": key.filter(pl.Series(present))}).with_columns(output=pl.lit(output)))
    together = pl.concat(
        [frame.select(pl.col("key").cast(pl.String), pl.col("output").cast(pl.String)) for frame in found]
    )
    counted = together.drop_nulls().group_by("output").agg(pl.col("key").n_unique()).sort("output")
    return dict(counted.iter_rows())


def encode(read: Read, outputs: Outputs, rows: int) -> tuple[NDArray[Any], list[Wrong]]:
    """Annotations as numbers: codes (rows,), labels (rows, L), or probabilities (rows, outputs)."""
    places = {name: place for place, name in enumerate(outputs.task.outputs)}
    if read.names is not None:
        return _codes(read.names, outputs)
    if read.lists is not None:
        return _label_lists(read.lists, outputs, rows)
    shape = (rows, len(places))
    values: NDArray[Any] = np.full(shape, np.nan, np.float32) if read.soft else np.full(shape, -1, np.int8)
    for name, numbers in read.columns.items():
        if name in places:
            values[:, places[name]] = numbers
    return values, []


def soften(values: NDArray[Any], task: Task) -> NDArray[np.float32]:
    """Hard annotations as probabilities, for a task that another source annotates with probabilities."""
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    if isinstance(task, MultiClass):
        return np.where(values[:, None] >= 0, np.eye(len(task.outputs))[values], np.nan).astype(np.float32)
    return np.where(values >= 0, values, np.nan).astype(np.float32)


def _codes(names: pl.Series, outputs: Outputs) -> tuple[NDArray[np.int32], list[Wrong]]:
    codes = numbered(names, outputs.task.outputs, codes=outputs.declared)
    bad = (names.is_not_null() & codes.is_null() & ~names.is_in(list(outputs.left_out))).fill_null(False)
    wrong: list[Wrong] = []
    if bad.any():
        wrong.append(
            (_UNKNOWN, bad.arg_true().to_numpy().astype(np.int64), lambda row: _unknown(names[row], outputs.task))
        )
    return codes.fill_null(-1).cast(pl.Int32).to_numpy(), wrong


_UNKNOWN = "label unknown to the task"


def _label_lists(lists: pl.Series, outputs: Outputs, rows: int) -> tuple[NDArray[np.int8], list[Wrong]]:
    annotated = lists.is_not_null().to_numpy()[:, None]
    values = np.where(annotated, 0, -1).astype(np.int8).repeat(len(outputs.task.outputs), 1)
    flat = pl.DataFrame({"row": np.arange(rows), "label": lists}).drop_nulls()
    flat = flat.explode("label", empty_as_null=True).drop_nulls()
    codes = numbered(flat["label"], outputs.task.outputs, codes=outputs.declared)
    here = codes.is_not_null().to_numpy()
    values[flat["row"].to_numpy()[here], codes.drop_nulls().to_numpy().astype(np.int64)] = 1
    bad = flat.filter(pl.Series(~here) & ~flat["label"].is_in(list(outputs.left_out)))
    if not bad.height:
        return values, []
    first = dict(zip(reversed(bad["row"].to_list()), reversed(bad["label"].to_list()), strict=True))
    return values, [(_UNKNOWN, np.unique(bad["row"].to_numpy()), lambda row: _unknown(first[row], outputs.task))]


def _unknown(found: str, task: Task) -> str:
    noun = "classes" if isinstance(task, MultiClass) else "labels"
    hint = nearest(found, task.outputs)
    if len(task.outputs) > 10 and hint.startswith("Known"):
        hint = f"It has {len(task.outputs)}: {', '.join(task.outputs[:5])}, ..."
    if is_number(found) and not any(map(is_number, task.outputs)):
        last = len(task.outputs) - 1
        hint = f"Codes go from 0 to {last}; that of a missing annotation is declared: `missing: [{found}]`."
    return f"`{task.name}` should be one of the {noun} of the task. Found {found!r}. {hint}"
