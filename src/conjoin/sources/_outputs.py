"""Which classes and labels a task has, and annotations as numbers of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from conjoin.cells import is_number, numbered
from conjoin.names import nearest
from conjoin.sources._faults import DataError
from conjoin.sources._read_annotations import Read, Wrong, whole
from conjoin.sources._rows import annotated
from conjoin.study import Classes, TaskSettings
from conjoin.tasks import MultiClass, MultiLabel, Task


@dataclass(frozen=True)
class Outputs:
    """A task, and what was collected but left out for too few images: number of images by name."""

    task: Task
    left_out: dict[str, int]
    declared: bool
    """Whether the study names the outputs: collected ones have no order of which a code could be a place."""


def collect(
    name: str,
    settings: TaskSettings,
    reads: Sequence[Read],
    keys: Sequence[pl.Series],
) -> Outputs:
    """The task with its declared outputs, or with those that its annotations hold.

    Args:
        name: of the task.
        settings: of the task.
        reads: what each source says of it.
        keys: of the same sources, what tells images apart; an image of two sources counts once.

    Raises:
        DataError: if too few classes or labels remain.

    """
    kind = MultiClass if isinstance(settings, Classes) else MultiLabel
    if settings.names is not None:
        return Outputs(kind(name, settings.names), {}, declared=True)
    found = _found(reads, keys)
    counts = dict.fromkeys(sorted({*found["output"], *(output for read in reads for output in read.columns)}), 0)
    counts |= _images(found)
    kept = [output for output, count in counts.items() if count >= settings.at_least]
    if len(kept) < (2 if isinstance(settings, Classes) else 1):
        raise DataError(
            f"Task {name!r} should have {'at least two classes' if isinstance(settings, Classes) else 'a label'} with "
            f"{settings.at_least:,} or more annotated images. Found {_most(counts)}."
            f"{' Lower `at_least`?' if settings.at_least > 1 else ''}"
        )
    task = kind(name, kept)
    if isinstance(task, MultiClass):
        lost = [_lost(read, key, task) for read, key in zip(reads, keys, strict=True) if read.soft]
        found = pl.concat([found, *lost])
    images = _images(found)
    return Outputs(task, {name: images.get(name, 0) for name in counts if name not in kept}, declared=False)


def _most(counts: Mapping[str, int]) -> str:
    """The most frequent outputs, and how many images have them."""
    if not counts:
        return "none: no cell that can be read names one"
    most = sorted(counts, key=lambda name: -counts[name])
    shown = [f"{name!r} ({counts[name]:,} image{'s' * (counts[name] != 1)})" for name in most[:3]]
    return ("only " * (len(counts) == 1)) + ", ".join(shown) + (f" and {len(most) - 3} more" if len(most) > 3 else "")


def _found(reads: Sequence[Read], keys: Sequence[pl.Series]) -> pl.DataFrame:
    """Image (`key`) and `output` of each class, or each label that is present, in rows that could be read."""
    found = []
    for read, key in zip(reads, keys, strict=True):
        read_rows = _readable(read, len(key))
        frame = pl.DataFrame({"key": key.cast(pl.String)})
        if read.names is not None:
            found.append(frame.with_columns(output=read.names).filter(read_rows))
        elif read.lists is not None:
            pairs = frame.with_columns(output=read.lists).filter(read_rows)
            found.append(pairs.drop_nulls().explode("output", empty_as_null=True))
        for output, values in read.columns.items():
            present = np.nan_to_num(values) > 0.5 if read.soft else values == 1
            found.append(frame.filter(present & read_rows).with_columns(output=pl.lit(output)))
    return pl.concat([frame.select("key", pl.col("output").cast(pl.String)) for frame in found]).drop_nulls()


def _readable(read: Read, rows: int) -> NDArray[np.bool_]:
    """Rows that could be read."""
    good = np.ones(rows, dtype=bool)
    for _, wrong, _ in read.wrong:
        good[wrong] = False
    return good


def _images(found: pl.DataFrame) -> dict[str, int]:
    return dict(found.group_by("output").agg(pl.col("key").n_unique()).iter_rows())


def _lost(read: Read, key: pl.Series, task: MultiClass) -> pl.DataFrame:
    """Images whose distribution is lost for what it gives to classes that are left out, and the first of those."""
    rare = [name for name in read.columns if name not in task.outputs]
    if not rare:
        return pl.DataFrame(schema={"key": pl.String, "output": pl.String})
    given = np.stack([read.columns[name] for name in rare], 1)
    lost = _readable(read, len(key)) & annotated(given) & ~annotated(_distributions(read, task, len(key)))
    most = [rare[place] for place in given[lost].argmax(1)]
    return pl.DataFrame({"key": key.cast(pl.String).filter(lost), "output": pl.Series(most, dtype=pl.String)})


def encode(read: Read, outputs: Outputs, rows: int) -> tuple[NDArray[Any], list[Wrong]]:
    """Annotations as numbers: codes (rows,), labels (rows, L), or probabilities (rows, outputs)."""
    task = outputs.task
    places = {name: place for place, name in enumerate(task.outputs)}
    if read.names is not None:
        return _codes(read.names, outputs)
    if read.lists is not None:
        return _label_lists(read.lists, outputs, rows)
    if read.soft and isinstance(task, MultiClass):
        return _distributions(read, task, rows), []
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


def _distributions(read: Read, task: MultiClass, rows: int) -> NDArray[np.float32]:
    """Probabilities of all classes, 0 for those without a column; NaN where those of the task's do not sum to 1."""
    values = np.zeros((rows, len(task.outputs)), np.float32)
    for place, name in enumerate(task.outputs):
        if name in read.columns:
            values[:, place] = read.columns[name]
    values[~whole(values)] = np.nan
    return values


def _codes(names: pl.Series, outputs: Outputs) -> tuple[NDArray[np.int32], list[Wrong]]:
    codes = numbered(names, outputs.task.outputs, codes=outputs.declared)
    bad = names.is_not_null() & codes.is_null()
    wrong: list[Wrong] = []
    if outputs.declared and bad.any():
        unknown = _unknown(names, outputs.task)
        wrong.append((_UNKNOWN, bad.arg_true().to_numpy().astype(np.int64), lambda row: unknown(names[row])))
    return codes.fill_null(-1).cast(pl.Int32).to_numpy(), wrong


_UNKNOWN = "label unknown to the task"


def _label_lists(lists: pl.Series, outputs: Outputs, rows: int) -> tuple[NDArray[np.int8], list[Wrong]]:
    """Of labels that were collected, one that no row lists is another source's, and not annotated here."""
    annotated = lists.is_not_null().to_numpy()[:, None]
    values = np.where(annotated, 0, -1).astype(np.int8).repeat(len(outputs.task.outputs), 1)
    flat = pl.DataFrame({"row": np.arange(rows), "label": lists}).drop_nulls()
    flat = flat.explode("label", empty_as_null=True).drop_nulls()
    codes = numbered(flat["label"], outputs.task.outputs, codes=outputs.declared)
    here = codes.is_not_null().to_numpy()
    listed = codes.drop_nulls().to_numpy().astype(np.int64)
    values[flat["row"].to_numpy()[here], listed] = 1
    if not outputs.declared:
        values[:, np.setdiff1d(np.arange(values.shape[1]), listed)] = -1
    bad = flat.filter(~here)
    if not (outputs.declared and bad.height):
        return values, []
    first = dict(zip(reversed(bad["row"].to_list()), reversed(bad["label"].to_list()), strict=True))
    unknown = _unknown(flat["label"], outputs.task)
    return values, [(_UNKNOWN, np.unique(bad["row"].to_numpy()), lambda row: unknown(first[row]))]


def _unknown(cells: pl.Series, task: Task) -> Callable[[str], str]:
    """What is wrong with a cell among others that is no output of a task."""
    noun = "classes" if isinstance(task, MultiClass) else "labels"
    last, held = len(task.outputs) - 1, set(cells.drop_nulls().unique())

    def what(found: str) -> str:
        hint = nearest(found, task.outputs)
        if len(task.outputs) > 10 and hint.startswith("Known"):
            hint = f"It has {len(task.outputs)}: {', '.join(task.outputs[:5])}, ..."
        if is_number(found) and not any(map(is_number, task.outputs)):
            hint = f"Codes go from 0 to {last}; that of a missing annotation is declared: `missing: [{found}]`."
            if int(found) == last + 1 and "0" not in held:
                hint = f"No cell is 0 and some are {found}: these codes count from 1. Write {_from_one(task)}."
        return f"`{task.name}` should be one of the {noun} of the task. Found {found!r}. {hint}"

    return what


def _from_one(task: Task) -> str:
    names = [f"{code}: {name}" for code, name in enumerate(task.outputs, 1)]
    return f"`values: {{{', '.join([*names[:5], *['...'] * (len(names) > 5)])}}}`"


def doubtful_codes(read: Read, outputs: Outputs) -> list[str]:
    """What is doubtful of codes of which none is 0: counted from 1, each would be taken for the next class."""
    cells = read.names if read.lists is None else read.lists.explode(empty_as_null=True)
    if cells is None or not outputs.declared:
        return []
    task, held = outputs.task, cells.cast(pl.String).drop_nulls().unique()
    codes = held.filter(numbered(held, task.outputs, codes=True).is_not_null())
    codes = codes.filter(numbered(codes, task.outputs, codes=False).is_null()).cast(pl.Int64)
    if not len(codes) or 0 in codes or str(len(task.outputs)) in held:  # the latter is refused
        return []
    return [
        f"`{task.name}` is annotated by codes, and no cell is 0, which is {task.outputs[0]!r}. If they count from 1, "
        f"write {_from_one(task)}."
    ]
