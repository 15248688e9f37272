"""Sums over all ranks of a distributed run."""

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
