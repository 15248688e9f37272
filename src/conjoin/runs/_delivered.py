"""What is delivered: one network, or for each task the one that validation images prefer."""

from collections.abc import Sequence

from conjoin.data import Images, Preprocessing, Problem
from conjoin.evaluation import GUARDED, Score, Trained, predict, prefers_coupled, scores
from conjoin.model import Model
from conjoin.network import Choice
from conjoin.study import Recipe


def scored(
    arm: str, trained: Trained, singles: Sequence[Trained], problem: Problem[Images], recipe: Recipe
) -> list[tuple[str, Score]]:
    """Arm and scores on the test images: of one network; beside others for single tasks, also theirs and the choice."""

    def of(one: Trained) -> list[Score]:
        logits = predict(one.network, problem.test)
        return scores(one.tasks, logits, problem.test, problem, recipe, thresholds=one.thresholds)

    together, apart = of(trained), [score for one in singles for score in of(one)]
    own = {task.name for one in _better(trained, singles) for task in one.tasks}
    chosen = [mine if mine.task.split("/")[0] in own else shared for mine, shared in zip(apart, together, strict=False)]
    rows = {arm: together, "single": apart, GUARDED: chosen}
    return [(name, score) for name, found in rows.items() for score in found]


def delivered(trained: Trained, singles: Sequence[Trained], backbone: str, preprocessing: Preprocessing) -> Model:
    """One network, or several of which each answers for the tasks that it was chosen for."""
    own = _better(trained, singles)
    networks = [*([trained] if len(own) < len(trained.tasks) else []), *own]
    answers = {task.name: place for place, one in enumerate(networks) for task in one.tasks}  # the last holds
    network = networks[0].network if len(networks) == 1 else Choice([one.network for one in networks], answers)
    thresholds = {name: limits.tolist() for one in [trained, *own] for name, limits in one.thresholds.items()}
    return Model(network.cpu(), trained.tasks, backbone, preprocessing, thresholds)


def _better(trained: Trained, singles: Sequence[Trained]) -> list[Trained]:
    """Networks for one task that validation images prefer to the shared one."""
    return [one for one in singles if not prefers_coupled(one.tasks[0].name, one.looks, trained.looks)]
