"""Arms: the ways of training that a comparison sets side by side."""

from collections.abc import Callable, Sequence
from functools import partial

from conjoin.coupling import Coupling
from conjoin.objective import Objective, kollias2024
from conjoin.relations import Relation
from conjoin.tasks import Task

Build = Callable[[Sequence[Task], Sequence[Relation]], list[Objective]]
"""Makes the objectives of an arm: one for each network that it trains."""


def _single(tasks: Sequence[Task], _: Sequence[Relation]) -> list[Objective]:
    return [Objective([task]) for task in tasks]


def _joint(tasks: Sequence[Task], _: Sequence[Relation]) -> list[Objective]:
    return [Objective(tasks)]


def _coupled(tasks: Sequence[Task], relations: Sequence[Relation]) -> list[Objective]:
    by_source: dict[str, list[Relation]] = {}
    for relation in relations:
        by_source.setdefault(relation.source.name, []).append(relation)
    return [Objective(tasks, [Coupling(*group) for group in by_source.values()])]


def _kollias(tasks: Sequence[Task], relations: Sequence[Relation], *, reverse: bool) -> list[Objective]:
    return [kollias2024(tasks, relations, reverse=reverse)]


ARMS: dict[str, Build] = {
    "single": _single,
    "joint": _joint,
    "kollias2024": partial(_kollias, reverse=False),
    "kollias2024-reversed": partial(_kollias, reverse=True),
    "coupled": _coupled,
}
"""By name: a network for each task; one network without coupling; the method of Kollias et al. 2024
as recalled (formulas not confirmed), in both directions of its cross-entropy; ours."""
