"""Objectives of tasks and the relations between them, by the method that couples them."""

from collections.abc import Mapping, Sequence

from conjoin.coupling import Coupling, Kollias2024
from conjoin.objective import Objective
from conjoin.relations import Relation
from conjoin.tasks import Task


def coupled(
    tasks: Sequence[Task], relations: Sequence[Relation], *, adjustments: Mapping[str, float] | None = None
) -> Objective:
    """The objective of this project: relations that share a source share a `Coupling`.

    Args:
        tasks: tasks of the network.
        relations: relations between them.
        adjustments: as of `Objective`.

    """
    couplings = [Coupling(*group) for group in _by_source(relations)]
    return Objective(tasks, couplings, adjustments=adjustments)


def kollias2024(
    tasks: Sequence[Task],
    relations: Sequence[Relation],
    *,
    reverse: bool = False,
    adjustments: Mapping[str, float] | None = None,
) -> Objective:
    """Objective of Kollias et al. 2024 as recalled; its formulas are NOT confirmed.

    See `conjoin.coupling.Kollias2024`. All weights are 1 and losses of labels are means over labels.

    Args:
        tasks: tasks of the network.
        relations: relations between them.
        reverse: swap the sides of both cross-entropies.
        adjustments: as of `Objective`; not part of the method.

    """
    couplings = [Kollias2024(*group, reverse=reverse) for group in _by_source(relations)]
    return Objective(tasks, couplings, scale="mean", adjustments=adjustments)


def _by_source(relations: Sequence[Relation]) -> list[list[Relation]]:
    found: dict[str, list[Relation]] = {}
    for relation in relations:
        found.setdefault(relation.source.name, []).append(relation)
    return list(found.values())
