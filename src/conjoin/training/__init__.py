"""The training loop."""

from conjoin.training._best import Look, Validate
from conjoin.training._fit import fit
from conjoin.training._learner import Learner

__all__ = ["Learner", "Look", "Validate", "fit"]
