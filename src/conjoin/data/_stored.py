"""Images on disk with their annotations, in an Arrow table that is memory-mapped."""

from collections.abc import Iterator, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Bool, Int, Shaped, UInt8
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from conjoin.data._batch import Augment, Batch, is_known
from conjoin.data._cache import Pixels, cached_pixels
from conjoin.data._preprocessing import Preprocessing

_PREFIX = "task:"
_CHUNK = 10_000
"""Rows read at once where a whole column is looked at."""


class StoredImages(Dataset[Batch]):
    """Images and annotations read from an Arrow table when they are asked for.

    In memory are, for each image, one byte (`set_aside`) and, once rows were chosen by
    `annotated`, its row number (4 bytes). All else stays in the memory-mapped file, whose pages
    the operating system keeps or drops.

    Args:
        table: one row an image: `image` (struct of `bytes` and `path`), `source` (integer), and
            for each task a column `task:<name>`: codes (-1 = not annotated), or lists of fixed
            length of integers (-1) or floats (NaN = not annotated).
        preprocessing: how images are resized and normalised.
        set_aside: images on which couplings do not act, so that evidence can be measured there;
            none by default: evidence is then measured on all images.

    Raises:
        ValueError: if a column is missing, or `set_aside` has another length than the table.

    """

    def __init__(
        self,
        table: datasets.Dataset,
        preprocessing: Preprocessing,
        *,
        set_aside: Bool[Tensor, "images"] | None = None,
    ) -> None:
        names = table.column_names
        self.tasks = tuple(name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX))
        if not {"image", "source"} <= set(names) or not self.tasks:
            raise ValueError(
                f"`table` should have columns 'image' and 'source', and 'task:<name>' for each task. Found {names}."
            )
        if set_aside is not None and len(set_aside) != len(table):
            raise ValueError(f"`set_aside` should have an entry for each image, {len(table)}. Found {len(set_aside)}.")
        self.table, self.preprocessing = table, preprocessing
        self._set_aside = torch.zeros(len(table), dtype=torch.bool) if set_aside is None else set_aside
        self._rows: NDArray[np.int32] | None = None  # all, where none are chosen
        self._pixels: Pixels | None = None
        self._keep(self.tasks)

    def _keep(self, tasks: Sequence[str]) -> None:
        self.tasks = tuple(tasks)
        columns = [f"{_PREFIX}{name}" for name in tasks] + ["image"] * (self._pixels is None)
        self._arrow = self.table.select_columns(columns).with_format("arrow")

    @property
    def channels(self) -> int:
        """Three: images are read as RGB."""
        return 3

    @property
    def set_aside(self) -> Bool[Tensor, "images"]:
        """Images on which couplings do not act."""
        return self._set_aside if self._rows is None else self._set_aside[torch.from_numpy(self._rows)]

    def __len__(self) -> int:
        """Number of images."""
        return len(self.table) if self._rows is None else len(self._rows)

    def __getitem__(self, index: int) -> Batch:
        """One image, as a batch of one."""
        return self.__getitems__([index])

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """Several images at once."""
        batch = self.read(indices)
        return batch._replace(images=self.normalise(batch.images))

    def read(self, rows: Sequence[int], augment: Augment | None = None) -> Batch:
        """Several images at once: decoded, resized, changed by `augment`; uint8, as workers send them.

        Raises:
            IndexError: if there is no such row.

        """
        index = self._index(rows)
        found = self._arrow[index.tolist()]
        images = self._images(index, found)
        annotations = {name: _annotation(found[_PREFIX + name]) for name in self.tasks}
        return Batch(augment(images) if augment else images, annotations, self._set_aside[torch.from_numpy(index)])

    def normalise(self, images: UInt8[Tensor, "batch 3 height width"]) -> Tensor:
        """What a network reads, of images that `read` gave."""
        return self.preprocessing.normalise(images)

    def _index(self, rows: Sequence[int]) -> NDArray[np.int64]:
        index = np.asarray(rows, dtype=np.int64)
        if len(index) and not -len(self) <= index.min() <= index.max() < len(self):
            raise IndexError(f"`rows` should be below the number of images, {len(self)}. Found {index.max()}.")
        index = np.where(index < 0, index + len(self), index)
        return index if self._rows is None else self._rows[index].astype(np.int64)

    def _images(self, index: NDArray[np.int64], found: pa.Table) -> UInt8[Tensor, "batch 3 height width"]:
        if self._pixels is not None:
            return torch.from_numpy(self._pixels[index])
        return self.preprocessing.read(found["image"].to_pylist(), index.tolist())

    def annotation(self, name: str) -> Tensor:
        """All annotations of one task; -1 or NaN = not annotated."""
        whole = torch.cat([_annotation(part) for part in self._parts(_PREFIX + name)])
        return whole if self._rows is None else whole[torch.from_numpy(self._rows)]

    def sources(self) -> dict[int, Int[Tensor, "_"]]:
        """Row numbers of each source that has any image, by its number, as int32."""
        source = np.concatenate([part.to_numpy() for part in self._parts("source")])
        source = source if self._rows is None else source[self._rows]
        rows = np.arange(len(source), dtype=np.int32)
        return {int(number): torch.from_numpy(rows[source == number]) for number in np.unique(source)}

    def annotated(self, name: str) -> "StoredImages":
        """Only the images with an annotation of this task, and only that annotation."""
        known = np.concatenate([is_known(_annotation(part)).numpy() for part in self._parts(_PREFIX + name)])
        rows = np.arange(len(self.table), dtype=np.int32) if self._rows is None else self._rows
        new = copy(self)
        new._rows = rows[known[rows]]
        new._keep([name])
        return new

    def cached(self, folder: Path, *, workers: int = 0) -> "StoredImages":
        """The same images, read from a file of resized pixels instead of being decoded.

        The file takes 3 * height * width bytes an image. It is written where there is none for
        these images and this size yet: that decodes every image once.

        Args:
            folder: where such files are kept.
            workers: processes that decode.

        """
        new = copy(self)
        new._pixels = cached_pixels(self.table, self.preprocessing, folder, workers)
        new._keep(self.tasks)
        return new

    def _parts(self, column: str) -> Iterator[pa.ChunkedArray]:
        arrow = self.table.select_columns([column]).with_format("arrow")
        for first in range(0, len(self.table), _CHUNK):
            yield arrow[first : first + _CHUNK][column]


def _annotation(column: Any) -> Shaped[Tensor, "batch *_"]:
    """An Arrow column as a tensor: codes, or one row of values an image."""
    array = column.combine_chunks()
    if pa.types.is_fixed_size_list(array.type):
        values = array.flatten().to_numpy(zero_copy_only=False).reshape(len(array), array.type.list_size)
    else:
        values = array.to_numpy(zero_copy_only=False)
    return torch.from_numpy(values.astype(np.float32 if values.dtype.kind == "f" else np.int64))
