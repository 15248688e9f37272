"""What a comparison shows beside means and verdicts: where an arm gains or loses, how sure that is, what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from conjoin.data import Images, Problem
from conjoin.evaluation._bootstrap import bootstrap_difference, clusters_of
from conjoin.evaluation._compare import Run
from conjoin.evaluation._metrics import hardened
from conjoin.evaluation._statistics import Difference, paired_difference, recovered_gap
from conjoin.evaluation._tally import coarseness, columns, f1_by_output, tally, value
from conjoin.study import Recipe
from conjoin.tasks import Task


class Interval(NamedTuple):
    """Difference of an arm to single-task training on one task, with its interval over test images."""

    task: str
    arm: str
    lower: float
    upper: float


class Output(NamedTuple):
    """F1 of one class or label, mean over seeds; NaN where no test image has it."""

    task: str
    output: str
    arm: str
    value: float
    difference: float
    """To single-task training."""


class Cost(NamedTuple):
    """What one run of an arm takes, all its networks together, mean over seeds."""

    arm: str
    seconds: float
    images: float
    """Images seen in training, repetitions counted."""
    parameters: int


class Gap(NamedTuple):
    """How much of what there is to gain an arm recovers on one task, with its interval over seeds: `recovered_gap`."""

    task: str
    arm: str
    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Details:
    """What a comparison shows beside means and verdicts.

    Args:
        clusters: how many clusters the test images form.
        intervals: differences over resampled test images; none where these are one cluster.
        outputs: every class and label.
        delta_m: by arm, mean relative difference over tasks, in per cent (Maninis et al. 2019), with its interval over
            seeds; without tasks on which single-task training scores 0 on a seed; nothing where none is left.
        gaps: where the arm `full` is there and the interval of its difference to single-task training is above 0.
        costs: of each arm.

    """

    clusters: int
    intervals: list[Interval]
    outputs: list[Output]
    delta_m: dict[str, Difference]
    gaps: list[Gap]
    costs: list[Cost]

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON; NaN is null there."""
        return {
            "clusters": self.clusters,
            "intervals": [one._asdict() for one in self.intervals],
            "outputs": [{k: None if v != v else v for k, v in one._asdict().items()} for one in self.outputs],  # noqa: PLR0124
            "delta_m": {arm: difference._asdict() for arm, difference in self.delta_m.items()},
            "gaps": [one._asdict() for one in self.gaps],
            "costs": [one._asdict() for one in self.costs],
        }


def details(runs: Sequence[Run], problem: Problem[Images], recipe: Recipe) -> Details:
    """Look closer at runs that `judge` accepts.

    Args:
        runs: every arm, `single` too, on the same seeds.
        problem: tasks and test images of the runs; their annotations are the same on every seed.
        recipe: how tasks are scored.

    """
    by_arm = {arm: sorted((r for r in runs if r.arm == arm), key=lambda r: r.seed) for arm in {r.arm: 0 for r in runs}}
    others = [arm for arm in by_arm if arm != "single"]
    clusters, steps = clusters_of(problem.clusters, len(problem.test)), coarse(problem, recipe)
    intervals, outputs = [], []
    for task in problem.tasks:
        target = hardened(task, problem.test.annotation(task.name))
        counts = {arm: [_tally(task, run, target) for run in group] for arm, group in by_arm.items()}
        settings = recipe.tasks.get(task.name)
        for name, places in columns(task, problem.groups.get(task.name)).items():
            metric = partial(_value, task, places, settings=settings)
            for arm in others if clusters.any() else ():  # one cluster tells nothing of others
                found = bootstrap_difference(counts[arm], counts["single"], clusters, metric)
                intervals.append(Interval(name, arm, *found))
        each = {arm: np.mean([f1_by_output(one.sum(0)) for one in many], 0) for arm, many in counts.items()}
        outputs += [
            Output(task.name, output, arm, float(each[arm][place]), float(each[arm][place] - each["single"][place]))
            for arm in by_arm
            for place, output in enumerate(task.outputs)
        ]
    return Details(
        int(clusters.max()) + 1,
        intervals,
        outputs,
        {arm: delta for arm in others if (delta := _delta_m(by_arm[arm], by_arm["single"], steps))},
        _gaps(by_arm, steps),
        [_cost(arm, group) for arm, group in by_arm.items()],
    )


def coarse(problem: Problem[Images], recipe: Recipe) -> dict[str, float]:
    """What one test image changes of each score (`coarseness`), by its name."""
    found = {}
    for task in problem.tasks:
        target = hardened(task, problem.test.annotation(task.name))
        counts = tally(task, torch.zeros(len(target), len(task.outputs)), target).sum(0)
        for name, places in columns(task, problem.groups.get(task.name)).items():
            found[name] = coarseness(task, counts[places], recipe.tasks.get(task.name))
    return found


def _tally(task: Task, run: Run, target: Tensor) -> NDArray[np.bool_]:
    limits = run.thresholds.get(task.name)
    return tally(task, run.logits[task.name], target, None if limits is None else torch.tensor(limits))


def _value(task: Task, places: Sequence[int], counts: NDArray[Any], *, settings: Any) -> NDArray[np.float64]:
    return value(task, counts[..., places, :], settings)


def _scores(run: Run) -> dict[str, float]:
    return {score.task: score.value for score in run.scores}


def _delta_m(arm: Sequence[Run], single: Sequence[Run], steps: Mapping[str, float]) -> Difference | None:
    alone = [_scores(run) for run in single]
    names = [name for name in alone[0] if all(scores[name] > 0 for scores in alone)]
    if not names:
        return None
    of = [name.split("/")[0] for name in names]
    share = np.array([100 / len(set(of)) / of.count(task) for task in of])  # a task's groups share its part
    ours, theirs = (
        np.array([[scores[name] for name in names] for scores in map(_scores, many)]) for many in (arm, single)
    )
    values = ((ours - theirs) / theirs) @ share
    step = np.linalg.norm(share * [steps.get(name, 0.0) for name in names] / theirs.mean(0))
    return paired_difference(values, np.zeros(len(values)), step=float(step))


def _gaps(by_arm: Mapping[str, Sequence[Run]], steps: Mapping[str, float]) -> list[Gap]:
    if "full" not in by_arm:
        return []
    values = {arm: {t: [_scores(run)[t] for run in group] for t in _scores(group[0])} for arm, group in by_arm.items()}
    return [
        Gap(task, arm, *gap)
        for task, single in values["single"].items()
        for arm in by_arm
        if arm not in {"single", "full"}
        and (gap := recovered_gap(values[arm][task], values["full"][task], single, step=steps.get(task, 0.0)))
    ]


def _cost(arm: str, runs: Sequence[Run]) -> Cost:
    seconds, images = (float(np.mean([getattr(run, name) for run in runs])) for name in ("seconds", "images"))
    return Cost(arm, seconds, images, runs[0].parameters)
