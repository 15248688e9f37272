"""The losses of Kollias et al. as recalled; their formulas are NOT confirmed against the paper."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from conjoin.coupling._base import BaseCoupling, Term
from conjoin.coupling._matching import cross_entropy
from conjoin.coupling._view import View
from conjoin.relations import Relation
from conjoin.tasks import MultiLabel


class Kollias2024(BaseCoupling):
    """Distribution matching and soft co-annotation as recalled from the papers, NOT confirmed.

    With p_t the predicted label probabilities, q = p_s T the implied ones, a the annotated labels::

        L_DM  = mean_l  -p_t,l log q_l                                  on every image
        I(c)  = sum_l T_cl a_l / sum_l T_cl,  r = softmax(I)               sums over annotated labels
        L_SCA = -sum_c p_s,c log r_c                                    on images with labels

    No evidence, no stop-gradients, weights 1; the mean is over labels. A multi-class target uses
    the categorical cross-entropy, and its annotated class as the only label.
    Kollias, Sharmanska & Zafeiriou, AAAI 2024, arXiv 2401.01219, from memory; also
    arXiv 1910.11111 and 2105.03790. Which side of the cross-entropy is the logarithm is exactly
    what could not be checked, so both can be measured.

    Args:
        relations: relations that share their source, each with another target.
        reverse: swap the sides of both cross-entropies: -q log p_t and -r log p_s.

    """

    def __init__(self, *relations: Relation, reverse: bool = False) -> None:
        super().__init__(*relations)
        self.reverse = reverse

    def settings(self) -> dict[str, float]:
        """Which side is the logarithm."""
        return {"reverse": float(self.reverse)}

    def where(
        self,
        known: Mapping[str, Bool[Tensor, "batch _"]],
        act: Bool[Tensor, "batch"],  # noqa: ARG002
    ) -> dict[Term, Bool[Tensor, "batch _"]]:
        """Every element for matching; images with any label for co-annotation. `act` is not heeded."""
        masks = {}
        for relation in self.related():
            target = relation.target.name
            masks[Term("match", target, self.source.name)] = torch.ones_like(known[target])
            masks[Term("coannotate", self.source.name, target)] = known[target].any(-1, keepdim=True)
        return masks

    def losses(self, views: Mapping[str, View]) -> dict[Term, Float[Tensor, "batch _"]]:
        """L_DM and L_SCA of each relation."""
        log_source = views[self.source.name].log_p[:, 0]
        losses = {}
        for relation in self.related():
            view = views[relation.target.name]
            log_implied, log_target = relation.implied(log_source), view.log_p
            table, soft = relation.log_table.exp(), view.soft
            if isinstance(relation.target, MultiLabel):  # only the outcome "present" counts
                log_implied, log_target = log_implied[..., 1:], log_target[..., 1:]
                table, soft = table[..., 1:], soft[..., 1:]
            possible = torch.einsum("bv,cvo->bc", view.known.to(table.dtype), table)
            indicator = torch.einsum("bvo,cvo->bc", soft, table) / possible.clamp(min=1e-12)
            log_label = indicator.log_softmax(-1)
            sides = [(log_target, log_implied), (log_source[:, None], log_label[:, None])]
            match, label = (
                cross_entropy(second.exp(), first) if self.reverse else cross_entropy(first.exp(), second)
                for first, second in sides
            )
            losses[Term("match", relation.target.name, self.source.name)] = match / relation.target.variables
            losses[Term("coannotate", self.source.name, relation.target.name)] = label
        return losses
