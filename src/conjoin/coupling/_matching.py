"""Distribution matching: the predicted and the implied distribution of a target, pulled together."""

from jaxtyping import Float
from torch import Tensor


def cross_entropy(
    soft: Float[Tensor, "*batch outcomes"], log_p: Float[Tensor, "*batch outcomes"]
) -> Float[Tensor, "*batch"]:
    """Cross-entropy of each variable, -sum_k soft_k log p_k, in nats; 0 where `soft` is all zero."""
    return -(soft * log_p).sum(-1)


def distribution_matching(
    log_implied: Float[Tensor, "batch variables outcomes"],
    log_target: Float[Tensor, "batch variables outcomes"],
) -> tuple[Float[Tensor, "batch variables"], Float[Tensor, "batch variables"]]:
    """Half the cross-entropy in either direction, each with the other side as a fixed target.

    With q the implied and p the predicted distribution of a variable and sg the stop-gradient::

        to_source = 1/2 H(sg p, q)        to_target = 1/2 H(sg q, p)

    Both outcomes of a label count: the one-sided form of the paper as recalled (-p log q, formula
    not confirmed; Kollias et al., AAAI 2024, arXiv 2401.01219) rewards p = 0 and q = 1 everywhere.

    Returns:
        The loss that moves the source's logits and the one that moves the target's, for each
        image and variable, in nats.

    """
    to_source = 0.5 * cross_entropy(log_target.exp().detach(), log_implied)
    to_target = 0.5 * cross_entropy(log_implied.exp().detach(), log_target)
    return to_source, to_target
