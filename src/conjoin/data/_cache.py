"""Resized images in one memory-mapped file, so that each is decoded once."""

import json
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import xxhash
from filelock import FileLock
from jaxtyping import UInt8
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from conjoin.data._preprocessing import Preprocessing

_BATCH = 256
_VERSION = 2
"""To be raised when the same bytes and size give other pixels."""


class Pixels:
    """Pixels of images by row number; opened when first used, so that workers are sent a path only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pixels: NDArray[np.uint8] | None = None

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Pixels of some images, shape (rows, 3, height, width)."""
        if self._pixels is None:
            self._pixels = np.load(self.path, mmap_mode="r")
        return np.asarray(self._pixels[rows])

    def __getstate__(self) -> dict[str, Any]:
        """The path."""
        return {"path": self.path, "_pixels": None}


class _Decoded(Dataset[UInt8[Tensor, "batch 3 height width"]]):
    def __init__(self, table: datasets.Dataset, preprocessing: Preprocessing) -> None:
        self.arrow = table.select_columns(["image"]).with_format("arrow")
        self.preprocessing = preprocessing

    def __len__(self) -> int:
        return (len(self.arrow) - 1) // _BATCH + 1

    def __getitem__(self, part: int) -> UInt8[Tensor, "batch 3 height width"]:
        rows = range(len(self.arrow))[part * _BATCH : (part + 1) * _BATCH]
        found = self.arrow[rows.start : rows.stop]
        return self.preprocessing.read(found["image"].to_pylist(), rows)


def cached_pixels(table: datasets.Dataset, preprocessing: Preprocessing, folder: Path, workers: int) -> Pixels:
    """Pixels of all images of a table from a file in `folder`, written first where there is none.

    The file is named after a fingerprint of the images and the size: other images or another size
    find another file or none. It appears under its name when it is complete; of several processes
    that want it one writes, the others wait.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_fingerprint(table, preprocessing)}.npy"
    with FileLock(path.with_suffix(".lock")):
        if not path.exists():
            _write(table, preprocessing, path, workers)
    return Pixels(path)


def _write(table: datasets.Dataset, preprocessing: Preprocessing, path: Path, workers: int) -> None:
    part = path.with_suffix(".part")  # left by a killed process, it is written anew
    try:
        shape = (len(table), 3, *preprocessing.size)
        pixels = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=shape)
        loader = DataLoader(_Decoded(table, preprocessing), batch_size=None, num_workers=workers)
        for number, images in enumerate(loader):
            pixels[number * _BATCH : number * _BATCH + len(images)] = images.numpy()
        pixels.flush()
        del pixels
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _fingerprint(table: datasets.Dataset, preprocessing: Preprocessing) -> str:
    """Of the encoded images, or of path, size and time of files; and of the size that is asked for."""
    digest = xxhash.xxh3_128(json.dumps([_VERSION, len(table), *preprocessing.size]).encode())
    arrow = table.select_columns(["image"]).with_format("arrow")
    for first in range(0, len(table), _BATCH):
        for image in arrow[first : first + _BATCH]["image"].to_pylist():
            if image["bytes"] is not None:
                digest.update(len(image["bytes"]).to_bytes(8, "big") + image["bytes"])
            else:
                found = Path(image["path"]).stat()
                digest.update(json.dumps([image["path"], found.st_size, found.st_mtime_ns]).encode())
    return digest.hexdigest()
