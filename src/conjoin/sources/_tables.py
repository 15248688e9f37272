"""The tables that training reads: one row an image, its source and its annotations."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from conjoin.sources._mapped import memory_mapped
from conjoin.sources._rows import SPLITS, Rows

_TASK = "task:"
_AT_ONCE = 50_000


def tables(images: datasets.Dataset, rows: Rows, cache: Path) -> dict[str, datasets.Dataset]:
    """For each split a table with columns image, source, group, file, row, and `task:<name>` for each task.

    Images and annotations stay in memory-mapped files; in memory is the row number of each image.
    """
    image = rows.column("image")
    place = np.full(len(images), -1, np.int64)  # row of each image, where it has one
    place[image] = np.arange(len(rows))
    files = pa.array(rows.files, pa.string())
    parts = (_beside(rows, files, place[first : first + _AT_ONCE]) for first in range(0, len(place) or 1, _AT_ONCE))
    beside = datasets.concatenate_datasets([images, memory_mapped(parts, cache)], axis=1)
    split = rows.column("split")
    return {name: beside.select(image[split == number]) for number, name in enumerate(SPLITS)}


def _beside(rows: Rows, files: pa.Array, place: NDArray[np.int64]) -> pa.Table:
    """What stands beside some images, nothing where their row is -1."""
    has = place >= 0
    index = place[has]
    meta = rows.meta[index]
    where = pa.array(np.cumsum(has) - 1, mask=~has)
    columns = {
        "source": meta["source"].to_arrow(),
        "group": meta["group"].to_arrow().cast(pa.string()),
        "file": files.take(meta["file"].to_arrow()),
        "row": meta["row"].to_arrow(),
    }
    columns |= {_TASK + name: _arrow(values[index]) for name, values in rows.annotations.items()}
    return pa.table({name: values.take(where) for name, values in columns.items()})


def annotations(table: datasets.Dataset) -> Mapping[str, NDArray[Any]]:
    """Annotations of a table as arrays, by task: codes, labels or probabilities."""
    found = {}
    for name in table.column_names:
        if name.startswith(_TASK):
            column = table.select_columns([name]).with_format("arrow")[:][name].combine_chunks()
            values = (column.flatten() if pa.types.is_fixed_size_list(column.type) else column).to_numpy(
                zero_copy_only=False
            )
            fixed = pa.types.is_fixed_size_list(column.type)
            found[name.removeprefix(_TASK)] = values.reshape(-1, column.type.list_size) if fixed else values
    return found


def _arrow(values: NDArray[Any]) -> pa.Array:
    flat = pa.array(values.reshape(-1))
    return flat if values.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
