"""Intervals over test images: what another test set of the same kind might have shown."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int, Shaped
from numpy.typing import NDArray

SAMPLES = 2000
"""Resampled test sets."""
AT_ONCE = 50
"""Those whose weights are in memory together: 8 bytes for each and each cluster."""

Value = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""A metric of counts that were added up over images, for several sets at once."""


def clusters_of(groups: Sequence[str | None] | None, images: int) -> Int[np.ndarray, "images"]:
    """Number of the cluster of each image: its group; an image without one is alone."""
    if groups is None:
        return np.arange(images)
    names = [f"image {place}" if name is None else f"group {name}" for place, name in enumerate(groups)]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def bootstrap_difference(
    arm: Sequence[Shaped[np.ndarray, "images outputs kinds"]],
    single: Sequence[Shaped[np.ndarray, "images outputs kinds"]],
    clusters: Int[np.ndarray, "images"],
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
    size, rng = int(clusters.max()) + 1, np.random.default_rng(seed)
    ours, theirs = ([_by_cluster(counts, clusters) for counts in one] for one in (arm, single))
    differences = []
    for _ in range(SAMPLES // AT_ONCE):
        weights = rng.multinomial(size, np.full(size, 1 / size), AT_ONCE).astype(float)
        pairs = zip(ours, theirs, strict=True)
        differences.append(np.mean([value(_added(weights, a)) - value(_added(weights, b)) for a, b in pairs], axis=0))
    tail = (1 - confidence) / 2
    lower, upper = np.nanquantile(np.concatenate(differences), [tail, 1 - tail])
    return float(lower), float(upper)


def _by_cluster(counts: NDArray[Any], clusters: NDArray[np.int64]) -> NDArray[np.float64]:
    """Counts of each cluster."""
    added = np.zeros((int(clusters.max()) + 1, *counts.shape[1:]))
    np.add.at(added, clusters, counts)
    return added


def _added(weights: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Counts of each resampled test set."""
    return np.asarray((weights @ counts.reshape(len(counts), -1)).reshape(len(weights), *counts.shape[1:]))
