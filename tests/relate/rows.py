"""Rows that several tests count, and how tables are compared."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from conjoin import RelationTable

NAN = float("nan")
LABELLED = pl.DataFrame(
    {
        "article": ["a", "a", "a", "a", "b", "b", "c", None],
        "x": [1, 1, 0, None, 0, 1, None, 1],
        "y": [0, None, 0, None, 1, 1, None, None],
    }
)


def same(a: RelationTable, b: RelationTable, *, exactly: bool = False) -> None:
    assert (a.classes, a.outputs, a.kind) == (b.classes, b.outputs, b.kind)
    for name in ("probability", "count", "lower", "upper"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=0 if exactly else 1e-12)


def write(frame: pl.DataFrame, path: Path) -> Path:
    writers: dict[str, Callable[[Path], object]] = {
        ".csv": frame.write_csv,
        ".parquet": frame.write_parquet,
        ".jsonl": frame.write_ndjson,
    }
    writers[path.suffix](path)
    return path
