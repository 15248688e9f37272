"""A comparison as files for machines."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from conjoin.evaluation import Details, Row, Run, verdict
from conjoin.report._write import write


def write_results(folder: Path, runs: Sequence[Run], rows: Sequence[Row], *, margin: float, more: Details) -> None:
    """Write every score to `metrics.csv`; means, differences, verdicts and what `more` found to `metrics.json`.

    `metrics.csv` has a row for each arm, seed and task: arm, seed, task, metric, value, and the
    seconds that the arm took on that seed.
    """
    scores = [
        {"arm": run.arm, "seed": run.seed, **score._asdict(), "seconds": round(run.seconds, 2)}
        for run in sorted(runs, key=lambda run: run.seed)
        for score in run.scores
    ]
    write(folder / "metrics.csv", pl.DataFrame(scores).write_csv())
    summary = {
        "margin": margin,
        "results": [row._asdict() | {"difference": row.difference and row.difference._asdict()} for row in rows],
        "verdicts": {
            arm: verdict(rows, arm, margin=margin) for arm in dict.fromkeys(row.arm for row in rows if row.difference)
        },
        "details": more.to_dict(),
    }
    write(folder / "metrics.json", json.dumps(_plain(summary), indent=2, allow_nan=False) + "\n")


def _plain(value: Any) -> Any:
    """For JSON, which has no NaN: null where there is no score."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
