"""The images of a source: one column of bytes or paths, each looked at once."""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import PIL
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

from conjoin.data import conversions, convert, load
from conjoin.sources._faults import DataError
from conjoin.sources._mapped import memory_mapped
from conjoin.sources._open import Opened, no_column
from conjoin.study import SourceSettings

IMAGE = datasets.Image(decode=False)
_TEXT = ("string", "large_string", "string_view")
_BYTES = ("binary", "large_binary")
_CHUNK = 512
_COPIED = 64
"""Images that are copied at once, whose bytes are less than two gigabytes."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What was found by decoding every image of a source.

    Args:
        content: hash of the pixels, the same for the same picture; 0 where it cannot be read.
        unreadable: row and what is wrong there.
        converted: number of images that are not 8-bit RGB and upright, by what they are.

    """

    content: NDArray[np.uint64]
    unreadable: dict[int, str]
    converted: Counter[str]


def image_column(opened: Opened, source: SourceSettings, cache: Path) -> datasets.Dataset:
    """The images alone, as a column `image` of bytes or absolute paths, memory-mapped.

    Raises:
        DataError: if there is no such column, or it holds something else.

    """
    name, table = source.image, opened.table
    if name not in table.column_names:
        raise no_column(name, "image", source.name, table.column_names)
    column = table.select_columns([name])
    column = column if name == "image" else column.rename_column(name, "image")
    feature = column.features["image"]
    kind = feature.dtype if isinstance(feature, datasets.Value) else None
    encoded = isinstance(feature, datasets.Image) or (isinstance(feature, dict) and {*feature} == {"bytes", "path"})
    if kind in _TEXT:
        written = pl.from_arrow(column.with_format("arrow")[:]["image"])
        assert isinstance(written, pl.Series)
        column = memory_mapped([_encoded(None, absolute(written, opened, source))], cache)
    elif kind == "binary_view":
        column = memory_mapped(_copied(column, pl.repeat(None, len(column), dtype=pl.String, eager=True)), cache)
    elif encoded and hasattr(source, "root"):
        paths = image_files(column)
        if paths.null_count() < len(paths):
            column = memory_mapped(_copied(column, absolute(paths, opened, source)), cache)
    elif not encoded and kind not in _BYTES:
        raise DataError(
            f"Column {name!r} of data source {source.name!r} should hold images: bytes, paths, or `datasets.Image`. "
            f"Found {feature}."
        )
    return column.cast_column("image", IMAGE)


def image_files(images: datasets.Dataset) -> pl.Series:
    """Paths of image files as they are written; null where an image is bytes."""
    stored = images.with_format("arrow")[:]["image"]  # the mapped file, not a copy
    paths = pc.if_else(pc.is_null(pc.struct_field(stored, "bytes")), pc.struct_field(stored, "path"), None)
    found = pl.from_arrow(paths)
    assert isinstance(found, pl.Series)
    return found.cast(pl.String)


def _copied(column: datasets.Dataset, paths: pl.Series) -> Iterator[pa.Table]:
    """Images as bytes beside these paths."""
    arrow = column.with_format("arrow")
    for first in range(0, len(column), _COPIED):
        cells = arrow[first : first + _COPIED]["image"].to_pylist()
        data = [cell["bytes"] if isinstance(cell, dict) else cell for cell in cells]
        yield _encoded(data, paths[first : first + _COPIED])


def _encoded(data: Sequence[bytes | None] | None, paths: pl.Series) -> pa.Table:
    held = pa.nulls(len(paths), pa.binary()) if data is None else pa.array(data, pa.binary())
    files = paths.to_arrow().cast(pa.string())
    return pa.table({"image": pa.StructArray.from_arrays([held, files], names=["bytes", "path"])})


def absolute(paths: pl.Series, opened: Opened, source: SourceSettings) -> pl.Series:
    """Paths of images, those that are relative from the root or else the folder of the file that names them."""
    root = getattr(source, "root", None)
    folders = [str(Path(root or Path(file).parent).absolute()) for file in opened.files]
    frame = pl.DataFrame({"path": paths, "folder": pl.Series(folders).gather(opened.file())})
    joined = (
        pl.when(pl.col("path").str.starts_with("/")).then("path").otherwise(pl.col("folder") + "/" + pl.col("path"))
    )
    places = frame.select(pl.when(pl.col("path") != "").then(joined)).to_series()
    odd = places.str.contains(r"(^|/)\.{1,2}(/|$)|//").fill_null(value=False)
    return places.scatter(odd.arg_true(), [plain(path) for path in places.filter(odd)])


def plain(path: str) -> str:
    """One spelling of a path, without `.`, `..` and `//`; with links followed where `..` follows one."""
    plain, place = os.path.normpath(path), os.path.realpath(path)
    return plain if os.path.realpath(plain) == place else place


def look(images: datasets.Dataset, cache: Path) -> Seen:
    """Decode every image of a source; remembered, so that the next time only changed images are news.

    A file that is there and cannot be read is tried again: that it is mended shows in neither its size nor its time.
    """
    place = cache / "looked" / f"{fingerprint(images)}-pillow-{PIL.__version__}.npz"
    if place.is_file():
        with np.load(place) as kept:
            told = json.loads(str(kept["told"]))
            unreadable = {int(row): what for row, what in told["unreadable"].items()}
            return _tried_again(images, Seen(kept["content"], unreadable, Counter(told["converted"])))
    content: NDArray[np.uint64] = np.zeros(len(images), np.uint64)
    unreadable, converted = {}, Counter[str]()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    arrow = images.with_format("arrow")
    with ThreadPoolExecutor(cores) as pool:  # decoding lets other threads run
        for first in range(0, len(images), _CHUNK):
            encoded = arrow[first : first + _CHUNK]["image"].to_pylist()
            for row, (found, digest) in enumerate(pool.map(_look, encoded), first):
                content[row] = digest
                if isinstance(found, str):
                    unreadable[row] = found
                else:
                    converted.update(found)
    place.parent.mkdir(parents=True, exist_ok=True)
    told = json.dumps({"unreadable": unreadable, "converted": converted})
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        np.savez(draft := Path(scratch) / "draft.npz", content=content, told=np.array(told))
        draft.rename(place)
    return Seen(content, unreadable, converted)


def _tried_again(images: datasets.Dataset, seen: Seen) -> Seen:
    for row in [row for row, what in seen.unreadable.items() if "`image` should be a readable file." in what]:
        found, seen.content[row] = _look(images.with_format("arrow")[row : row + 1]["image"].to_pylist()[0])
        if isinstance(found, str):
            seen.unreadable[row] = found
        else:
            del seen.unreadable[row]
            seen.converted.update(found)
    return seen


def _look(encoded: dict[str, Any] | None) -> tuple[str | list[str], int]:
    data = None if encoded is None else encoded["path"] if encoded["bytes"] is None else encoded["bytes"]
    if data is None:
        return "`image` should be bytes or a path. Found an empty cell.", 0
    try:
        opened = load(data)
        pixels = convert(opened)
    except (FileNotFoundError, ValueError) as error:
        return str(error), 0
    return conversions(opened), xxhash.xxh3_64_intdigest(repr(pixels.size).encode() + pixels.tobytes())


def fingerprint(images: datasets.Dataset) -> str:
    """Of encoded images; of files: path, size and time of change."""
    digest = xxhash.xxh3_128()
    arrow = images.with_format("arrow")
    for first in range(0, len(images), _CHUNK):
        for encoded in arrow[first : first + _CHUNK]["image"].to_pylist():
            data, path = (encoded or {}).get("bytes"), (encoded or {}).get("path")
            digest.update(data if data is not None else f"{path}|{_stamp(path)}".encode())
            digest.update(b"|")
    return digest.hexdigest()


def _stamp(path: str | None) -> tuple[int, int]:
    try:
        status = os.stat(path or "")  # noqa: PTH116
    except OSError:
        return (-1, -1)
    return status.st_size, status.st_mtime_ns
