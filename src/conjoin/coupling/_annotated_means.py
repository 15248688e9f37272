"""Mean annotation of a target within each predicted class, and what its row of the table still asks of it."""

import torch
from jaxtyping import Float
from torch import Tensor

from conjoin.coupling._rows import AnnotatedRows
from conjoin.coupling._view import View
from conjoin.relations import Relation


class AnnotatedMeans(AnnotatedRows):
    """Running mean of the annotated target over the images that are predicted as each source class.

    A row of the table says what this mean is where the predictions are right. It says so with an error: of the row,
    which was counted from so many images (`Relation.count`), and of the mean, which is of some images too. A mean from
    which the row is within two standard deviations (score interval: Wilson 1927) is no reason to move an image to
    another class.

    One image at the base rates is the prior, so that a class that was not predicted yet has those; it is added to the
    row as well, so that the prior alone does not part them. Other arguments as of `AnnotatedRows`.

    Args:
        deviations: standard deviations by which a mean may differ from its row.

    """

    def __init__(self, relation: Relation, *, decay: float = 0.98, deviations: float = 2.0) -> None:
        super().__init__(relation, decay=decay)
        self.deviations = deviations

    def told(
        self,
        relation: Relation,
        base: Float[Tensor, "variables outcomes"],
        evidence: Float[Tensor, "variables"],
        certainty: Float[Tensor, ""],
    ) -> Float[Tensor, "classes variables outcomes"]:
        """Log-likelihood ratios of the outcomes: what an annotation says for and against each class.

        The log of the row, Bayes' rule, tempered by the evidence, where the target settles the class. Where it does
        not, Bayes' rule would take an image for the class in which what it shows of the target is most frequent,
        whatever else it shows; there the log of (nearest mean that the error allows / mean), which is 0 once the means
        agree with the table. It ends there however strong it is, so that the fourth root of the evidence is enough
        to temper it.

        Args:
            relation: the stated table.
            base: base rates of the target.
            evidence: of each variable.
            certainty: how far the target settles the class (`Evidence.certainty`).

        """
        log_means: Tensor = self(base)
        nearest = self._nearest(log_means.exp(), self.shrunk(relation.log_table.exp(), base).exp(), relation.count)
        needed = (nearest / nearest.sum(-1, keepdim=True)).log() - log_means
        bayes, ratio = certainty * evidence, (1 - certainty) * evidence.pow(0.25)
        return bayes[:, None] * relation.log_table + ratio[:, None] * needed

    def _nearest(
        self,
        mean: Float[Tensor, "classes variables outcomes"],
        row: Float[Tensor, "classes variables outcomes"],
        count: Float[Tensor, "classes variables"],
    ) -> Float[Tensor, "classes variables outcomes"]:
        """What is nearest to the mean in the score interval about the row."""
        # images that annotate the target, and not what is remembered of them: that noise averages out over training
        seen = 1 + self.total.sum(-1) / self.repeats().clamp(min=1e-12)
        doubt = self.deviations**2 * (1 / count + 1 / seen)[..., None]
        centre, half = row + doubt / 2, (doubt * (row * (1 - row) + doubt / 4)).sqrt()
        return torch.minimum(torch.maximum(mean, (centre - half) / (1 + doubt)), (centre + half) / (1 + doubt))

    @torch.no_grad()
    def update(self, source: View, target: View, step: Float[Tensor, ""]) -> None:
        """Add the annotations of one batch, on images whose class is not annotated.

        Args:
            source: predictions and annotations of the source task.
            target: annotations of the target task.
            step: as of `Rows.add`.

        """
        share = torch.where(source.known, 0.0, source.log_p[:, 0].exp())
        self.add(torch.einsum("bc,bvo->cvo", share, target.soft), step)
