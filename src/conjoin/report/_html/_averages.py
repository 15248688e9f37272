"""What networks said about the test images, averaged over seeds."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor
from torchmetrics.functional.classification import binary_f1_score

from conjoin.data import Problem
from conjoin.evaluation import Run, hardened
from conjoin.relations import Relation
from conjoin.tasks import MultiClass, Task

MOST = 30
"""Classes or labels of a task that are shown; of more, those that differ most."""


def truth(problem: Problem, task: Task) -> Int[Tensor, "images *_"]:  # type: ignore[type-arg]
    """Annotations of the test images: codes, or 0 and 1 for each label; -1 = not annotated."""
    return hardened(task, problem.test.annotation(task.name))


def probabilities(runs: Sequence[Run], task: Task) -> Float[Tensor, "images outputs"]:
    """Predicted probability of each class or label, mean over runs."""
    logits = torch.stack([run.logits[task.name] for run in runs])
    return (logits.softmax(-1) if isinstance(task, MultiClass) else logits.sigmoid()).mean(0)


def decided(run: Run, task: Task) -> Int[Tensor, "images outputs"]:
    """1 where a run says that a class or label is present: the most probable class, labels above their threshold."""
    logits = run.logits[task.name]
    if isinstance(task, MultiClass):
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[1])
    limits = torch.tensor(run.thresholds.get(task.name, [0.5] * logits.shape[1]))
    return (logits.sigmoid() >= limits).long()


def presence(task: Task, target: Int[Tensor, "images *_"]) -> Int[Tensor, "images outputs"]:
    """1 where an output is present, 0 where absent, -1 where not annotated, for both kinds of task."""
    if not isinstance(task, MultiClass):
        return target
    hot = torch.nn.functional.one_hot(target.clamp(min=0), len(task.outputs))
    return torch.where(target[:, None] < 0, -1, hot)


def f1_by_output(runs: Sequence[Run], task: Task, target: Int[Tensor, "images *_"]) -> Float[Tensor, "outputs"]:
    """F1 of each class or label, mean over runs; NaN where no test image has it."""
    known = presence(task, target)
    scores = [
        [float(binary_f1_score(says[:, i], known[:, i], ignore_index=-1)) for i in range(known.shape[1])]
        for says in (decided(run, task) for run in runs)
    ]
    return torch.tensor(scores).mean(0).where((known == 1).any(0), float("nan"))


def confusion(runs: Sequence[Run], task: MultiClass, target: Int[Tensor, "images"]) -> Float[Tensor, "true predicted"]:
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


def largest(values: Shaped[Tensor, "n"], most: int = MOST) -> list[int]:
    """Places of the largest values, in their own order; NaN counts as nothing."""
    order = values.float().nan_to_num(-1.0).argsort(descending=True, stable=True)
    return sorted(order[:most].tolist())
