"""Losses of the sources, weighted."""

from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torchjd.scalarization import UW, Random, Scalarizer

from conjoin.data import Batch
from conjoin.objective import Objective
from conjoin.training._balance import Balance

SCALARIZERS: dict[str, Callable[[int], Scalarizer]] = {"random": lambda _: Random(), "uncertainty": UW}
"""Of the number of sources: weights drawn anew in each step (Lin et al. 2022, "Reasonable effectiveness of random
weighting"), or learnt (Kendall, Gal & Cipolla 2018, for each source here)."""


class Scalarized(Balance):
    """One forward a batch; the loss of each source is what its images add to that of the batch.

    Args:
        scalarizer: TorchJD's, of as many values as there are sources; what it learns is trained with the network.
        sizes: images of each source in a batch, which holds one after another.

    """

    def __init__(self, scalarizer: Scalarizer, sizes: Sequence[int]) -> None:
        super().__init__()
        self.scalarizer, self.sizes = scalarizer, list(sizes)

    def loss(
        self,
        loss: Float[Tensor, ""],
        objective: Objective,
        logits: Mapping[str, Tensor],
        batch: Batch,
        sets_aside: bool,
    ) -> Float[Tensor, ""]:
        """Scalarized losses of the sources, by the base rates and evidence that the objective has just taken in."""
        del loss
        counts = objective.count(batch.annotations, set_aside=batch.set_aside if sets_aside else None)
        terms = objective.terms
        objective.eval()
        shares = []
        for rows in torch.arange(len(batch.images), device=batch.images.device).split(self.sizes):
            logits_there = {name: z[rows] for name, z in logits.items()}
            known = {name: a[rows] for name, a in batch.annotations.items()}
            aside = batch.set_aside[rows] if sets_aside else None
            shares.append(objective(logits_there, known, set_aside=aside, counts=counts))
        objective.train()
        objective.terms = terms  # of the whole batch
        scalarized: Tensor = self.scalarizer(torch.stack(shares))
        return scalarized
