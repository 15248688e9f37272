"""The safety net: for each task the arm that validation images prefer."""

from collections.abc import Sequence

from conjoin.evaluation._arms import known_arms
from conjoin.evaluation._compare import Run
from conjoin.training import Look, kept

GUARDED = "guarded"
"""Name of the arm that is chosen, task by task, from `single` and `coupled`."""


def check_arms(names: Sequence[str]) -> None:
    """Check the arms of a comparison, of which `guarded` may be one.

    Raises:
        ValueError: if one is unknown, or `guarded` has nothing to choose from.

    """
    known_arms(names, GUARDED)
    if GUARDED in names and not {"single", "coupled"} <= set(names):
        raise ValueError(f"`arms` with {GUARDED!r} should hold `single` and `coupled`. Found {list(names)}.")


def check_comparison(arms: Sequence[str], seeds: Sequence[int]) -> None:
    """Check that there is something to compare, and something to tell it from chance by.

    Raises:
        ValueError: if `single` or a second seed is missing.

    """
    if "single" not in arms or len(seeds) < 2:
        raise ValueError(
            "`arms` of a comparison should hold `single`, with which the others are compared, and `seeds` two or "
            f"more. Found {list(arms)} and {list(seeds)}."
        )


def prefers_coupled(task: str, single: Sequence[Look], coupled: Sequence[Look]) -> bool:
    """Whether validation images prefer the coupled network for a task; of equals, and where they do not tell, alone.

    Args:
        task: its name.
        single: looks of the network for this task alone.
        coupled: looks of the coupled network.

    """
    if not single or not coupled:
        return False
    return kept(coupled).scores.get(task, -1.0) > kept(single).scores.get(task, -1.0)


def guarded(single: Run, coupled: Run) -> Run:
    """The run that takes, for each task, what validation images prefer of two runs on one seed.

    It costs what both cost.
    """
    alone = {name: looks for looks in single.looks for name in (looks[0].scores if looks else ())}
    together = coupled.looks[-1] if coupled.looks else []
    run = Run(GUARDED, single.seed, seconds=single.seconds + coupled.seconds, images=single.images + coupled.images)
    run.parameters = single.parameters + coupled.parameters
    for name in single.logits:
        chosen = coupled if prefers_coupled(name, alone.get(name, []), together) else single
        run.logits[name] = chosen.logits[name]
        if name in chosen.thresholds:
            run.thresholds[name] = chosen.thresholds[name]
        run.scores += [score for score in chosen.scores if score.task.split("/")[0] == name]
    return run
