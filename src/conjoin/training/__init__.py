"""The training loop."""

from conjoin.training._fit import fit
from conjoin.training._learner import Learner

__all__ = ["Learner", "fit"]
