"""Soft co-annotation: an image annotated for one task receives a soft label for the other."""

from jaxtyping import Float
from torch import Tensor

from conjoin.coupling._matching import fitted
from conjoin.relations import mixture


def source_label(
    log_prior: Float[Tensor, "batch classes"], log_likelihood: Float[Tensor, "batch classes"]
) -> Float[Tensor, "batch classes"]:
    """Soft label of the source: posterior given the target annotations, without gradient.

    The prior is the network's own prediction, which makes this the E-step of expectation
    maximisation (Dempster, Laird & Rubin 1977, with the class as the hidden variable).

    Args:
        log_prior: log-probabilities of the classes.
        log_likelihood: of what is annotated under each class, summed over relations; in `Coupling` that is
            what `AnnotatedMeans.told` makes of it.

    """
    return (log_prior + log_likelihood).softmax(-1).detach()


def target_label(
    log_source: Float[Tensor, "batch classes"],
    log_table: Float[Tensor, "classes variables outcomes"],
    log_target: Float[Tensor, "batch variables outcomes"],
    log_means: Float[Tensor, "classes variables outcomes"],
) -> Float[Tensor, "batch variables outcomes"]:
    """Soft label of the target: `fitted` to the row of the image's class, without gradient.

    Args:
        log_source: log-probabilities of the classes; 0 and minus infinity where the class is certain.
        log_table: log P(outcome | class).
        log_target: log-probabilities predicted for the target.
        log_means: log of the mean prediction over the images of each class (`ClassMeans`).

    """
    return fitted(log_target, mixture(log_source, log_table), mixture(log_source, log_means))
