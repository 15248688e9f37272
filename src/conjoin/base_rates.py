"""Base rates: how often each outcome is annotated, counted as training goes."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from conjoin.distributed import all_sum
from conjoin.tasks import Annotation, Task

_PRIOR, _LEAST = 0.5, 0.01


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

    def entropy(self) -> Float[Tensor, ""]:
        """Entropy of the base rates, summed over variables, in nats; never below 0.01.

        The expected loss on all variables of a network that knows nothing but the base rates: the
        unit of couplings, which act on variables that are not annotated.
        """
        return self._entropies().sum().clamp(min=_LEAST)

    def unit(self) -> Float[Tensor, ""]:
        """Negative log-likelihood of the base rates, in nats for an annotated image; never below 0.01.

        As `entropy`, each variable times the share of annotated images that annotate it: the unit
        of a task's own loss.
        """
        known = self.counts.sum(-1) - _PRIOR * self.counts.shape[-1]
        share = torch.where(self.images > 0, known / self.images.clamp(min=1), 1.0)
        return (share * self._entropies()).sum().clamp(min=_LEAST)

    def _entropies(self) -> Float[Tensor, "variables"]:
        log_rates = self.log_rates()
        return -(log_rates.exp() * log_rates).sum(-1)
