"""Speed and memory of loading images from disk.

    python benchmarks/loading.py --images folder    # Parquet files with JPEG bytes in a column `image`
    python benchmarks/loading.py                    # drawn JPEGs
    python benchmarks/loading.py --memory 1000000   # memory at that many rows (Linux)

Speed: images a second of (bare) a DataLoader that decodes and resizes, nothing else; (conjoin) mixed
batches, decoded, resized, augmented, normalised, with annotations; (cached) the same from the cache
of resized images. The three take turns, so that what else the machine does meets all alike; the
ratio is the median of those of the rounds. Processor time, of all processes, is what a busy machine
changes least. Exits with 1 where conjoin is slower than 0.9 of bare,
or where memory grows by more than it may.
"""

import argparse
import ctypes
import gc
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import datasets
import numpy as np
import polars as pl
import pyarrow as pa
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from conjoin.data import Augmentation, MixedBatches, MixedLoader, Preprocessing, StoredImages

SIZE = (64, 64)
BATCH = 64
BOUND = 0.9
AUGMENTATION = Augmentation(flip=0.5, padding=4, brightness=0.2, contrast=0.2, saturation=0.2, erasing=0.25)
FEATURES = datasets.Features(
    {
        "image": datasets.Image(decode=False),
        "source": datasets.Value("int16"),
        "task:class": datasets.Value("int32"),
        "task:labels": datasets.List(datasets.Value("int8"), length=5),
    }
)
HELD = 12
"""Bytes an image: row number, place in the order of its source (4 each), set aside (1), and what Arrow keeps
of record batches of a thousand rows (3)."""
SLACK = 2_000_000
"""Bytes that allocators may differ by."""


def drawn(count: int, size: tuple[int, int] = (80, 60)) -> list[bytes]:
    """Smooth random JPEGs, height and width as given."""
    rng, files = np.random.default_rng(0), []
    for _ in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (9, 7, 3), dtype=np.uint8))
        file = io.BytesIO()
        coarse.resize(size[::-1], Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
        files.append(file.getvalue())
    return files


def columns(images: list[bytes]) -> dict[str, list[object]]:
    """One row an image; a tenth in a first source, with a class, the others in a second, with labels."""
    first = [i % 10 == 0 for i in range(len(images))]
    return {
        "image": [{"bytes": image, "path": None} for image in images],
        "source": [0 if is_first else 1 for is_first in first],
        "task:class": [i % 7 if is_first else -1 for i, is_first in enumerate(first)],
        "task:labels": [[-1] * 5 if is_first else [i % 2] * 5 for i, is_first in enumerate(first)],
    }


class Bare(Dataset[Tensor]):
    """Decodes and resizes."""

    def __init__(self, images: list[bytes]) -> None:
        self.images = images

    def __len__(self) -> int:
        """Number of images."""
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        """One image, uint8."""
        image = v2.functional.pil_to_tensor(Image.open(io.BytesIO(self.images[index])).convert("RGB"))
        resized: Tensor = v2.functional.resize(image, list(SIZE), antialias=True)
        return resized


def rate(loader: Iterable[object], batches: int) -> tuple[float, float]:
    """Images a second from the first batch to the last; processor seconds an image."""
    before = os.times()
    batch_at = [time.perf_counter() for _ in loader]
    assert len(batch_at) == batches
    spent = sum(os.times()[:4]) - sum(before[:4])  # of this process, and of its workers, which have ended
    return BATCH * (batches - 1) / (batch_at[-1] - batch_at[0]), spent / (BATCH * batches)


def speed(images: list[bytes], batches: int, workers: int, rounds: int, folder: Path) -> int:
    """Measure the three side by side."""
    datasets.Dataset.from_dict(columns(images), features=FEATURES).save_to_disk(folder / "table")
    data = StoredImages(datasets.load_from_disk(folder / "table"), Preprocessing(size=SIZE))
    start = time.perf_counter()
    cached = data.cached(folder / "cache", workers=workers)
    print(f"{len(images):,} images, {workers} workers, batches of {BATCH}; {batches * BATCH:,} images in a round")
    print(f"cache filled at {len(images) / (time.perf_counter() - start):,.0f} images/s")
    measured: dict[str, list[tuple[float, float]]] = {"bare": [], "conjoin": [], "cached": []}
    for turn in range(rounds):
        mixed = MixedBatches(data.sources(), BATCH, batches, seed=turn)
        order = [[draw.row for draw in batch] for batch in mixed]  # the same images
        loaders: dict[str, Iterable[object]] = {
            "bare": DataLoader(Bare(images), batch_sampler=order, num_workers=workers),
            "conjoin": MixedLoader(data, mixed, augmentation=AUGMENTATION, workers=workers),
            "cached": MixedLoader(cached, mixed, augmentation=AUGMENTATION, workers=workers),
        }
        for name in list(loaders)[:: 1 if turn % 2 else -1]:
            measured[name].append(rate(loaders[name], batches))
    values = {name: np.array(rounds).T for name, rounds in measured.items()}
    ratios = {name: rates / values["bare"][0] for name, (rates, _) in values.items()}
    for name, (rates, spent) in values.items():
        print(
            f"{name:8} {np.median(rates):8,.0f} images/s, of bare {np.median(ratios[name]):.2f} "
            f"{ratios[name].round(2)}; processor {np.median(spent) * 1e6:.0f} us an image"
        )
    ratio = float(np.median(ratios["conjoin"]))
    print(f"{'ok' if ratio >= BOUND else 'MISSED'}: conjoin / bare = {ratio:.2f} (at least {BOUND})")
    return int(ratio < BOUND)


def write_rows(rows: int, path: Path) -> None:
    """An Arrow file of so many rows, in batches of a thousand as `datasets` writes them."""
    schema = FEATURES.arrow_schema
    part = pa.Table.from_pydict(columns(drawn(1000, (16, 16))), schema=schema).combine_chunks()
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, schema) as writer:
        for _ in range(rows // 1000):
            writer.write_table(part)


def anonymous() -> int:
    """Bytes of this process that are no mapped file, after allocators gave back what they keep."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    status = Path("/proc/self/status").read_text()
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))


def use(path: Path) -> int:
    """Bytes that loading from a table of so many rows takes, once it runs."""

    def loading(table: datasets.Dataset) -> MixedLoader:
        data = StoredImages(table, Preprocessing(size=SIZE))
        loader = MixedLoader(data, MixedBatches(data.sources(), BATCH, 100, seed=0), augmentation=AUGMENTATION)
        for _ in loader:
            pass
        return loader

    loading(datasets.Dataset.from_file(str(path)).select(range(1000)))  # what is allocated once
    before = anonymous()
    kept = loading(datasets.Dataset.from_file(str(path)))
    taken = anonymous() - before
    del kept
    return taken


def memory(rows: int, folder: Path) -> int:
    """Measure a tenth of the rows and all of them, each in a process of its own."""
    taken = []
    for count in (rows // 10, rows):
        path = folder / f"{count}.arrow"
        write_rows(count, path)
        done = subprocess.run([sys.executable, __file__, "--use", path], capture_output=True, text=True, check=True)
        taken.append(int(done.stdout))
        print(f"{count:,} rows, file of {path.stat().st_size / 1e6:,.0f} MB: {taken[-1] / 1e6:.1f} MB")
        path.unlink()
    more, allowed = taken[1] - taken[0], HELD * (rows - rows // 10) + SLACK
    print(
        f"{'ok' if more <= allowed else 'MISSED'}: {more / (rows - rows // 10):.1f} bytes for each row more "
        f"(at most {HELD}, give or take {SLACK / 1e6:.0f} MB in all)"
    )
    return int(more > allowed)


def main() -> int:
    """Parse and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, help="folder of Parquet files with JPEG bytes in column `image`")
    parser.add_argument("--count", type=int, default=10_000, help="images, at most")
    parser.add_argument("--batches", type=int, default=120, help="batches in a round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory", type=int, metavar="ROWS", help="measure memory instead")
    parser.add_argument("--use", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="where to write; by default a temporary folder")
    given = parser.parse_args()
    torch.set_num_threads(1)
    datasets.disable_progress_bars()
    if given.use:
        print(use(given.use))
        return 0
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        if given.memory:
            return memory(given.memory, Path(folder))
        if given.images:
            images = (
                pl.scan_parquet(given.images / "*.parquet")
                .select("image")
                .head(given.count)
                .collect()["image"]
                .to_list()
            )
        else:
            images = drawn(given.count)
        return speed(images, given.batches, given.workers, given.rounds, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
