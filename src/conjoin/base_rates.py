"""Base rates: how often each outcome is annotated, counted as training goes."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from conjoin.distributed import all_sum
from conjoin.tasks import Annotation, Task

_PRIOR = 0.5


class BaseRates(nn.Module):
    """Counts of the annotated outcomes of a task, over all batches seen in training.

    Half a count is added to each outcome (Jeffreys' prior for a label), so that nothing is
    ever impossible.
    """

    counts: Float[Tensor, "variables outcomes"]
    images: Float[Tensor, ""]

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.register_buffer("counts", torch.full((task.variables, task.outcomes), _PRIOR))
        self.register_buffer("images", torch.zeros(()))

    @torch.no_grad()
    def update(self, annotation: Annotation) -> None:
        """Count the annotations of one batch."""
        self.counts.add_(all_sum(annotation.soft.sum(0).to(self.counts.dtype)))
        self.images.add_(all_sum(annotation.known.any(-1).sum().to(self.images.dtype)))

    def log_rates(self) -> Float[Tensor, "variables outcomes"]:
        """Log base rates."""
        return (self.counts / self.counts.sum(-1, keepdim=True)).log()

    def settled(self) -> Float[Tensor, ""]:
        """Share of what there is to know of the task that an annotated image tells on average, in (0, 1].

        The entropy of the base rates, each variable times the share of annotated images that annotate it, over that
        of all variables that were ever annotated; 1 where every annotated image is annotated throughout.
        """
        known = self.counts.sum(-1) - _PRIOR * self.counts.shape[-1]
        log_rates = self.log_rates()
        entropies = -(log_rates.exp() * log_rates).sum(-1)
        told = (known * entropies).sum() / self.images.clamp(min=1)
        return torch.where(known.sum() > 0, told / torch.where(known > 0, entropies, 0.0).sum().clamp(min=1e-12), 1.0)
