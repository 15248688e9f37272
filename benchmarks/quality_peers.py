"""What others do with the same annotations: arms of the quality grid beside those of conjoin."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from conjoin.coupling import Term, View
from conjoin.data import AnnotatedImages, Problem
from conjoin.evaluation import Run, logit_adjustments, objectives, predict, run_arm, scores, train_network
from conjoin.objective import Objective
from conjoin.study import Recipe
from conjoin.tasks import MultiClass, Task

CONFIDENT = 0.95
"""Probability from which a prediction becomes a pseudo-label (Sohn et al. 2020, FixMatch)."""


class UncertaintyWeighted(Objective):
    """Joint loss with a learnt weight for each task (Kendall, Gal & Cipolla 2018, equation 10).

    The sum over tasks of exp(-s) times the mean loss over annotated images, plus s / 2, with s = log variance learnt.
    """

    def __init__(self, tasks: Sequence[Task], adjustments: Mapping[str, float]) -> None:
        super().__init__(tasks, scale="mean", adjustments=adjustments)
        self.log_variance = nn.Parameter(torch.zeros(len(tasks)))

    def _reduce(self, views: Mapping[str, View], masks: Mapping[Term, Tensor], counts: Mapping[str, Tensor]) -> Tensor:
        super()._reduce(views, masks, counts)
        losses = self._losses(views)
        total = self.log_variance.sum() / 2
        for term, log_variance in zip(masks, self.log_variance, strict=True):
            mean = torch.where(masks[term], losses[term], 0.0).sum() / counts[str(term)].clamp(min=1)
            total = total + mean * (-log_variance).exp()
        return total


def run_objective(arm: str, objective: Objective, problem: Problem[AnnotatedImages], recipe: Recipe, seed: int) -> Run:
    """One network, trained on this objective and scored."""
    trained = train_network(objective, problem, recipe, seed)
    logits = predict(trained.network, problem.test)
    found = scores(trained.tasks, logits, problem.test, problem, recipe, thresholds=trained.thresholds)
    return Run(arm, seed, scores=found)


def run_uncertainty(problem: Problem[AnnotatedImages], recipe: Recipe, seed: int) -> Run:
    """One network for all tasks, uncertainty weighting."""
    objective = UncertaintyWeighted(problem.tasks, logit_adjustments(problem.tasks, recipe))
    return run_objective("uncertainty weighting", objective, problem, recipe, seed)


def run_upgrad(problem: Problem[AnnotatedImages], recipe: Recipe, seed: int) -> Run:
    """One network for all tasks, conflicts between sources resolved (Quinton & Rey 2024)."""
    balanced = recipe.training.model_copy(update={"balance": "upgrad"})
    return run_arm("joint", problem, recipe.model_copy(update={"training": balanced}), seed)


def run_pseudo_labels(problem: Problem[AnnotatedImages], recipe: Recipe, seed: int) -> Run:
    """A network for each task, trained again with its own confident predictions on the other images (Lee 2013)."""
    run = Run("pseudo-labels", seed)
    for objective in objectives("single", problem, recipe):
        (name,) = objective.tasks
        teacher = train_network(objective, problem, recipe, seed)
        guessed = _labelled(problem.train, teacher.tasks[0], predict(teacher.network, problem.train)[name])
        (again,) = [o for o in objectives("single", problem, recipe) if name in o.tasks]
        pupil = train_network(again, replace(problem, train=guessed), recipe, seed)
        logits = predict(pupil.network, problem.test)
        run.scores.extend(scores(pupil.tasks, logits, problem.test, problem, recipe, thresholds=pupil.thresholds))
    return run


def _labelled(images: AnnotatedImages, task: Task, logits: Tensor) -> AnnotatedImages:
    known = images.annotation(task.name)
    if isinstance(task, MultiClass):
        confidence, guess = logits.softmax(-1).max(-1)
        sure = confidence >= CONFIDENT
    else:
        chance = logits.sigmoid()
        guess, sure = (chance > 0.5).long(), torch.maximum(chance, 1 - chance) >= CONFIDENT
    guess = torch.where(sure, guess, -1).to(known.dtype)
    return replace(images, annotations={**images.annotations, task.name: torch.where(known >= 0, known, guess)})
