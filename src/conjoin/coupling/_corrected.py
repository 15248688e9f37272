"""A relation table as the annotations of its target correct it."""

import torch
from jaxtyping import Float
from torch import Tensor

from conjoin.coupling._rows import AnnotatedRows
from conjoin.coupling._view import View
from conjoin.relations import Relation


class CorrectedTable(AnnotatedRows):
    """Rows of a table that is right in the main and wrong in places, as images annotated for the target tell them.

    With p(c) the class of an image, annotated or predicted, its annotation of a label has the likelihood
    sum_c p(c) R[c]. R is where that of all images is largest, with the stated rows as a Dirichlet prior of as many
    images as they were counted from (`Relation.count`): one step of expectation maximisation (Dempster, Laird & Rubin
    1977) a batch, with forgetting. For given p the logarithm of the likelihood is concave in R, and confusions of
    classes are accounted for as far as p says how sure it is.

    It is what the target is taught. Evidence and the posterior of the source keep to the stated table, so that a wrong
    one is not talked round by the network that it taught.

    Few images come back many times within what is remembered. Told how many there are (`expect`), the table counts each
    of them once; else as often as it comes. Arguments as of `AnnotatedRows`.
    """

    def rows(self, relation: Relation) -> Float[Tensor, "classes variables outcomes"]:
        """Log of the corrected rows; those of the table where nothing was seen."""
        worth = relation.count * self.repeats().clamp(min=1)
        log_rows: Tensor = self(worth[..., None] * relation.log_table.exp())
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
