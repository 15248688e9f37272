"""What is measured on images that were not trained on."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor
from torchmetrics.functional.classification import (
    binary_accuracy,
    binary_f1_score,
    multiclass_accuracy,
    multiclass_f1_score,
)

from conjoin.data import Images
from conjoin.network import Network
from conjoin.study import Classes, Labels, TaskSettings
from conjoin.tasks import MultiClass, MultiLabel, Task
from conjoin.training import DivergedError


class Score(NamedTuple):
    """One measured value."""

    task: str
    """Task, or `task/group` for a group of its labels."""
    metric: str
    value: float


@torch.no_grad()
def predict(network: Network, data: Images, *, batch_size: int = 64) -> dict[str, Tensor]:
    """Logits of every task by name, in evaluation mode, on the network's device; its mode is kept.

    Raises:
        DivergedError: if any is not finite: it has no score.

    """
    training = network.training
    network.eval()
    device = next(network.parameters()).device
    rows = range(len(data))
    parts = [
        network(data.__getitems__(rows[first : first + batch_size]).images.to(device)) for first in rows[::batch_size]
    ]
    network.train(training)
    logits = {name: torch.cat([part[name] for part in parts]).float().cpu() for name in parts[0]}
    for name, found in logits.items():
        if wrong := int((~found.isfinite().all(-1)).sum()):
            raise DivergedError(
                f"Logits of task {name!r} should be finite. Found {wrong:,} of {len(found):,} images without: training "
                "diverged, or images hold values that are not numbers. Try a lower `lr`, or `precision: 32-true`."
            )
    return logits


def score(
    task: Task,
    logits: Float[Tensor, "images outputs"],
    annotation: Shaped[Tensor, "images *_"],
    *,
    settings: TaskSettings | None = None,
    thresholds: Float[Tensor, "labels"] | None = None,
    groups: Mapping[str, tuple[str, ...]] | None = None,
) -> list[Score]:
    """Accuracy of a multi-class task, macro-F1 of a multi-label task for each group of labels; or what settings say.

    Annotated images only, NaN without any; classes and labels that none of them has are left out of means. A soft
    annotation counts as its most probable outcome.

    Args:
        task: what is predicted.
        logits: predictions.
        annotation: the truth; -1 or NaN = not annotated.
        settings: options of the task: which metric.
        thresholds: probability from which on each label counts as present; 0.5 by default.
        groups: groups of labels to be scored apart; a mean over all labels by default.

    """
    target = hardened(task, annotation)
    if isinstance(task, MultiLabel):
        shown = groups or {"": task.labels}
        return _means(task, logits.sigmoid(), target, settings=settings, thresholds=thresholds, groups=shown)
    metric = settings.metric if isinstance(settings, Classes) else "accuracy"
    if bool((target < 0).all()):
        return [Score(task.name, metric, math.nan)]
    if metric == "accuracy":
        value = multiclass_accuracy(logits, target, task.outcomes, average="micro", ignore_index=-1)
        return [Score(task.name, metric, float(value))]
    measure = multiclass_f1_score if metric == "macro-F1" else multiclass_accuracy
    each = measure(logits, target, task.outcomes, average="none", ignore_index=-1)
    present = target[target >= 0].unique()
    return [Score(task.name, metric, float(each[present].mean()))]


def hardened(task: Task, annotation: Shaped[Tensor, "images *_"]) -> Int[Tensor, "images *_"]:
    """Codes, or 0 and 1 for each label; -1 = not annotated."""
    if not annotation.is_floating_point():
        return annotation.long()
    if isinstance(task, MultiClass):
        unknown = annotation.isnan().any(-1)
        return torch.where(unknown, -1, annotation.nan_to_num().argmax(-1))
    return torch.where(annotation.isnan(), -1, (annotation > 0.5).long())


def _means(
    task: MultiLabel,
    probabilities: Tensor,
    target: Tensor,
    *,
    settings: TaskSettings | None,
    thresholds: Tensor | None,
    groups: Mapping[str, tuple[str, ...]],
) -> list[Score]:
    limits = torch.full((len(task.labels),), 0.5) if thresholds is None else thresholds
    present = (probabilities >= limits).long()
    metric = settings.metric if isinstance(settings, Labels) else "macro-F1"
    measure = binary_f1_score if metric == "macro-F1" else binary_accuracy
    each = {
        label: measure(present[:, i], target[:, i], ignore_index=-1)
        for i, label in enumerate(task.labels)
        if bool((target[:, i] == 1).any())
    }
    return [
        Score(
            f"{task.name}/{group}" if group else task.name,
            metric,
            float(torch.tensor([each[label] for label in labels if label in each]).mean()),
        )
        for group, labels in groups.items()
    ]
