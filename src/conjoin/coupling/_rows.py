"""Running counts of a target's outcomes by source class."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from conjoin.distributed import all_sum
from conjoin.relations import Relation


class Rows(nn.Module):
    """Outcomes of a target, counted for each source class, and the rows of probabilities that they make.

    Args:
        relation: between the two tasks.
        decay: what a step keeps of the counts before it.

    """

    total: Float[Tensor, "classes variables outcomes"]

    def __init__(self, relation: Relation, *, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("total", torch.zeros_like(relation.log_table))

    def add(self, counts: Float[Tensor, "classes variables outcomes"], step: Float[Tensor, ""]) -> None:
        """Forget and add what a batch shows, summed over ranks; what overflowed would stay, and is left out.

        Args:
            counts: outcomes in this batch.
            step: which part of an optimizer step this batch is: that much is forgotten.

        """
        total = self.decay**step * self.total + all_sum(counts)
        self.total.copy_(torch.where(total.isfinite(), total, self.total))

    def forward(
        self, prior: Float[Tensor, "*classes variables outcomes"]
    ) -> Float[Tensor, "classes variables outcomes"]:
        """Log of the rows.

        Args:
            prior: counts to begin with, of every class or the same for all.

        """
        total = self.total + prior
        return (total / total.sum(-1, keepdim=True)).log()
