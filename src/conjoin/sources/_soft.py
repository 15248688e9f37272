"""Soft annotations written so that a study reads them back."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
from jaxtyping import Float
from torch import Tensor

from conjoin.tasks import Task


def write_soft(
    path: Path,
    tasks: Sequence[Task],
    probabilities: Mapping[str, Float[Tensor, "images outputs"]],
    **columns: Sequence[str],
) -> None:
    """Write probabilities as Parquet: a column `<task>:<output>` for each output, NaN = not annotated.

    A study reads them by `columns: {<output>: <task>:<output>}` and `soft: true`.

    Args:
        path: of the file; it is complete or not there.
        tasks: tasks in the order of columns.
        probabilities: by task name.
        columns: other columns, as `image`, `id` or `split`.

    Raises:
        ValueError: if a column has another length.

    """
    frame = {name: pl.Series(name, list(values)) for name, values in columns.items()}
    for task in tasks:
        values = probabilities[task.name].detach().cpu().float().numpy()
        frame |= {f"{task.name}:{output}": pl.Series(values[:, number]) for number, output in enumerate(task.outputs)}
    if len({len(values) for values in frame.values()}) > 1:
        raise ValueError(
            f"`columns` should have one entry for each image. Found { ({n: len(v) for n, v in frame.items()}) }."
        )
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".soft-") as scratch:
        pl.DataFrame(frame).write_parquet(draft := Path(scratch) / "draft.parquet")
        os.replace(draft, path)  # noqa: PTH105
