"""Train one network of an arm; weights and thresholds are chosen on validation images."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import lightning as L
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from conjoin.data import Images, Problem, is_known, shares
from conjoin.evaluation._arms import ARMS
from conjoin.evaluation._validation import Validation
from conjoin.network import Network
from conjoin.objective import Objective
from conjoin.study import Recipe
from conjoin.tasks import Task
from conjoin.training import Look, fit


class Trained(NamedTuple):
    """A network, and what was chosen on validation images."""

    network: Network
    tasks: tuple[Task, ...]
    thresholds: dict[str, Tensor]
    """By task with labels: probability from which on each counts as present, where it was tuned."""
    looks: list[Look]
    images: int
    """Images seen in training, repetitions counted."""


def objectives(arm: str, problem: Problem[Images], recipe: Recipe) -> list[Objective]:
    """The objectives of an arm: one for each network that it trains."""
    adjustments = {name: task.logit_adjustment for name, task in recipe.tasks.items()}
    return ARMS[arm].build(problem.tasks, problem.relations, adjustments)


def train_network(
    objective: Objective,
    problem: Problem[Images],
    recipe: Recipe,
    seed: int,
    *,
    everything: bool = False,
    folder: Path | None = None,
    resume: bool = False,
    workers: int = 0,
    progress: bool = False,
    callbacks: Sequence[Callback] = (),
) -> Trained:
    """Train a network on an objective's tasks.

    A network for one task is given as many images a step as a mixed batch holds for that task: where
    each source is annotated throughout or not at all for a task, the very same images in the same
    order; else as many on average. On the same seed, networks of the same shape start from the
    same weights.

    Args:
        objective: loss of the network, whose tasks it predicts.
        problem: images to train and to validate on.
        recipe: how to build and to train it.
        seed: of initial weights and of the order of images.
        everything: whether it is shown annotations that are hidden otherwise.
        folder: as of `fit`.
        resume: as of `fit`.
        workers: as of `fit`.
        progress: as of `fit`.
        callbacks: as of `fit`.

    """
    tasks = tuple(objective.tasks.values())
    data, settings = problem.train, recipe.training
    if everything:
        data = problem.train if problem.everything is None else problem.everything
    if len(tasks) == 1:
        (task,) = tasks
        size = _share(data, task.name, settings.batch_size)
        data, settings = data.annotated(task.name), settings.model_copy(update={"batch_size": size})
    L.seed_everything(seed, verbose=False)
    backbone = recipe.backbone
    network = Network(tasks, backbone.name, channels=data.channels, weights=backbone.weights, freeze=backbone.freeze)
    validation = Validation.of(tasks, problem, recipe)
    looks = fit(
        network,
        objective,
        data,
        settings,
        augmentation=recipe.augmentation,
        validate=validation,
        seed=seed,
        folder=folder,
        resume=resume,
        workers=workers,
        progress=progress,
        callbacks=callbacks,
    )
    thresholds = validation.thresholds(network) if validation else {}
    return Trained(network, tasks, thresholds, looks, settings.steps * settings.batch_size)


def _share(data: Images, name: str, batch_size: int) -> int:
    """How many images of a mixed batch are annotated for a task; the mean, where it varies."""
    known, sources = is_known(data.annotation(name)), list(data.sources().values())
    annotated = [float(known[rows.long()].float().mean()) for rows in sources]
    counts = shares([len(rows) for rows in sources], batch_size)
    mean = sum(count * share for count, share in zip(counts, annotated, strict=True))
    return max(round(mean), sum(share > 0 for share in annotated))
