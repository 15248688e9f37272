"""One row for each image: where it comes from, and its annotations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from conjoin.sources._faults import Fault

SPLITS = ("train", "validation", "test")
OTHER_NAMES = {"dev": "validation", "val": "validation", "valid": "validation"}
"""Of splits, by which they go elsewhere."""
UNDECIDED = -1


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of all sources, in order.

    Args:
        meta: columns image (row in the images), source, file (number), row, id, content, group, split (number).
        annotations: for each task an array, first dimension as `meta`; -1 or NaN = not annotated.
        sources: name of each source.
        files: name of each file.

    """

    meta: pl.DataFrame
    annotations: Mapping[str, NDArray[Any]]
    sources: Sequence[str]
    files: Sequence[str]

    def __len__(self) -> int:
        """Number of rows."""
        return self.meta.height

    def take(self, index: NDArray[np.int64]) -> "Rows":
        """Some of the rows."""
        if len(index) == len(self) and bool((index == np.arange(len(self))).all()):
            return self
        return replace(
            self,
            meta=self.meta[index],
            annotations={name: values[index] for name, values in self.annotations.items()},
        )

    def column(self, name: str) -> NDArray[Any]:
        """A column without nulls, as numbers."""
        return self.meta[name].to_numpy()

    def fault(self, index: int, what: str) -> Fault:
        """A fault of one row."""
        row = self.meta.row(index, named=True)
        return Fault(self.sources[row["source"]], self.files[row["file"]], row["row"], what)


def known(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which elements are annotated."""
    return ~np.isnan(values) if values.dtype.kind == "f" else values >= 0


def annotated(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows are annotated at all."""
    found = known(values)
    return found if found.ndim == 1 else np.asarray(found.any(axis=1))
