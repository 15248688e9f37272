"""Small tasks, relations and batches that several tests share."""

from collections.abc import Callable

import torch
from torch import Tensor

from conjoin.coupling import BaseCoupling, Coupling, Kollias2024
from conjoin.relations import Relation
from conjoin.tasks import MultiClass, MultiLabel, Task

SHAPE = MultiClass("shape", ["round", "square", "flat"])
LABELS = MultiLabel("labels", ["red", "soft", "large", "heavy"])
MATERIAL = MultiClass("material", ["wood", "steel", "glass", "wool"])
TARGETS: dict[str, Task] = {"labels": LABELS, "material": MATERIAL}

COUPLINGS: dict[str, Callable[[Relation], BaseCoupling]] = {
    "coupling": lambda relation: trusted(Coupling(relation)),
    "kollias2024": Kollias2024,
    "kollias2024-reversed": lambda relation: Kollias2024(relation, reverse=True),
}


def relation(target: Task, seed: int = 0) -> Relation:
    generator = torch.Generator().manual_seed(seed)
    table = torch.rand(len(SHAPE.outputs), len(target.outputs), generator=generator) * 0.9 + 0.05
    if isinstance(target, MultiClass):
        table = table / table.sum(-1, keepdim=True)
    return Relation(SHAPE, target, table)


def trusted(coupling: Coupling, value: float = 0.8) -> Coupling:
    """Give every relation this much evidence."""
    for _, evidence in coupling.judged():
        evidence.target_nll[:] = torch.tensor([1.0, 1 - value, 0.0])[:, None]
        evidence.target_count[:] = 1e6
        evidence.source_sums[:] = torch.tensor([1.0, 0.0, 0.0])
        evidence.source_count.fill_(1e6)
    return coupling


def logits(target: Task, size: int = 12, seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        task.name: torch.randn(size, len(task.outputs), generator=generator).requires_grad_()
        for task in (SHAPE, target)
    }


def annotations(target: Task, size: int = 12, seed: int = 0) -> dict[str, Tensor]:
    """A third of the images annotated for the source, a third for the target, some for both or neither."""
    generator = torch.Generator().manual_seed(seed)
    shape = torch.randint(0, 3, (size,), generator=generator)
    shape[::2] = -1
    if isinstance(target, MultiClass):
        other = torch.randint(0, 4, (size,), generator=generator)
        other[1::3] = -1
    else:
        other = torch.randint(-1, 2, (size, 4), generator=generator)
        other[1::3] = -1
    return {SHAPE.name: shape, target.name: other}
