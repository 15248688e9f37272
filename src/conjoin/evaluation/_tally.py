"""What test images add up to: counts from which every metric is computed, also of resampled images."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Shaped
from numpy.typing import NDArray
from torch import Tensor

from conjoin.study import TaskSettings
from conjoin.tasks import MultiLabel, Task

Counts = Shaped[np.ndarray, "*sets outputs kinds"]
"""Of each class or label: true positives, false positives, images that have it, and images annotated for it."""


def tally(
    task: Task,
    logits: Float[Tensor, "images outputs"],
    target: Int[Tensor, "images *_"],
    thresholds: Float[Tensor, "labels"] | None = None,
) -> Bool[np.ndarray, "images outputs kinds"]:
    """What each image counts.

    Args:
        task: what is predicted.
        logits: predictions.
        target: codes, or 0 and 1 for each label; -1 = not annotated, which counts nothing.
        thresholds: probability from which on each label counts as present; 0.5 by default.

    """
    if isinstance(task, MultiLabel):
        has, lacks = target == 1, target == 0
        said = logits.sigmoid() >= (0.5 if thresholds is None else thresholds)
    else:
        classes, known = torch.arange(len(task.outputs)), target[:, None] >= 0
        has = target[:, None] == classes
        lacks, said = known & ~has, logits.argmax(-1, keepdim=True) == classes
    return torch.stack([said & has, said & lacks, has, has | lacks], -1).numpy()


def value(task: Task, counts: Counts, settings: TaskSettings | None = None) -> Float[np.ndarray, "*sets"]:
    """The metric of a task, from counts that were added up over images.

    Classes and labels that no image has are left out of means; NaN where nothing is left.
    """
    metric = _metric(task, settings)
    hits, false, has, known = np.moveaxis(counts, -1, 0)
    if metric == "macro-F1":
        return _mean(f1_by_output(counts))
    if metric == "mean accuracy":
        wrong = false + has - hits
        return _mean(np.where(has > 0, _ratio(known - wrong, known), np.nan))
    if metric == "balanced accuracy":
        return _mean(_ratio(hits, has))
    return _ratio(hits.sum(-1), has.sum(-1))


def coarseness(task: Task, counts: Counts, settings: TaskSettings | None = None) -> float:
    """What one test image changes of a score, about.

    Of a share of n images 1/n, of an F1 one in as many as have the output, which is what the first hit adds to half of
    it; of a mean over outputs their root mean square, over the root of their number, as they round independently. 0
    where nothing is annotated.
    """
    metric = _metric(task, settings)
    _, _, has, known = np.moveaxis(counts, -1, 0).astype(float)
    if metric == "accuracy":
        return 1 / max(float(has.sum()), 1.0)
    of = (known if metric == "mean accuracy" else has)[has > 0]
    return float(np.sqrt((1 / of**2).sum()) / max(len(of), 1))


def f1_by_output(counts: Counts) -> Float[np.ndarray, "*sets outputs"]:
    """F1 of each class or label; NaN where no image has it."""
    hits, false, has, _ = np.moveaxis(counts, -1, 0)
    return np.where(has > 0, _ratio(2 * hits, hits + false + has), np.nan)


def _metric(task: Task, settings: TaskSettings | None) -> str:
    return settings.metric if settings else "macro-F1" if isinstance(task, MultiLabel) else "accuracy"


def _mean(each: NDArray[np.float64]) -> NDArray[np.float64]:
    told = ~np.isnan(each)
    return _ratio(np.where(told, each, 0).sum(-1), told.sum(-1))


def _ratio(above: Any, below: Any) -> NDArray[np.float64]:
    """Quotient, NaN where the divisor is 0."""
    below = np.asarray(below, float)
    quotient: NDArray[np.float64] = np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)
    return quotient


def columns(task: Task, groups: Mapping[str, tuple[str, ...]] | None) -> dict[str, list[int]]:
    """Which outputs are scored together, by the name under which: the task, or `task/group` for groups of labels."""
    if not groups or not isinstance(task, MultiLabel):
        return {task.name: list(range(len(task.outputs)))}
    return {f"{task.name}/{name}": [task.labels.index(label) for label in labels] for name, labels in groups.items()}
