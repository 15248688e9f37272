"""Running counts of a target's outcomes by source class."""

import torch
from jaxtyping import Float, Int
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

    def shrunk(
        self, rows: Float[Tensor, "classes variables outcomes"], prior: Float[Tensor, "variables outcomes"]
    ) -> Float[Tensor, "classes variables outcomes"]:
        """Log of given rows, shrunk to the prior as much as the counted ones are.

        These are what the same number of counts would make if they were as `rows` have it. So the prior, which weighs
        much where little was counted, does not part what is counted from what it is held against.

        Args:
            rows: probabilities.
            prior: counts to begin with.

        """
        counted = self.total.sum(-1, keepdim=True)
        return ((prior + counted * rows) / (prior.sum(-1, keepdim=True) + counted)).log()


class AnnotatedRows(Rows):
    """Rows of annotated outcomes, in which few images that come back many times are to be counted once.

    Args:
        relation: between the two tasks.
        decay: what a step keeps of the counts before it; 0.98 remembers about fifty steps.

    """

    annotated: Float[Tensor, "variables"]
    """How many images there are to count for each variable; 0 while nobody has said so."""

    def __init__(self, relation: Relation, *, decay: float = 0.98) -> None:
        super().__init__(relation, decay=decay)
        self.register_buffer("annotated", torch.zeros(relation.target.variables))

    def expect(self, annotated: Int[Tensor, "variables"]) -> None:
        """Say how many images there are to count: those that annotate each variable of the target."""
        self.annotated.copy_(annotated)

    def repeats(self) -> Float[Tensor, "variables"]:
        """How often an image is remembered on average; 1 while nobody has said how many there are."""
        counted = self.total.sum((0, 2))
        return torch.where(self.annotated > 0, counted / self.annotated.clamp(min=1), 1.0)
