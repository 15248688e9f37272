"""What has to be the same of an objective for a run to go on with it."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor

from conjoin.objective import Objective


def digest(objective: Objective) -> str:
    """Of what decides the loss and is not learnt: couplings, given tables, weights, adjustments, scale."""
    factors = [
        sorted((name, float(value)) for name, value in given.items())
        for given in (objective.weights, objective.adjustments)
    ]
    told = [repr([*factors, objective.scale])]
    for coupling in objective.coupled():
        told += [type(coupling).__name__, repr(sorted(coupling.settings().items()))]
        told += [relation.name for relation in coupling.related()]
    given = [relation for relation in objective.relations() if not relation.is_learnt]
    return _short("\n".join(told).encode(), *(part for r in given for part in (r.log_table, r.count)))


def annotations_digest(annotations: Mapping[str, Tensor], set_aside: Tensor | None) -> str:
    """Of all annotations that train, and of the images that are set aside."""
    parts = [annotations[name] for name in sorted(annotations)] + ([] if set_aside is None else [set_aside])
    return _short(repr(sorted(annotations)).encode(), *parts)


def _short(words: bytes, *tensors: Tensor) -> str:
    found = hashlib.sha256(words)
    for tensor in tensors:
        found.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return found.hexdigest()[:12]
