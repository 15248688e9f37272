"""Counting a relation over 50 million rows: peak memory, and time against polars' own aggregation.

    python benchmarks/counting.py [--rows 50000000]

Rows have a class (int16) and twelve labels (int8: 0, 1 or null), in eight Parquet files of a temporary
folder. Each run is a process of its own: polars' plain `group_by().agg(sum, count)` and
`conjoin.count_relation` take turns. Exits with 1 if a bound is missed.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES, CLASSES, LABELS, TURNS = 8, 200, 12, 5
MOST_MEMORY = 1000  # MB
MOST_TIME = 1.5  # times polars' own


def generate(folder: Path, rows: int) -> None:
    """Write the files; a tenth of each label is not annotated."""
    import numpy as np  # noqa: PLC0415 (each process imports what it measures, the parent nothing)
    import polars as pl  # noqa: PLC0415

    rng = np.random.default_rng(0)
    for file in range(FILES):
        size = rows // FILES
        columns = {"article": rng.integers(0, CLASSES, size, dtype=np.int16)}
        for label in range(LABELS):
            chance = rng.random(CLASSES, dtype=np.float32)[columns["article"]]
            present = (rng.random(size, dtype=np.float32) < chance).astype(np.int8)
            columns[f"label{label}"] = np.where(rng.random(size, dtype=np.float32) < 0.1, np.int8(-1), present)
        frame = pl.DataFrame(columns).with_columns(pl.col(f"label{i}").replace(-1, None) for i in range(LABELS))
        frame.write_parquet(folder / f"{file}.parquet")


def plain(folder: Path) -> float:
    """Seconds of polars' own aggregation."""
    import polars as pl  # noqa: PLC0415

    start = time.perf_counter()
    labels = [pl.col(f"label{i}") for i in range(LABELS)]
    sums = [label.sum().name.suffix(" sum") for label in labels]
    frame = pl.scan_parquet(folder / "*.parquet").group_by("article")
    frame.agg(sums + [label.count() for label in labels]).collect(engine="streaming")
    return time.perf_counter() - start


def counted(folder: Path) -> float:
    """Seconds of `count_relation`."""
    from conjoin.relate import count_relation  # noqa: PLC0415

    start = time.perf_counter()
    table = count_relation(folder / "*.parquet", "article", [f"label{i}" for i in range(LABELS)])
    seconds = time.perf_counter() - start
    assert table.probability.shape == (CLASSES, LABELS)
    return seconds


def measure(job: str, folder: str, rows: int) -> dict[str, float]:
    """Seconds and peak memory (MB) of a job in a process of its own."""
    command = [sys.executable, __file__, "--job", job, "--folder", folder, "--rows", str(rows)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def main() -> int:
    """Run both in turns and judge them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000_000)
    parser.add_argument("--job", choices=["generate", "plain", "counted"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.job:
        seconds = 0.0
        if given.job == "generate":
            generate(given.folder, given.rows)
        else:
            seconds = {"plain": plain, "counted": counted}[given.job](given.folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kilobytes on Linux
        print(json.dumps({"seconds": seconds, "peak": peak}))
        return 0
    with tempfile.TemporaryDirectory(prefix="counting-") as folder:
        measure("generate", folder, given.rows)
        runs = [(measure("plain", folder, given.rows), measure("counted", folder, given.rows)) for _ in range(TURNS)]
    times = [statistics.median(run["seconds"] for run in side) for side in zip(*runs, strict=True)]
    peaks = [max(run["peak"] for run in side) for side in zip(*runs, strict=True)]
    for place, name in enumerate(("polars' own aggregation", "count_relation")):
        print(f"{name:24} {times[place]:6.2f} s (median of {TURNS}), peak memory {peaks[place]:5.0f} MB")
    ratio, peak = times[1] / times[0], peaks[1]
    print(f"{given.rows:,} rows: {ratio:.2f} times polars' own (at most {MOST_TIME}), ", end="")
    print(f"{peak:.0f} MB (below {MOST_MEMORY})")
    return int(ratio > MOST_TIME or peak >= MOST_MEMORY)


if __name__ == "__main__":
    sys.exit(main())
