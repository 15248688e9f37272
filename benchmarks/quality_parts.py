"""Coupling without one of its parts, or with what is usual in its place: what each part gives."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import torch
from jaxtyping import Bool, Float
from quality_peers import run_objective
from torch import Tensor, nn

from conjoin.coupling import AnnotatedMeans, CorrectedTable, Coupling, Evidence, Term, View, cross_entropy
from conjoin.data import AnnotatedImages, Problem
from conjoin.evaluation import Run, logit_adjustments
from conjoin.objective import Objective
from conjoin.relations import Relation, mixture
from conjoin.study import Recipe


class _Without(Coupling):
    """Some terms act on nothing."""

    def __init__(self, *relations: Relation, left_out: Callable[[Term, str], bool]) -> None:
        super().__init__(*relations)
        self.left_out = left_out

    def where(
        self, known: Mapping[str, Bool[Tensor, "batch _"]], act: Bool[Tensor, "batch"]
    ) -> dict[Term, Bool[Tensor, "batch _"]]:
        masks = super().where(known, act)
        return {term: mask for term, mask in masks.items() if not self.left_out(term, self.source.name)}


class _Believed(Evidence):
    """A table that is right and settles the class, whatever annotations say."""

    def forward(self) -> Float[Tensor, "variables"]:
        return torch.ones_like(self.target_count)

    def certainty(self) -> Float[Tensor, ""]:
        return torch.ones_like(self.source_count)


class _Stated(CorrectedTable):
    """The table as it was stated."""

    def rows(self, relation: Relation) -> Float[Tensor, "classes variables outcomes"]:
        return relation.log_table


class _Bayes(AnnotatedMeans):
    """Bayes' rule, also where labels do not settle the class."""

    def told(
        self,
        relation: Relation,
        base: Float[Tensor, "variables outcomes"],
        evidence: Float[Tensor, "variables"],
        certainty: Float[Tensor, ""],
    ) -> Float[Tensor, "classes variables outcomes"]:
        return super().told(relation, base, evidence, torch.ones_like(certainty))


def _replaced(part: str, by: Callable[[Relation], nn.Module]) -> Callable[..., Coupling]:
    def coupling(*relations: Relation) -> Coupling:
        made = Coupling(*relations)
        setattr(made, part, nn.ModuleList(by(relation) for relation in relations))
        return made

    return coupling


class _RowsAsLabels(Coupling):
    """The row of an image's class is its soft label, of every image of the class the same."""

    def losses(self, views: Mapping[str, View]) -> dict[Term, Float[Tensor, "batch _"]]:
        losses, classes = super().losses(views), views[self.source.name].best()[:, 0]
        for (relation, log_rows), (_, evidence) in zip(self.taught(), self.judged(), strict=True):
            view = views[relation.target.name]
            loss = 0.5 * evidence() * cross_entropy(mixture(classes, log_rows).exp(), view.log_p)
            losses[Term("coannotate", relation.target.name, self.source.name)] = loss
        return losses


PARTS: dict[str, Callable[..., Coupling]] = {
    "without matching": partial(_Without, left_out=lambda term, _: term.kind == "match"),
    "without soft classes": partial(_Without, left_out=lambda term, source: term == Term("coannotate", source)),
    "without soft labels": partial(_Without, left_out=lambda term, source: term.by == source and term.kind != "match"),
    "without evidence": _replaced("evidence", _Believed),
    "without correction": _replaced("corrected", _Stated),
    "with Bayes' rule": _replaced("annotated", _Bayes),
    "with rows as labels": _RowsAsLabels,
}
"""Arms, by name."""


def run_part(arm: str, problem: Problem[AnnotatedImages], recipe: Recipe, seed: int) -> Run:
    """Train one network with the coupling of this arm, all relations in it, and score it."""
    adjustments = logit_adjustments(problem.tasks, recipe)
    objective = Objective(problem.tasks, [PARTS[arm](*problem.relations)], adjustments=adjustments)
    found = run_objective(arm, objective, problem, recipe, seed)
    return replace(found, evidence={name: [e.tolist()] for name, e in objective.evidence().items()})
