"""What a coupling sees of one task in a batch."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor


class View(NamedTuple):
    """Predictions and annotations of one task, in the layout of the losses."""

    log_p: Float[Tensor, "batch variables outcomes"]
    """Predicted log-probabilities."""
    soft: Float[Tensor, "batch variables outcomes"]
    """Annotations; 0 for all outcomes of a variable that is not annotated."""
    known: Bool[Tensor, "batch variables"]
    """Which variables are annotated."""
    log_base: Float[Tensor, "variables outcomes"]
    """Log base rates of the annotations seen so far."""

    def best(self) -> Float[Tensor, "batch variables outcomes"]:
        """Log-probabilities by annotation where there is one, else as predicted; without gradient."""
        return torch.where(self.known[..., None], self.soft.log(), self.log_p.detach())
