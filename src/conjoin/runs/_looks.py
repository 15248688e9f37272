"""Scores on validation images over time, as a table."""

from collections.abc import Sequence

import polars as pl

from conjoin.evaluation import Run


def looks_table(runs: Sequence[Run]) -> pl.DataFrame:
    """A row for each look at the validation images: arm, seed, step, task, score."""
    schema = {"arm": pl.String, "seed": pl.Int64, "step": pl.Int64, "task": pl.String, "score": pl.Float64}
    rows = [
        (run.arm, run.seed, look.step, task, score)
        for run in runs
        for looks in run.looks
        for look in looks
        for task, score in look.scores.items()
    ]
    return pl.DataFrame(rows, schema, orient="row")
