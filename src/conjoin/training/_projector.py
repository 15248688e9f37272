"""The quadratic programme of UPGrad."""

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import nnls
from torch import Tensor
from torchjd.linalg import DualConeProjector

_LEAST = 1e-10
"""Smallest eigenvalue of a Gramian of unit vectors: what float32 rounds away, or makes negative, is less."""


class Projector(DualConeProjector):
    """Projects onto the vectors that no gradient objects to, by non-negative least squares (Lawson & Hanson 1974).

    Quinton & Rey 2024, "Jacobian descent for multi-objective optimization", proposition 1: of a combination u of
    gradients with Gramian G the projection is the combination v that minimises v'Gv with v >= u. With v = u + s and
    G = A'A that is to minimise |As + Au| with s >= 0. TorchJD's own projector does it with quadprog, which is under
    the GPL.
    """

    def __call__(self, U: Float[Tensor, "*vectors sources"], G: Float[Tensor, "sources sources"]) -> Tensor:  # noqa: N803
        """Weights of the projections.

        Args:
            U: weights of what is projected.
            G: Gramian of the gradients.

        """
        gramian = G.detach().cpu().double().numpy()
        norms = np.sqrt(np.diag(gramian))
        norms[norms == 0] = 1
        values, vectors = np.linalg.eigh(gramian / np.outer(norms, norms))
        root = np.sqrt(np.clip(values, _LEAST, None))[:, None] * vectors.T
        given = U.detach().cpu().double().numpy().reshape(-1, len(gramian)) * norms
        projected = np.stack([u + nnls(root, -root @ u)[0] for u in given]) / norms
        return torch.from_numpy(projected).reshape(U.shape).to(U)
