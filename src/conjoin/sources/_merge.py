"""Rows of one image brought together; rows that contradict each other found."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from conjoin.sources._faults import Faults, place
from conjoin.sources._rows import SPLITS, UNDECIDED, Rows, known
from conjoin.tasks import MultiClass, Task


def merge(rows: Rows, tasks: tuple[Task, ...], faults: Faults) -> tuple[Rows, int]:
    """One row for each `id`: the first of its rows, with the annotations of all.

    Rows that contradict each other, in their pixels (before a shift), an annotation, split or group, are noted
    in `faults` and left out, all of that image.

    Returns:
        the rows, and how many were merged into others.

    """
    ids = rows.meta["id"]
    index = (ids.is_duplicated() & ids.is_not_null()).arg_true().to_numpy().astype(np.int64)
    if not len(index):
        return rows, 0
    image = ids[index].rank("dense").cast(pl.Int64).to_numpy() - 1
    index, image = index[np.argsort(image, kind="stable")], np.sort(image)
    head = index[np.flatnonzero(np.r_[True, image[1:] != image[:-1]])]  # first row of each image
    bad = np.zeros(len(head), dtype=bool)

    def compare(columns: dict[str, Any], what: str, show: Callable[[int], str], hint: str = "") -> pl.DataFrame:
        frame = pl.DataFrame({"image": image, **columns})
        first = pl.all().exclude("image").drop_nulls().first()
        differs = frame.select(
            pl.any_horizontal((pl.all().exclude("image") != first.over("image")).fill_null(False))
        ).to_series()
        wrong = np.unique(image[differs.to_numpy()])
        bad[wrong] = True
        faults.add(
            "rows of one image that disagree",
            head[wrong].tolist(),
            lambda row: rows.fault(
                row, _contradiction(rows, index[image == image[index == row][0]], what, show) + hint
            ),
        )
        return frame.group_by("image", maintain_order=True).agg(first).drop("image")

    pixels = rows.meta["content"]  # of images that can be read: others were left out before
    hint = " Images that are not the same need another `id`."
    compare({"pixels": pixels[index]}, "pixels", lambda row: f"{pixels[row]:016x}", hint)
    annotations = {}
    for task in tasks:
        values = rows.annotations[task.name]
        part = values[index].astype(np.float64).round(6).reshape(len(index), -1)
        part[~known(values[index]).reshape(part.shape)] = np.nan
        columns = {str(place): pl.Series(part[:, place]).fill_nan(None) for place in range(part.shape[1])}
        first = compare(columns, task.name, lambda row, t=task: _value(rows, t, row))  # type: ignore[misc]
        empty = np.nan if values.dtype.kind == "f" else -1
        annotations[task.name] = values.copy()
        annotations[task.name][head] = first.fill_null(empty).to_numpy().reshape(values[head].shape)
    meta = rows.meta
    for field, show in (("split", _split(rows)), ("group", lambda row: repr(rows.meta["group"][row]))):
        own = meta[field][index]
        first = compare({field: own.replace(UNDECIDED, None) if field == "split" else own}, field, show)
        filled = first[field].fill_null(UNDECIDED) if field == "split" else first[field]
        meta = meta.with_columns(meta[field].scatter(head, filled.cast(meta[field].dtype)))
    keep = np.ones(len(rows), dtype=bool)
    keep[index] = False
    keep[head[~bad]] = True
    return replace(rows, meta=meta, annotations=annotations).take(np.flatnonzero(keep)), len(index) - len(head)


def _contradiction(rows: Rows, same: NDArray[np.int64], what: str, show: Callable[[int], str]) -> str:
    places = []
    for row in same.tolist():
        fault = rows.fault(row, "")
        places.append(f"{show(row)} in {place(fault.file, fault.row, ' ')}")
    image = rows.meta["id"][int(same[0])]
    return f"`{what}` of image {image!r} should be the same in all its rows. Found {', '.join(places[:4])}."


def _split(rows: Rows) -> Callable[[int], str]:
    return lambda row: ("none", *SPLITS)[rows.meta["split"][row] + 1]


def _value(rows: Rows, task: Task, row: int) -> str:
    value = rows.annotations[task.name][row]
    if not np.ndim(value):
        return repr(task.outputs[value]) if value >= 0 else "none"
    if value.dtype.kind == "f" or isinstance(task, MultiClass):
        return str([round(float(p), 4) for p in value])
    signs = {0: "not ", 1: ""}
    said = [signs[v] + label for label, v in zip(task.outputs, value.tolist(), strict=True) if v >= 0]
    return repr(", ".join(said[:5])) if said else "none"
