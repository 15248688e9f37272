"""Intervals over test images: what another test set of the same kind might have shown."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

SAMPLES = 2000
"""Resampled test sets."""

Value = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""A metric of counts that were added up over images, for several sets at once."""


def clusters_of(groups: Sequence[str | None] | None, images: int) -> Int[NDArray[np.int64], "images"]:
    """Number of the cluster of each image: its group; an image without one is alone."""
    if groups is None:
        return np.arange(images)
    names = [f"image {place}" if name is None else f"group {name}" for place, name in enumerate(groups)]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def bootstrap_difference(
    arm: Sequence[Float[NDArray[np.float64], "images outputs kinds"]],
    single: Sequence[Float[NDArray[np.float64], "images outputs kinds"]],
    clusters: Int[NDArray[np.int64], "images"],
    value: Value,
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of the mean difference of two arms, over test images drawn anew by cluster.

    The networks stay as they are: it says what the choice of test images does, where
    `paired_difference` says what the choice of seeds does. Whole clusters are drawn with replacement
    (Field & Welsh 2007), the same ones for both arms and all seeds.

    Args:
        arm: counts of each test image, for every seed.
        single: the same of the arm it is compared with.
        clusters: number of each image's cluster.
        value: the metric.
        confidence: of the interval.
        seed: of the drawing.

    Returns:
        Lower and upper end.

    """
    size = int(clusters.max()) + 1
    weights = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), SAMPLES).astype(float)
    differences = np.mean(
        [
            value(_resampled(weights, one, clusters)) - value(_resampled(weights, other, clusters))
            for one, other in zip(arm, single, strict=True)
        ],
        axis=0,
    )
    tail = (1 - confidence) / 2
    lower, upper = np.nanquantile(differences, [tail, 1 - tail])
    return float(lower), float(upper)


def _resampled(
    weights: NDArray[np.float64], counts: NDArray[np.float64], clusters: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Counts of each resampled test set."""
    flat = counts.reshape(len(counts), -1)
    by_cluster = np.zeros((weights.shape[1], flat.shape[1]))
    np.add.at(by_cluster, clusters, flat)
    return np.asarray((weights @ by_cluster).reshape(len(weights), *counts.shape[1:]))
