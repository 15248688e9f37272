"""Mean prediction of a target within each source class: what a relation table is held against."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from conjoin.coupling._view import View
from conjoin.distributed import all_sum
from conjoin.relations import Relation


class ClassMeans(nn.Module):
    """Running mean of the predicted target over the images of each source class.

    Images count by their class annotation where they have one, else by the predicted class, and only where the target
    is not annotated: predictions of annotated elements are soon learnt by heart. Sums forget exponentially. One image
    at the base rates is added to each class, so that a class that was not seen has those.

    Args:
        relation: between the two tasks.
        decay: what a step keeps of the sums before it; 0.9 remembers about ten steps. Predictions change as
            training goes.

    """

    total: Float[Tensor, "classes variables outcomes"]

    def __init__(self, relation: Relation, *, decay: float = 0.9) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("total", torch.zeros_like(relation.log_table))

    @torch.no_grad()
    def update(self, source: View, target: View, step: Float[Tensor, ""]) -> None:
        """Add the predictions of one batch.

        Args:
            source: predictions and annotations of the source task.
            target: predictions and annotations of the target task.
            step: which part of an optimizer step this batch is: that much is forgotten.

        """
        share = source.best()[:, 0].exp()
        seen = torch.where(target.known[..., None], 0.0, target.log_p.exp())
        total = self.decay**step * self.total + all_sum(torch.einsum("bc,bvo->cvo", share, seen))
        self.total.copy_(torch.where(total.isfinite(), total, self.total))  # what overflowed would stay

    def forward(self, log_base: Float[Tensor, "variables outcomes"]) -> Float[Tensor, "classes variables outcomes"]:
        """Log of the mean prediction of each class.

        Args:
            log_base: log base rates of the target's outcomes.

        """
        total = self.total + log_base.exp()
        return (total / total.sum(-1, keepdim=True)).log()
