"""What networks said about the test images, averaged over seeds."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from conjoin.data import Problem
from conjoin.evaluation import Run, hardened
from conjoin.relations import Relation
from conjoin.tasks import MultiClass, Task

MOST = 30
"""Classes or labels of a task that are shown; of more, those that differ most."""


def truth(problem: Problem[Any], task: Task) -> Int[Tensor, "images *_"]:
    """Annotations of the test images: codes, or 0 and 1 for each label; -1 = not annotated."""
    return hardened(task, problem.test.annotation(task.name))


def probabilities(runs: Sequence[Run], task: Task) -> Float[Tensor, "images outputs"]:
    """Predicted probability of each class or label, mean over runs."""
    total = torch.zeros(())
    for run in runs:
        logits = run.logits[task.name]
        total = total + (logits.softmax(-1) if isinstance(task, MultiClass) else logits.sigmoid())
    return total / len(runs)


def presence(task: Task, target: Int[Tensor, "images *_"]) -> Int[Tensor, "images outputs"]:
    """1 where an output is present, 0 where absent, -1 where not annotated, for both kinds of task."""
    if not isinstance(task, MultiClass):
        return target
    present = (target[:, None] == torch.arange(len(task.outputs))).to(torch.int8)
    return present.where(target[:, None] >= 0, -1)


def confusion(runs: Sequence[Run], task: Task, target: Int[Tensor, "images"]) -> Float[Tensor, "true predicted"]:
    """Test images by annotated and predicted class, mean over runs."""
    classes, known = len(task.outputs), target >= 0
    counts = torch.zeros(classes * classes)
    for run in runs:
        places = target[known] * classes + run.logits[task.name][known].argmax(-1)
        counts += torch.bincount(places, minlength=classes * classes)
    return (counts / len(runs)).reshape(classes, classes)


def shares(counts: Float[Tensor, "true predicted"]) -> Float[Tensor, "true predicted"]:
    """Of the images of each class, the share that is predicted as each; 0 for a class without images."""
    return counts / counts.sum(1, keepdim=True).clamp(min=1e-9)


def implied_rates(runs: Sequence[Run], relation: Relation) -> Float[Tensor, "outputs"]:
    """How frequent the source predictions say that each target output is, by the relation."""
    return probabilities(runs, relation.source).mean(0) @ relation.table.float()


def annotated_rates(task: Task, target: Int[Tensor, "images *_"]) -> Float[Tensor, "outputs"]:
    """How frequent each output is among the test images annotated for it; NaN without any."""
    known = presence(task, target)
    return (known == 1).sum(0) / (known >= 0).sum(0)


def annotated_table(problem: Problem[Any], relation: Relation) -> Float[Tensor, "classes outputs"]:
    """How frequent each target output is in each class, among test images annotated for both; NaN without any."""
    target = presence(relation.target, truth(problem, relation.target))
    of_class = (presence(relation.source, truth(problem, relation.source)) == 1).float().T
    return (of_class @ (target == 1).float()) / (of_class @ (target >= 0).float())


def corrected_table(runs: Sequence[Run], relation: Relation) -> Float[Tensor, "classes outputs"] | None:
    """A relation's table as annotations of its target corrected it, mean over runs; None where none did."""
    tables = [run.corrected[relation.name] for run in runs if relation.name in run.corrected]
    return torch.tensor(tables).mean(0) if tables else None


def predicted_table(runs: Sequence[Run], relation: Relation) -> Float[Tensor, "classes outputs"]:
    """The same from predictions alone, for all test images: mean target probability, weighted by that of the class."""
    of_class, target = (probabilities(runs, task) for task in (relation.source, relation.target))
    return (of_class.T @ target) / of_class.sum(0)[:, None].clamp(min=1e-9)


def largest(values: Shaped[Tensor, "n"], most: int = MOST) -> list[int]:
    """Places of the largest values, in their own order; NaN counts as nothing."""
    order = values.float().nan_to_num(-1.0).argsort(descending=True, stable=True)
    return sorted(order[:most].tolist())
