"""What a comparison shows: numbers by task and arm, and the verdict in words."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from conjoin.evaluation._compare import Run
from conjoin.evaluation._statistics import (
    MARGIN,
    Difference,
    Finding,
    findings,
    paired_difference,
    seeds_needed,
)


class Row(NamedTuple):
    """One arm on one task (or group of labels), over all seeds."""

    task: str
    metric: str
    arm: str
    mean: float
    difference: Difference | None
    """To single-task training; None for the single-task arm itself, and where there is no score."""
    finding: Finding | None


def judge(runs: Sequence[Run], *, margin: float = MARGIN, steps: Mapping[str, float] | None = None) -> list[Row]:
    """Compare each arm with `single`, seed by seed, task by task.

    Args:
        runs: of all arms.
        margin: a loss this large is harm, which has to be ruled out.
        steps: what one test image changes of each score (`coarse`): where that is much, scores may agree by chance.

    Raises:
        ValueError: if an arm lacks a seed that another has.

    """
    arms = list(dict.fromkeys(run.arm for run in runs))
    by_arm = {arm: sorted((run for run in runs if run.arm == arm), key=lambda run: run.seed) for arm in arms}
    seeds = {arm: [run.seed for run in group] for arm, group in by_arm.items()}
    if "single" not in seeds or any(found != seeds["single"] for found in seeds.values()):
        raise ValueError(f"`runs` should hold every arm, `single` too, on the same seeds. Found {seeds}.")
    rows = []
    tasks = [(score.task, score.metric) for score in by_arm["single"][0].scores]
    values = {
        (arm, task): [next(s.value for s in run.scores if s.task == task) for run in group]
        for arm, group in by_arm.items()
        for task, _ in tasks
    }
    steps = steps or {}
    judged = [task for task, _ in tasks if all(math.isfinite(value) for arm in arms for value in values[arm, task])]
    for arm in arms:
        compared = {t: paired_difference(values[arm, t], values["single", t], step=steps.get(t, 0.0)) for t in judged}
        found = dict(zip(judged, findings(list(compared.values()), margin=margin), strict=True))
        for task, metric in tasks:
            mean = sum(values[arm, task]) / len(by_arm[arm])
            told = (None, None) if arm == "single" else (compared.get(task), found.get(task))
            rows.append(Row(task, metric, arm, mean, *told))
    return sorted(rows, key=lambda row: [task for task, _ in tasks].index(row.task))


def verdict(rows: Sequence[Row], arm: str, *, margin: float = MARGIN) -> str:
    """One paragraph on one arm: is there negative transfer, where does it help, what is open.

    Raises:
        ValueError: if no row compares the arm with `single`.

    """
    of: dict[Finding, list[Row]] = {}
    tasks = sum(row.arm == arm and row.finding is not None for row in rows)
    for row in rows:
        if row.arm == arm and row.finding is not None:
            of.setdefault(row.finding, []).append(row)
    if not of:
        compared = list(dict.fromkeys(row.arm for row in rows if row.finding))
        raise ValueError(f"`arm` should be one that is compared with `single`, of {compared}. Found {arm!r}.")

    without = [row.task for row in rows if row.arm == arm and row.finding is None]
    if "negative transfer" in of:
        parts = [f"negative transfer on {_names(of['negative transfer'])}."]
    elif "not enough data" in of:
        parts = ["not settled whether there is negative transfer."]
    else:
        every = "every task that is judged" if without else "every task"
        parts = [f"no negative transfer: a loss of {margin:g} is ruled out on {every}."]
    if "helps" in of:
        parts.append(f"Helps {_names(of['helps'])}.")
    if "harm ruled out" in of:
        parts.append(f"Harm ruled out on {_names(of['harm ruled out'])}.")
    if open_ := of.get("not enough data"):
        parts.append(_more_seeds(open_, tasks=tasks, margin=margin))
    if without:
        parts.append(f"Not judged on {', '.join(without)}: no score, as no test image has what it counts.")
    return f"{arm}: {' '.join(parts)}"


def _names(rows: Sequence[Row]) -> str:
    return ", ".join(f"{row.task} ({row.difference.mean:+.3f})" for row in rows if row.difference)


def _more_seeds(rows: Sequence[Row], *, tasks: int, margin: float) -> str:
    """What is open, and how many more seeds would settle it, were mean and spread to stay; the fewest first."""
    by_number: dict[int | None, list[Row]] = {}
    for row in rows:
        if row.difference:
            needed = seeds_needed(row.difference, tasks=tasks, margin=margin)
            more = None if needed is None else max(needed - len(row.difference.values), 1)
            by_number.setdefault(more, []).append(row)
    parts: list[str] = []
    for more in sorted(by_number, key=lambda number: math.inf if number is None else number):
        advice = "so noisy that 200 seeds would not settle it"
        if more is not None:
            advice = f"{more} more" if parts else f"run {more} more seed{'s' if more > 1 else ''}"
        parts.append(f"on {_names(by_number[more])}: {advice}")
    return f"Not enough data {'; '.join(parts)}."
