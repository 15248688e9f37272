"""Arrow tables kept on disk and memory-mapped."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import datasets
import pyarrow as pa
import xxhash


def cache_folder() -> Path:
    """Where prepared columns are kept: beside the cache of Hugging Face `datasets`."""
    return Path(datasets.config.HF_DATASETS_CACHE) / "conjoin"


def folder_of(files: Iterable[str]) -> Path:
    """Where `datasets`, which tells files by name and time alone, keeps what it reads from files as they are now."""
    digest = xxhash.xxh3_64()
    for file in files:
        now = Path(file).stat()
        digest.update(f"{file} {now.st_size} {now.st_mtime_ns} {now.st_ctime_ns} ".encode(errors="surrogateescape"))
    return cache_folder() / "tables" / digest.hexdigest()


@contextmanager
def quiet() -> Iterator[None]:
    """Without the progress bars and log lines of Hugging Face `datasets`."""
    shown, level = not datasets.are_progress_bars_disabled(), datasets.logging.get_verbosity()
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    try:
        yield
    finally:
        datasets.logging.set_verbosity(level)
        if shown:
            datasets.enable_progress_bars()


def memory_mapped(parts: Iterable[pa.Table], cache: Path) -> datasets.Dataset:
    """Write a table, given in parts, to the cache, named after what it holds, and read it memory-mapped.

    Parts of another size are another file.
    """
    folder = cache / "columns"
    folder.mkdir(parents=True, exist_ok=True)
    parts = iter(parts)
    first = next(parts)
    digest = xxhash.xxh3_128(str(first.schema).encode())
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        draft = Path(scratch) / "draft.arrow"
        with pa.OSFile(str(draft), "wb") as file, pa.ipc.new_stream(file, first.schema) as writer:
            for part in chain([first], parts):
                for column in part.columns:
                    for buffer in (buffer for chunk in column.chunks for buffer in chunk.buffers()):
                        digest.update(b"-" if buffer is None else memoryview(buffer))
                writer.write_table(part, max_chunksize=10_000)
        place = folder / f"{digest.hexdigest()}.arrow"
        if not place.is_file():
            draft.rename(place)
    return datasets.Dataset.from_file(str(place))
