"""The default coupling: distribution matching and soft co-annotation, gated by evidence."""

import math
from collections.abc import Mapping
from typing import cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from conjoin.coupling._annotated_means import AnnotatedMeans
from conjoin.coupling._base import BaseCoupling, Term
from conjoin.coupling._coannotation import source_label, target_label
from conjoin.coupling._corrected import CorrectedTable
from conjoin.coupling._evidence import Evidence
from conjoin.coupling._matching import cross_entropy, distribution_matching
from conjoin.coupling._means import ClassMeans
from conjoin.coupling._view import View
from conjoin.relations import Relation, mixture


class Coupling(BaseCoupling):
    """Lets a source task and its targets teach each other as far as evidence allows.

    For each relation, with evidence e for each variable of the target (see `Evidence`):

    * ``match``: e times `distribution_matching`, on elements that are annotated for neither; the side that moves
      the source also times `Evidence.certainty`;
    * ``coannotate`` the target: e/2 times the cross-entropy to `target_label`, on images annotated
      for the source, elements not annotated; both hold the `CorrectedTable` against `ClassMeans`;
    * ``coannotate`` the source: the Kullback-Leibler divergence from `source_label`, on images
      annotated for a target and not for the source. What annotations tell of the classes (`AnnotatedMeans`) adds up
      over all relations, tempered by e variable by variable; the loss is not weighted by it too.

    After Kollias, Sharmanska & Zafeiriou, AAAI 2024, arXiv 2401.01219; what differs and why is in
    `docs/method.md`.

    Args:
        relations: relations that share their source, each with another target.
        matching: weight of distribution matching.
        coannotation: weight of soft co-annotation.

    Raises:
        ValueError: if a weight is below 0 or no number.

    """

    def __init__(self, *relations: Relation, matching: float = 1.0, coannotation: float = 1.0) -> None:
        super().__init__(*relations)
        for name, weight in {"matching": matching, "coannotation": coannotation}.items():
            if not 0 <= weight < math.inf:
                raise ValueError(f"`{name}` should be a number of at least 0. Found {weight}.")
        self.matching, self.coannotation = matching, coannotation
        self.evidence = nn.ModuleList(Evidence(relation) for relation in relations)
        self.means = nn.ModuleList(ClassMeans(relation) for relation in relations)
        self.corrected = nn.ModuleList(CorrectedTable(relation) for relation in relations)
        self.annotated = nn.ModuleList(AnnotatedMeans(relation) for relation in relations)

    def settings(self) -> dict[str, float]:
        """Both weights."""
        return {"matching": float(self.matching), "coannotation": float(self.coannotation)}

    def judged(self) -> list[tuple[Relation, Evidence]]:
        """Each relation with its evidence."""
        return list(zip(self.related(), cast("list[Evidence]", list(self.evidence)), strict=True))

    def _rows(self) -> list[tuple[ClassMeans, CorrectedTable, AnnotatedMeans]]:
        means, corrected = cast("list[ClassMeans]", self.means), cast("list[CorrectedTable]", self.corrected)
        return list(zip(means, corrected, cast("list[AnnotatedMeans]", self.annotated), strict=True))

    def taught(self) -> list[tuple[Relation, Float[Tensor, "classes variables outcomes"]]]:
        """Each relation with the log of the table that its target is taught: the stated one, corrected."""
        return [(r, rows.rows(r)) for r, (_, rows, _) in zip(self.related(), self._rows(), strict=True)]

    def expect(self, known: Mapping[str, Bool[Tensor, "images _"]], measured: Bool[Tensor, "images"]) -> None:
        """Tell what counts annotations how many images there are that it counts."""
        has_class = known[self.source.name]
        for (relation, evidence), (_, corrected, annotated) in zip(self.judged(), self._rows(), strict=True):
            has_target = known[relation.target.name]
            corrected.expect(_images(has_target))
            annotated.expect(_images(has_target & ~has_class))
            evidence.expect((has_class[:, 0] & measured).sum())

    def where(
        self, known: Mapping[str, Bool[Tensor, "batch _"]], act: Bool[Tensor, "batch"]
    ) -> dict[Term, Bool[Tensor, "batch _"]]:
        """Elements that are not annotated, on images the coupling may act on."""
        source, act = self.source.name, act[:, None]
        open_source = act & ~known[source]
        masks, taught = {}, torch.zeros_like(act)
        for relation in self.related():
            target = relation.target.name
            open_target = act & ~known[target]
            masks[Term("match", target, source)] = open_source & open_target
            masks[Term("match", source, target, of=target)] = open_source & open_target
            masks[Term("coannotate", target, source)] = open_target & known[source]
            taught = taught | known[target].any(-1, keepdim=True)
        return masks | {Term("coannotate", source): open_source & taught}

    def losses(self, views: Mapping[str, View]) -> dict[Term, Float[Tensor, "batch _"]]:
        """Matching in both directions and co-annotation in both directions."""
        name, source = self.source.name, views[self.source.name]
        log_source = source.log_p[:, 0]
        losses: dict[Term, Tensor] = {}
        log_likelihood = torch.zeros_like(log_source)
        for (relation, evidence), (means, corrected, annotated) in zip(self.judged(), self._rows(), strict=True):
            weight, certainty = evidence(), evidence.certainty()
            target, view = relation.target.name, views[relation.target.name]
            base = view.log_base.exp()
            log_rows, log_means = means.shrunk(corrected.rows(relation).exp(), base), means(base)
            log_row, log_mean = (mixture(log_source.detach(), rows) for rows in (log_rows, log_means))
            to_source, to_target = distribution_matching(relation.implied(log_source), log_row, log_mean, view.log_p)
            losses[Term("match", name, target, of=target)] = self.matching * weight * certainty * to_source
            losses[Term("match", target, name)] = self.matching * weight * to_target
            soft = target_label(source.best()[:, 0], log_rows, view.log_p, log_means)
            label_loss = 0.5 * cross_entropy(soft, view.log_p)  # as in matching: the class is known, that is all
            losses[Term("coannotate", target, name)] = self.coannotation * weight * label_loss
            told = annotated.told(relation, base, weight, certainty)
            log_likelihood = log_likelihood + torch.einsum("bvo,cvo->bc", view.soft, told)
        soft = source_label(log_source, log_likelihood)
        class_loss = F.kl_div(source.log_p, soft[:, None], reduction="none").sum(-1)
        any_told = (log_likelihood != 0).any(-1, keepdim=True)  # else nothing, to the bit: `soft` would be rounded
        return losses | {Term("coannotate", name): self.coannotation * torch.where(any_told, class_loss, 0.0)}

    def observe(self, views: Mapping[str, View], measured: Float[Tensor, "batch"], step: Float[Tensor, ""]) -> None:
        """Update the evidence of each relation, what is predicted of each class, and the corrected table."""
        source = views[self.source.name]
        for (relation, evidence), (means, corrected, annotated) in zip(self.judged(), self._rows(), strict=True):
            target = views[relation.target.name]
            evidence.update(relation, source, target, measured, step)
            means.update(source, target, step)
            corrected.update(relation, source, target, step)
            annotated.update(source, target, step)


def _images(known: Bool[Tensor, "images variables"]) -> Int[Tensor, "variables"]:
    """How many images annotate each variable, in parts: a sum of booleans copies them as 64-bit integers."""
    return torch.stack([part.sum(0) for part in known.split(65_536)]).sum(0)
