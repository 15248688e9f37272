"""Evidence: how far a relation may be trusted, measured in both directions, label by label."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from conjoin.coupling._matching import cross_entropy
from conjoin.coupling._view import View
from conjoin.distributed import all_sum
from conjoin.relations import Relation

FEWEST_IMAGES = 5
"""With four, a posterior that gains nothing passes two standard errors about one time in eleven; with one, always."""


class Evidence(nn.Module):
    """Running evidence for one relation, in [0, 1] for each variable of the target.

    The smaller of two ratios of negative log-likelihoods (NLL):

    * forward, for each variable: what the implied distribution gains over base rates on target
      annotations, as a share of what the target head itself gains;
    * backward: what the posterior, from target predictions alone, gains over base rates on
      source annotations, less two standard errors, as a share of the base rates' NLL. The
      posterior is mixed with the base rates, 19 parts with one, so that a perfect one comes to
      .96 of two even classes and to .98 of ten.

    A wrong table that the coupling has taught to the network predicts in one direction what it
    has itself brought about; it takes both to be believed. NLLs are summed with exponential
    forgetting, then divided, then clipped. Evidence is 0 where base rates are not beaten and
    until enough annotations were seen in either direction.

    The standard errors are there because few images have class annotations to measure on, ten or so, and what is
    gained on these by chance must not move the others. Told how many there are (`expect`), it counts each once, and
    fewer than five tell nothing; else as often as it comes. The share of the base rates is there because Bayes' rule
    takes labels for independent and is too sure where they are not: a single image could cost more than all others
    gain.

    Args:
        relation: the relation to judge.
        decay: what a step keeps of the sums before it; 0.98 remembers about
            fifty steps. A step without annotations is not counted.
        fewest: annotated images, remembered in either direction, below which evidence is 0.

    """

    target_nll: Float[Tensor, "3 variables"]
    target_count: Float[Tensor, "variables"]
    source_sums: Float[Tensor, "3"]
    """NLL of the base rates and of the posterior, and the squared difference."""
    source_count: Float[Tensor, ""]
    source_images: Float[Tensor, ""]
    """How many images there are to measure backward evidence on; 0 while nobody has said so."""

    def __init__(self, relation: Relation, *, decay: float = 0.98, fewest: int = 16) -> None:
        super().__init__()
        self.decay, self.fewest = decay, fewest
        variables = relation.target.variables
        self.register_buffer("target_nll", torch.zeros(3, variables))
        self.register_buffer("target_count", torch.zeros(variables))
        self.register_buffer("source_sums", torch.zeros(3))
        self.register_buffer("source_count", torch.zeros(()))
        self.register_buffer("source_images", torch.zeros(()))

    def expect(self, images: Int[Tensor, ""]) -> None:
        """Say how many images there are on which backward evidence is measured."""
        self.source_images.copy_(images)

    @torch.no_grad()
    def update(
        self,
        relation: Relation,
        source: View,
        target: View,
        measured: Float[Tensor, "batch"],
        step: Float[Tensor, ""],
    ) -> None:
        """Add what one batch shows.

        Args:
            relation: the relation to judge.
            source: predictions and annotations of the source task.
            target: predictions and annotations of the target task.
            measured: 1 for images on which evidence is measured, else 0.
            step: which part of an optimizer step this batch is: that much is forgotten.

        """
        on_target = measured[:, None] * target.known
        rivals = (target.log_base.expand_as(target.log_p), relation.implied(source.log_p[:, 0]), target.log_p)
        nll = torch.stack([(cross_entropy(target.soft, rival) * on_target).sum(0) for rival in rivals])

        on_source = measured * source.known[:, 0]
        prior = source.log_base.expand_as(source.log_p)[:, 0]
        posterior = _doubted(relation.posterior(prior, target.log_p.exp()), prior)
        before, after = (cross_entropy(source.soft[:, 0], rival) * on_source for rival in (prior, posterior))
        back = torch.stack([part.sum() for part in (before, after, (before - after).square())])
        for sums, counted, added, seen in (
            (self.target_nll, self.target_count, all_sum(nll), all_sum(on_target.sum(0))),
            (self.source_sums, self.source_count, all_sum(back), all_sum(on_source.sum())),
        ):
            finite = added.isfinite().all(0)  # what overflowed tells nothing, and would stay in the sums
            told = torch.where(finite, seen, 0.0)
            kept = torch.where(told > 0, self.decay**step, 1.0)  # annotations may be rare
            sums.mul_(kept).add_(torch.where(finite, added, 0.0))
            counted.mul_(kept).add_(told)

    def directions(self) -> tuple[Float[Tensor, "variables"], Float[Tensor, ""]]:
        """Forward evidence of each variable, and backward evidence."""
        base, implied, head = self.target_nll
        forward = _gain(base - implied, base - head) * (self.target_count >= self.fewest)
        return forward, self._backward()

    def _backward(self) -> Float[Tensor, ""]:
        (before, after, squares), count = self.source_sums, self.source_count.clamp(min=1)
        variance = (squares / count - ((before - after) / count).square()).clamp(min=0)
        told = self.source_images > 0
        images = torch.where(told, torch.minimum(count, self.source_images), count)
        error = (variance / images).sqrt()
        enough = (self.source_count >= self.fewest) & (~told | (self.source_images >= FEWEST_IMAGES))
        return _gain(before - after - 2 * error * count, before) * enough

    def certainty(self) -> Float[Tensor, ""]:
        """How far the target settles the class: backward evidence to the eighth power.

        Of .95 two thirds are left, of .5 less than a hundredth.
        """
        return self._backward().pow(8)

    def forward(self) -> Float[Tensor, "variables"]:
        """Evidence of each variable."""
        return torch.minimum(*self.directions())


def _doubted(log_p: Tensor, log_base: Tensor) -> Tensor:
    """Log-probabilities of a mixture, of which one part in twenty are base rates."""
    return torch.logaddexp(log_p + math.log(0.95), log_base + math.log(0.05))


def _gain(gain: Tensor, possible: Tensor) -> Tensor:
    """Ratio clipped to [0, 1]; 0 where nothing could be gained, and where rounding may be all that was."""
    share = torch.where(possible > 0, gain / possible.clamp(min=1e-12), 0.0).clamp(0, 1)
    return torch.where(share > 1e-4, share, 0.0)
