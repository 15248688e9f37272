"""The training loop."""

from conjoin.training._balance import Balance
from conjoin.training._balances import known_balance, make_balance
from conjoin.training._best import DivergedError, Look, Validate, kept
from conjoin.training._fit import fit
from conjoin.training._learner import Learner
from conjoin.training._loggers import known_loggers, make_loggers
from conjoin.training._quiet import quiet

__all__ = [
    "Balance",
    "DivergedError",
    "Learner",
    "Look",
    "Validate",
    "fit",
    "kept",
    "known_balance",
    "known_loggers",
    "make_balance",
    "make_loggers",
    "quiet",
]
