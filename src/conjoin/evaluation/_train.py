"""Train one network of an arm; weights and thresholds are chosen on validation images."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger
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


def logit_adjustments(tasks: Sequence[Task], recipe: Recipe) -> dict[str, float]:
    """By task, the strength of logit adjustment where the recipe has one; as `Objective` takes it."""
    return {task.name: recipe.tasks[task.name].logit_adjustment for task in tasks if task.name in recipe.tasks}


def objectives(arm: str, problem: Problem[Images], recipe: Recipe) -> list[Objective]:
    """The objectives of an arm: one for each network that it trains."""
    return ARMS[arm].build(problem.tasks, problem.relations, logit_adjustments(problem.tasks, recipe))


def try_network(tasks: Sequence[Task], recipe: Recipe) -> None:
    """Build the network of a recipe and let it read two blank images, before anything else is done.

    Raises:
        FileNotFoundError: if the backbone's weights are not there.
        ValueError: if its name is unknown, its weights are of another, or it cannot read images of this size.

    """
    network, backbone = _network(tasks, recipe, 3), recipe.backbone
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(2, 3, *backbone.image_size))
    except (AssertionError, RuntimeError) as error:
        raise ValueError(
            f"`backbone.image_size` should be one that {backbone.name!r} can read. "
            f"Found {list(backbone.image_size)}: {error}"
        ) from error


def _network(tasks: Sequence[Task], recipe: Recipe, channels: int) -> Network:
    backbone = recipe.backbone
    return Network(
        tasks,
        backbone.name,
        channels=channels,
        weights=backbone.weights,
        freeze=backbone.freeze,
        freeze_norm=backbone.freeze_norm,
    )


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
    loggers: Sequence[Logger] | None = None,
    callbacks: Sequence[Callback] = (),
) -> Trained:
    """Train a network on an objective's tasks.

    A network for one task is given as many images a step as a mixed batch holds for that task: where
    each source is annotated throughout or not at all for a task, the very same images in the same
    order (augmentation draws anew for each network); else as many on average. On the same seed,
    networks of the same shape start from the same weights.

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
        loggers: as of `fit`.
        callbacks: as of `fit`.

    """
    tasks = tuple(objective.tasks.values())
    data, settings = problem.train, recipe.training
    if everything:
        data = problem.train if problem.everything is None else problem.everything
    counts = None
    if len(tasks) == 1:
        counts = _counts(data, tasks[0].name, settings.batch_size)
        data = data.annotated(tasks[0].name)
        settings = settings.model_copy(update={"batch_size": sum(counts.values())})
    L.seed_everything(seed, verbose=False)
    network = _network(tasks, recipe, data.channels)
    validation = Validation.of(tasks, problem, recipe)
    looks = fit(
        network,
        objective,
        data,
        settings,
        augmentation=recipe.augmentation,
        counts=counts,
        validate=validation,
        seed=seed,
        folder=folder,
        resume=resume,
        workers=workers,
        progress=progress,
        loggers=loggers,
        callbacks=callbacks,
    )
    if torch.accelerator.is_available():
        network.to(torch.accelerator.current_accelerator())  # from where Lightning has taken it
    thresholds = validation.thresholds(network) if validation else {}
    steps = looks[-1].step if looks else settings.steps
    return Trained(network, tasks, thresholds, looks, steps * settings.batch_size)


def _counts(data: Images, name: str, batch_size: int) -> dict[int, int]:
    """How many images of a mixed batch are annotated for a task, by source; the mean, where it varies.

    Two at least in all: BatchNorm cannot train on one.
    """
    known, sources = is_known(data.annotation(name)), data.sources()
    mixed = shares([len(rows) for rows in sources.values()], batch_size)
    found = {}
    for (number, rows), count in zip(sources.items(), mixed, strict=True):
        share = float(known[rows.long()].float().mean())
        if share:
            found[number] = max(round(count * share), 1)
    if sum(found.values()) == 1:
        found = dict.fromkeys(found, 2)
    return found
