"""Images that stand on both sides of a split."""

from collections.abc import Mapping

import datasets
import numpy as np
import polars as pl

from conjoin.sources import Prepared, place

_SHOWN = 10


def duplicates(prepared: Prepared) -> pl.DataFrame:
    """Test images whose pixels are those of a training or validation image.

    Returns:
        One of the twins of each: `test_place`, row in the test table; `split`, and `place`, row in its table.

    """
    frames = []
    for split, content in prepared.content.items():
        rows = {"content": content, "split": [split] * len(content), "place": np.arange(len(content), dtype=np.int64)}
        frames.append(pl.DataFrame(rows).filter(pl.col("content") != 0))
    every = pl.concat(frames)
    test = every.filter(pl.col("split") == "test")
    twins = test.join(every.filter(pl.col("split") != "test").unique("content", maintain_order=True), on="content")
    return twins.select(
        pl.col("place").alias("test_place"), pl.col("split_right").alias("split"), pl.col("place_right").alias("place")
    )


def shown(twins: pl.DataFrame, tables: Mapping[str, datasets.Dataset]) -> list[str]:
    """The first pairs in words."""
    lines = []
    for row in twins.head(_SHOWN).iter_rows(named=True):
        test = tables["test"].select_columns(["file", "row"])[row["test_place"]]
        other = tables[row["split"]].select_columns(["file", "row"])[row["place"]]
        lines.append(f"test: {place(**test)}; {row['split']}: {place(**other)}")
    return lines
