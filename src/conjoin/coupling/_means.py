"""Mean prediction of a target within each source class: what a relation table is held against."""

import torch
from jaxtyping import Float
from torch import Tensor

from conjoin.coupling._rows import Rows
from conjoin.coupling._view import View
from conjoin.relations import Relation


class ClassMeans(Rows):
    """Running mean of the predicted target over the images of each source class.

    Images count by their class annotation where they have one, else by the predicted class, and only where the target
    is not annotated: predictions of annotated elements are soon learnt by heart. Sums forget exponentially. One image
    at the base rates is the prior, so that a class that was not seen has those; rows are held against the means with
    the same prior (`shrunk`).

    Args:
        relation: between the two tasks.
        decay: what a step keeps of the sums before it; 0.9 remembers about ten steps. Predictions change as
            training goes.

    """

    def __init__(self, relation: Relation, *, decay: float = 0.9) -> None:
        super().__init__(relation, decay=decay)

    @torch.no_grad()
    def update(self, source: View, target: View, step: Float[Tensor, ""]) -> None:
        """Add the predictions of one batch.

        Args:
            source: predictions and annotations of the source task.
            target: predictions and annotations of the target task.
            step: as of `Rows.add`.

        """
        share = source.best()[:, 0].exp()
        seen = torch.where(target.known[..., None], 0.0, target.log_p.exp())
        self.add(torch.einsum("bc,bvo->cvo", share, seen), step)
