"""Distribution matching: the predicted and the implied distribution of a target, pulled together."""

from jaxtyping import Float
from torch import Tensor


def cross_entropy(
    soft: Float[Tensor, "*batch outcomes"], log_p: Float[Tensor, "*batch outcomes"]
) -> Float[Tensor, "*batch"]:
    """Cross-entropy of each variable, -sum_k soft_k log p_k, in nats; 0 where `soft` is all zero."""
    return -(soft * log_p).sum(-1)


def fitted(
    log_p: Float[Tensor, "batch variables outcomes"],
    log_row: Float[Tensor, "batch variables outcomes"],
    log_mean: Float[Tensor, "batch variables outcomes"],
) -> Float[Tensor, "batch variables outcomes"]:
    """Predictions moved so that their mean over a class comes to what its row of the table says.

    In log-odds, logit p + logit row - logit mean: one step of iterative proportional fitting (Deming & Stephan
    1940). Predictions of that form are the nearest ones, by Kullback-Leibler divergence, whose means are
    prescribed (posterior regularization: Ganchev et al. 2010). All images of a class move alike, so that what
    varies within it stays; where the mean is the row already, nothing moves. No gradient.

    Args:
        log_p: log-probabilities that are predicted.
        log_row: log of what the table says of the image's class, or of its classes mixed.
        log_mean: log of the mean prediction over the images of that class, mixed alike.

    """
    return (log_p + log_row - log_mean).softmax(-1).detach()


def distribution_matching(
    log_implied: Float[Tensor, "batch variables outcomes"],
    log_row: Float[Tensor, "batch variables outcomes"],
    log_mean: Float[Tensor, "batch variables outcomes"],
    log_target: Float[Tensor, "batch variables outcomes"],
) -> tuple[Float[Tensor, "batch variables"], Float[Tensor, "batch variables"]]:
    """Half the cross-entropy in either direction, each with the other side as a fixed target.

    With q the implied and p the predicted distribution of a variable, and sg the stop-gradient::

        to_source = 1/2 H(sg p, q)        to_target = 1/2 H(sg r, p),  r = fitted(p, row, mean)

    Matching holds for the mean over the images of a class, not for each image: pulled to q itself, p would lose
    what varies within a class.

    Both outcomes of a label count: the one-sided form of the paper as recalled (-p log q, formula
    not confirmed; Kollias et al., AAAI 2024, arXiv 2401.01219) rewards p = 0 and q = 1 everywhere.

    Args:
        log_implied: what the relation table implies.
        log_row: row of the corrected table of the image's class, its classes mixed as predicted.
        log_mean: mean prediction over the images of that class, mixed alike.
        log_target: what is predicted.

    Returns:
        The loss that moves the source's logits and the one that moves the target's, for each
        image and variable, in nats.

    """
    to_source = 0.5 * cross_entropy(log_target.exp().detach(), log_implied)
    to_target = 0.5 * cross_entropy(fitted(log_target, log_row, log_mean), log_target)
    return to_source, to_target
