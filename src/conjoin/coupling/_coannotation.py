"""Soft co-annotation: an image annotated for one task receives a soft label for the other."""

import torch
from jaxtyping import Float
from torch import Tensor


def source_label(
    log_prior: Float[Tensor, "batch classes"], log_likelihood: Float[Tensor, "batch classes"]
) -> Float[Tensor, "batch classes"]:
    """Soft label of the source: posterior given the target annotations, without gradient.

    The prior is the network's own prediction, which makes this the E-step of expectation
    maximisation (Dempster, Laird & Rubin 1977, with the class as the hidden variable).

    Args:
        log_prior: log-probabilities of the classes.
        log_likelihood: `Relation.log_likelihood` of what is annotated, summed over relations.

    """
    return (log_prior + log_likelihood).softmax(-1).detach()


def target_label(
    source: Float[Tensor, "batch classes"],
    log_table: Float[Tensor, "classes variables outcomes"],
    log_target: Float[Tensor, "batch variables outcomes"],
    log_base: Float[Tensor, "variables outcomes"],
) -> Float[Tensor, "batch variables outcomes"]:
    """Soft label of the target: the class's row fused with the network's own prediction.

    In log-odds, logit p + logit T[y] - logit base: a product of experts with the base rate counted
    once, so that a row which equals the base rates changes nothing. No gradient.

    Args:
        source: distribution over classes that annotates the source; one-hot when it is certain.
        log_table: log P(outcome | class).
        log_target: log-probabilities predicted for the target.
        log_base: log base rates of the target's outcomes.

    """
    row = torch.einsum("bc,cvo->bvo", source, log_table.exp()).clamp(min=torch.finfo(source.dtype).tiny)
    return (log_target + row.log() - log_base).softmax(-1).detach()
