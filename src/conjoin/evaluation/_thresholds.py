"""From which probability on a label counts as present."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torchmetrics.functional.classification import binary_precision_recall_curve

FEWEST = 10
"""Validation images with a label, and as many without, from which on its threshold is tuned."""


def tune_thresholds(
    logits: Float[Tensor, "images labels"], target: Int[Tensor, "images labels"]
) -> Float[Tensor, "labels"]:
    """Threshold of each label at which F1 is best on these images.

    It lies halfway to the next lower probability. 0.5 for a label with fewer than 10 images that
    have it or that do not.

    Args:
        logits: predictions on validation images.
        target: 1 present, 0 absent, -1 not annotated.

    """
    thresholds = torch.full((logits.shape[1],), 0.5)
    for label, (z, truth) in enumerate(zip(logits.T, target.T, strict=True)):
        known = truth >= 0
        p, truth = z[known].sigmoid(), truth[known]  # noqa: PLW2901
        if min(int(truth.sum()), int((1 - truth).sum())) >= FEWEST:
            thresholds[label] = _best(p, truth)
    return thresholds


def _best(p: Tensor, truth: Tensor) -> Tensor:
    precision, recall, candidates = binary_precision_recall_curve(p, truth)
    f1 = (2 * precision * recall / (precision + recall)).nan_to_num()[: len(candidates)]
    best = candidates[f1.argmax()]
    lower = p[p < best]
    return (best + lower.max()) / 2 if len(lower) else best
