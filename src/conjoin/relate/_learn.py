"""Relation tables learnt without any row that is annotated for both tasks."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from conjoin.relate._count import estimate
from conjoin.relate._sums import Sums
from conjoin.relate._table import Kind, RelationTable

_LEAST = 1e-6
"""Probability that a class keeps, however sure a prediction is."""
_FLOOR = 0.01


def learn_relation(
    predicted: Float[np.ndarray, "rows classes"],
    told: Float[np.ndarray, "rows outputs"],
    classes: Sequence[str],
    outputs: Sequence[str],
    kind: Kind,
    *,
    annotated: Bool[np.ndarray, "rows"] | None = None,
    rounds: int = 30,
) -> RelationTable:
    """P(target | source) from target annotations and predictions of the source on the same images.

    A latent class model (Lazarsfeld & Henry 1968) whose class probabilities are known image by image: expectation
    maximisation (Dempster, Laird & Rubin 1977) over the table alone, begun from the most probable classes. The
    predictions stay as they are, so that what the table says cannot come back as what the network predicts.

    Intervals are those of `estimate`, as if the posterior classes were weights of rows, which makes them narrow where
    classes are open; and they leave out that the predictor may mistake a class throughout. Counts are NaN, since nobody
    counted images of a class.

    Args:
        predicted: probabilities of the source classes, by a network that was not trained on their annotation.
        told: annotations of the target: 1, 0 or a probability of each output; NaN = not annotated.
        classes: names of the source classes.
        outputs: names of the target's outputs.
        kind: "multi-label" or "multi-class".
        annotated: rows of which `predicted` is what is annotated, which stays whatever the table says; none by default.
        rounds: of expectation and maximisation.

    Raises:
        ValueError: if there are no rows, or shapes do not fit.

    """
    shapes = (predicted.shape, told.shape)
    if not len(told) or shapes != ((len(told), len(classes)), (len(told), len(outputs))):
        raise ValueError(
            f"`predicted` and `told` should have shapes (rows, {len(classes)}) and (rows, {len(outputs)}), with at "
            f"least one row. Found {shapes[0]} and {shapes[1]}."
        )
    known = ~np.isnan(told)
    present = np.where(known, told, 0.0)
    absent = known - present if kind == "multi-label" else np.zeros_like(present)
    log_prior = np.log(np.maximum(predicted, _LEAST))
    stays = np.zeros((len(told), 1), dtype=bool) if annotated is None else annotated[:, None]
    weights = np.where(stays, predicted, np.eye(len(classes))[predicted.argmax(1)])
    for _ in range(rounds):
        cells = _floored(estimate(_sums(weights, present, known, classes, outputs), kind, "").probability, kind)
        weights = log_prior + present @ np.log(cells).T + absent @ np.log(1 - cells).T
        weights = np.exp(weights - weights.max(1, keepdims=True))
        weights = np.where(stays, predicted, weights / weights.sum(1, keepdims=True))
    table = estimate(_sums(weights, present, known, classes, outputs), kind, "")
    return replace(table, count=np.full_like(table.count, np.nan), origin=f"learnt from {len(told):,} images")


def _floored(cells: Float[np.ndarray, "classes outputs"], kind: Kind) -> Float[np.ndarray, "classes outputs"]:
    """No cell certain, as in `Relation`: the floor of classes that exclude each other falls with their number."""
    if kind == "multi-label":
        return cells.clip(_FLOOR, 1 - _FLOOR)
    least = cells.clip(2 * _FLOOR / cells.shape[1])
    return np.asarray(least / least.sum(1, keepdims=True))


def _sums(
    weights: Float[np.ndarray, "rows classes"],
    present: Float[np.ndarray, "rows outputs"],
    known: np.ndarray,
    classes: Sequence[str],
    outputs: Sequence[str],
) -> Sums:
    seen = known.astype(float)
    squares = (weights**2).T @ seen  # parts as weights: rows count for more than they are, and are smoothed less
    return Sums(tuple(classes), tuple(outputs), weights.T @ present, weights.T @ seen, squares)
