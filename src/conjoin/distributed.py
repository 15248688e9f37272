"""What the ranks of a distributed run tell each other."""

from collections.abc import Iterable
from typing import Any

import torch.distributed as dist
from torch import Tensor


def ranks() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def all_sum(tensor: Tensor) -> Tensor:
    """Sum of a tensor over all ranks; the tensor itself in a single process."""
    if ranks() > 1:
        tensor = tensor.clone()
        dist.all_reduce(tensor)
    return tensor


def copy_from_first(tensors: Iterable[Tensor]) -> None:
    """Overwrite tensors by those of the first rank."""
    if ranks() > 1:
        for tensor in tensors:
            dist.broadcast(tensor, 0)


def from_each(value: Any) -> list[Any]:
    """The values of all ranks, by rank; of whatever type can be pickled."""
    values = [value] * ranks()
    if ranks() > 1:
        dist.all_gather_object(values, value)
    return values
