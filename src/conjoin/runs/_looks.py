"""Scores on validation images over time, as a table."""

from collections.abc import Sequence

import polars as pl

from conjoin.evaluation import Run
from conjoin.training import kept


def looks_table(runs: Sequence[Run]) -> pl.DataFrame:
    """A row for each look at the validation images and task; `error` is of the mean over tasks (`Look`)."""
    schema: dict[str, type[pl.DataType]] = {
        "arm": pl.String,
        "seed": pl.Int64,
        "step": pl.Int64,
        "task": pl.String,
        "score": pl.Float64,
        "error": pl.Float64,
        "kept": pl.Boolean,
    }
    rows = [
        (run.arm, run.seed, look.step, task, score, look.error, look is kept(looks))
        for run in runs
        for looks in run.looks
        for look in looks
        for task, score in look.scores.items()
    ]
    return pl.DataFrame(rows, schema, orient="row")
