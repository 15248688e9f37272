"""A relation table as the annotations of its target correct it."""

import torch
from jaxtyping import Float
from torch import Tensor

from conjoin.coupling._rows import Rows
from conjoin.coupling._view import View
from conjoin.relations import Relation


class CorrectedTable(Rows):
    """Rows of a table that is right in the main and wrong in places, as images annotated for the target tell them.

    With p(c) the class of an image, annotated or predicted, its annotation of a label has the likelihood
    sum_c p(c) R[c]. R is where that of all images, with the stated rows as a Dirichlet prior, is largest: one step of
    expectation maximisation (Dempster, Laird & Rubin 1977) a batch, with forgetting. For given p the logarithm of the
    likelihood is concave in R, and confusions of classes are accounted for as far as p says how sure it is.

    It is what the target is taught. Evidence and the posterior of the source keep to the stated table, so that a wrong
    one is not talked round by the network that it taught.

    Few images come back many times within what is remembered. Told how many there are (`expect`), the table counts each
    of them once; else as often as it comes.

    Args:
        relation: between the two tasks.
        images: how many images of each class the stated row is worth.
        decay: what a step keeps of the counts before it; 0.98 remembers about fifty steps.

    """

    annotated: Float[Tensor, "variables"]
    """How many images annotate each variable; 0 while nobody has said so."""

    def __init__(self, relation: Relation, *, images: float = 16.0, decay: float = 0.98) -> None:
        super().__init__(relation, decay=decay)
        self.images = images
        self.register_buffer("annotated", torch.zeros(relation.target.variables))

    def expect(self, annotated: Float[Tensor, "variables"]) -> None:
        """Say how many images there are that annotate each variable of the target."""
        self.annotated.copy_(annotated)

    def rows(self, relation: Relation) -> Float[Tensor, "classes variables outcomes"]:
        """Log of the corrected rows; those of the table where nothing was seen."""
        counted = self.total.sum((0, 2))
        repeats = torch.where(self.annotated > 0, counted / self.annotated.clamp(min=1), 1.0).clamp(min=1)
        log_rows: Tensor = self(self.images * repeats[:, None] * relation.log_table.exp())
        return log_rows

    @torch.no_grad()
    def update(self, relation: Relation, source: View, target: View, step: Float[Tensor, ""]) -> None:
        """Add the target annotations of one batch, shared out to the classes that they may come from.

        Args:
            relation: the stated table.
            source: predictions and annotations of the source task.
            target: annotations of the target task.
            step: as of `Rows.add`.

        """
        rows, share = self.rows(relation).exp(), source.best()[:, 0].exp()
        implied = torch.einsum("bc,cvo->bvo", share, rows)
        self.add(rows * torch.einsum("bc,bvo->cvo", share, target.soft / implied), step)
