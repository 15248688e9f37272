"""What validation images decide: which weights are kept, and thresholds of labels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from conjoin.data import Images, Problem, is_known
from conjoin.evaluation._metrics import Score, hardened, predict, score
from conjoin.evaluation._thresholds import tune_thresholds
from conjoin.network import Network
from conjoin.study import Labels, Recipe
from conjoin.tasks import MultiLabel, Task


@dataclass(frozen=True, eq=False)
class Validation:
    """Scores a network on validation images, and tunes its thresholds there.

    Args:
        tasks: those that any validation image is annotated for.
        images: validation images.
        problem: what they belong to.
        recipe: how tasks are scored.

    """

    tasks: tuple[Task, ...]
    images: Images
    problem: Problem[Images]
    recipe: Recipe

    @classmethod
    def of(cls, tasks: Sequence[Task], problem: Problem[Images], recipe: Recipe) -> "Validation | None":
        """Validation of some tasks; None without annotated images."""
        images = problem.validation
        if images is None or not len(images):
            return None
        known = tuple(task for task in tasks if bool(is_known(images.annotation(task.name)).any()))
        if not known:
            return None
        return cls(known, images.annotated(known[0].name) if len(tasks) == 1 else images, problem, recipe)

    def __call__(self, network: Network) -> tuple[dict[str, float], float]:
        """Score of each task, the mean where groups of its labels are judged apart; standard error of their mean.

        Tasks without a score, because no image has any of their labels, are left out. The error is that of shares of
        the annotated images, one image right and one wrong added, as if images were independent: where they come in
        groups, or the metric rests on few of them, it is larger.
        """
        logits = predict(network, self.images)
        found = scores(self.tasks, logits, self.images, self.problem, self.recipe, thresholds=self._tuned(logits))
        by_task: dict[str, list[float]] = {}
        for one in found:
            if math.isfinite(one.value):
                by_task.setdefault(one.task.split("/")[0], []).append(one.value)
        means = {name: sum(values) / len(values) for name, values in by_task.items()}
        variance = 0.0
        for name, value in means.items():
            images = int(is_known(self.images.annotation(name)).sum())
            share = (images * value + 1) / (images + 2)
            variance += share * (1 - share) / images
        return means, math.sqrt(variance) / max(len(means), 1)

    def thresholds(self, network: Network) -> dict[str, Tensor]:
        """Thresholds of the labels of each task that is to have its own."""
        return self._tuned(predict(network, self.images)) if any(map(self._tunes, self.tasks)) else {}

    def _tuned(self, logits: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {
            task.name: tune_thresholds(logits[task.name], hardened(task, self.images.annotation(task.name)))
            for task in self.tasks
            if self._tunes(task)
        }

    def _tunes(self, task: Task) -> bool:
        settings = self.recipe.tasks.get(task.name)
        tuned = isinstance(settings, Labels) and (settings.threshold, settings.metric) == ("tuned", "macro-F1")
        return isinstance(task, MultiLabel) and tuned


def scores(
    tasks: Sequence[Task],
    logits: Mapping[str, Tensor],
    data: Images,
    problem: Problem[Images],
    recipe: Recipe,
    *,
    thresholds: Mapping[str, Tensor],
) -> list[Score]:
    """Scores of predictions on annotated images, task by task."""
    return [
        found
        for task in tasks
        for found in score(
            task,
            logits[task.name],
            data.annotation(task.name),
            settings=recipe.tasks.get(task.name),
            thresholds=thresholds.get(task.name),
            groups=problem.groups.get(task.name),
        )
    ]
