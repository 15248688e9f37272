"""What is measured on test images."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torchmetrics.functional.classification import binary_f1_score, multiclass_accuracy

from conjoin.data import Images
from conjoin.network import Network
from conjoin.tasks import MultiLabel, Task


class Score(NamedTuple):
    """One measured value."""

    task: str
    """Task, or `task/group` for a group of its labels."""
    metric: str
    value: float


@torch.no_grad()
def predict(network: Network, data: Images, *, batch_size: int = 512) -> dict[str, Tensor]:
    """Logits of every task by name, in evaluation mode, on the network's device; its mode is kept."""
    training = network.training
    network.eval()
    device = next(network.parameters()).device
    rows = range(len(data))
    parts = [
        network(data.__getitems__(rows[first : first + batch_size]).images.to(device)) for first in rows[::batch_size]
    ]
    network.train(training)
    return {name: torch.cat([part[name] for part in parts]).cpu() for name in parts[0]}


def score(task: Task, logits: Tensor, data: Images, groups: Mapping[str, tuple[str, ...]] | None = None) -> list[Score]:
    """Accuracy of a multi-class task; macro-F1 of a multi-label task, for each group of labels.

    F1 at threshold 0.5 for each label, annotated images only, then the mean over labels.
    """
    target = data.annotation(task.name)
    if not isinstance(task, MultiLabel):
        value = multiclass_accuracy(logits, target, task.outcomes, average="micro", ignore_index=-1)
        return [Score(task.name, "accuracy", float(value))]
    f1 = {
        label: binary_f1_score(logits[:, i].sigmoid(), target[:, i], ignore_index=-1)
        for i, label in enumerate(task.labels)
    }
    return [
        Score(
            f"{task.name}/{group}" if group else task.name,
            "macro-F1",
            float(torch.stack([f1[label] for label in labels]).mean()),
        )
        for group, labels in (groups or {"": task.labels}).items()
    ]
