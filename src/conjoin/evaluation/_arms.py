"""Arms: the ways of training that a comparison sets side by side."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from conjoin.names import nearest
from conjoin.objective import Objective
from conjoin.presets import coupled, kollias2024
from conjoin.relations import Relation
from conjoin.tasks import Task

Build = Callable[[Sequence[Task], Sequence[Relation], Mapping[str, float]], list[Objective]]
"""Makes the objectives of an arm, one for each network that it trains, of tasks, relations and logit adjustments."""


class Arm(NamedTuple):
    """One way of training."""

    build: Build
    everything: bool = False
    """Whether it is shown annotations that are hidden from the others."""
    related: bool = False
    """Whether it reads relation tables."""


def _single(tasks: Sequence[Task], _: Sequence[Relation], adjustments: Mapping[str, float]) -> list[Objective]:
    return [Objective([t], adjustments={t.name: adjustments.get(t.name, 0.0)}) for t in tasks]


def _joint(tasks: Sequence[Task], _: Sequence[Relation], adjustments: Mapping[str, float]) -> list[Objective]:
    return [Objective(tasks, adjustments=adjustments)]


def _coupled(tasks: Sequence[Task], relations: Sequence[Relation], adjustments: Mapping[str, float]) -> list[Objective]:
    return [coupled(tasks, relations, adjustments=adjustments)]


def _kollias(
    tasks: Sequence[Task], relations: Sequence[Relation], adjustments: Mapping[str, float], *, reverse: bool
) -> list[Objective]:
    return [kollias2024(tasks, relations, reverse=reverse, adjustments=adjustments)]


ARMS: dict[str, Arm] = {
    "single": Arm(_single),
    "joint": Arm(_joint),
    "kollias2024": Arm(partial(_kollias, reverse=False), related=True),
    "kollias2024-reversed": Arm(partial(_kollias, reverse=True), related=True),
    "coupled": Arm(_coupled, related=True),
    "full": Arm(_joint, everything=True),
}
"""By name: a network for each task; one network without coupling; the method of Kollias et al. 2024
as recalled (formulas not confirmed), in both directions of its cross-entropy; ours; one network without
coupling that is shown every annotation, also those that a regime hides: what there is to gain."""


def known_arms(names: Sequence[str], *others: str) -> None:
    """Check names of arms, which may be `others` too.

    Raises:
        ValueError: if one is unknown.

    """
    known = [*ARMS, *others]
    for name in names:
        if name not in known:
            raise ValueError(f"`arms` should be among {', '.join(known)}. Found {name!r}. {nearest(name, known)}")
