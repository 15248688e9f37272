"""Statistics of a comparison: paired differences, their intervals, and harm. Nowhere else."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

CONFIDENCE = 0.95
MARGIN = 0.01

Finding = Literal["helps", "harm ruled out", "negative transfer", "not enough data"]


class Difference(NamedTuple):
    """Paired difference of two arms, with its Student t interval over seeds."""

    mean: float
    lower: float
    upper: float
    values: tuple[float, ...]
    error: float
    """Standard error of the mean."""


def paired_difference(arm: ArrayLike, single: ArrayLike, *, step: float = 0.0) -> Difference:
    """Mean of `arm - single`, seed by seed, with a two-sided 95 % t interval.

    Args:
        arm: a score of each seed.
        single: the score that each is compared with.
        step: what one test image changes of a score (`coarseness`). Few seeds may agree because that is coarse: a
            variance below what rounding to it hides, step^2 / 12 (Sheppard 1898), is not believed.

    Raises:
        ValueError: if the two have different lengths or fewer than two seeds.

    """
    sizes = np.size(arm), np.size(single)
    if sizes[0] != sizes[1] or sizes[0] < 2:
        raise ValueError(
            f"`arm` and `single` should hold the same seeds, at least two. Found {sizes[0]} and {sizes[1]}."
        )
    values = np.subtract(arm, single)
    error = max(float(stats.sem(values)), step / math.sqrt(12 * len(values)))
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2, len(values) - 1)) * error
    mean = float(values.mean())
    return Difference(mean, mean - half, mean + half, tuple(values.tolist()), error)


def recovered_gap(
    arm: ArrayLike, full: ArrayLike, single: ArrayLike, *, step: float = 0.0
) -> tuple[float, float, float] | None:
    """(arm - single) / (full - single), means over seeds, with its 95 % interval after Fieller (1954).

    The interval takes into account that both differences vary, and vary together. None where it has no ends: where
    the interval of full - single does not lie above 0. `step` as of `paired_difference`.

    Raises:
        ValueError: as of `paired_difference`.

    """
    gained, whole = (paired_difference(one, single, step=step) for one in (arm, full))
    if whole.lower <= 0:
        return None
    seeds = len(whole.values)
    square = stats.t.ppf(0.5 + CONFIDENCE / 2, seeds - 1) ** 2 / seeds
    covariance = np.cov(gained.values, whole.values)
    np.fill_diagonal(covariance, covariance.diagonal().clip(step**2 / 12))
    spread = square * covariance
    a = whole.mean**2 - spread[1, 1]
    b = gained.mean * whole.mean - spread[0, 1]
    c = gained.mean**2 - spread[0, 0]
    half = np.sqrt(max(b**2 - a * c, 0.0))
    return gained.mean / whole.mean, float((b - half) / a), float((b + half) / a)


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """P-values adjusted for their number (Holm 1979): reject those at or below alpha."""
    p = np.asarray(p_values, dtype=float)
    order = p.argsort(kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)).clip(max=1)
    return adjusted


def findings(differences: Sequence[Difference], *, margin: float = MARGIN) -> list[Finding]:
    """What one arm does to each task, family-wise over the tasks.

    One-sided paired t tests at half of 1 - 0.95, each of the three adjusted over tasks by Holm:

    * `helps`: above 0;
    * `harm ruled out`: above -margin (non-inferiority);
    * `negative transfer`: below 0, and not shown to be above -margin;
    * `not enough data`: none of these could be shown.

    """
    alpha = (1 - CONFIDENCE) / 2
    above_zero, above_margin, below_zero = (
        holm([_one_sided(d, null, side) for d in differences]) <= alpha
        for null, side in ((0.0, 1), (-margin, 1), (0.0, -1))
    )
    return [
        "helps" if helps else "harm ruled out" if safe else "negative transfer" if harms else "not enough data"
        for helps, safe, harms in zip(above_zero, above_margin, below_zero, strict=True)
    ]


def seeds_needed(difference: Difference, *, tasks: int = 1, margin: float = MARGIN, most: int = 200) -> int | None:
    """How many seeds would settle a difference, were its mean and spread to stay as they are.

    The smallest number up to `most` for which the interval is above -margin or below 0, if any. The
    interval is that of the first of Holm's steps over `tasks` tasks, the widest: with fewer seeds
    a task may be settled by luck of the others.
    """
    confidence = 1 - (1 - CONFIDENCE) / 2 / tasks
    spread = difference.error * math.sqrt(len(difference.values))
    room = max(difference.mean + margin, -difference.mean)
    for seeds in range(2, most + 1):
        if stats.t.ppf(confidence, seeds - 1) * spread / math.sqrt(seeds) <= room:
            return seeds
    return None


def _one_sided(difference: Difference, null: float, side: int) -> float:
    """P-value of the t test that the mean is above (side 1) or below (side -1) the null."""
    beyond = side * (difference.mean - null)
    if difference.error < 1e-12:  # every seed agrees
        return 0.0 if beyond > 0 else 1.0
    return float(stats.t.sf(beyond / difference.error, len(difference.values) - 1))
