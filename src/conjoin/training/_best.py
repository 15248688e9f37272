"""The weights that validation images choose."""

import logging
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import lightning as L
from lightning.pytorch.callbacks import Callback

from conjoin.distributed import copy_from_first
from conjoin.network import Network
from conjoin.training._learner import Learner

_LOG = logging.getLogger(__name__)


class DivergedError(ValueError):
    """A network whose predictions are no numbers."""


Validate = Callable[[Network], tuple[Mapping[str, float], float]]
"""Scores of a network on validation images, by task, the higher the better; and the standard error of their mean.

Tasks that the images do not tell of are left out.
"""


class Look(NamedTuple):
    """What one look at the validation images showed."""

    step: int
    scores: dict[str, float]
    """By task."""
    error: float = 0.0
    """Standard error of the mean over tasks."""

    def mean(self) -> float:
        """Mean score over tasks; 0 without any."""
        return sum(self.scores.values()) / max(len(self.scores), 1)


def kept(looks: Sequence[Look]) -> Look:
    """The look whose weights are kept: the last one that is within one standard error of the highest mean.

    Weights of later steps were trained longer and, but for an early end, at a lower learning rate; earlier ones are
    kept where validation images tell that they are better, not where so few say so that it may be luck. After the rule
    of one standard error (Breiman, Friedman, Olshen & Stone 1984, section 3.4.3), which prefers the simpler of models
    that do alike. A mean over several tasks has a smaller error than one of them, and is followed sooner.
    """
    best = max(looks, key=Look.mean)
    return next(look for look in reversed(looks) if look.mean() >= best.mean() - best.error)


class KeepBest(Callback):
    """Looks at the validation images every so many steps and at the end, and remembers the weights to keep.

    Which look that is, `kept` says. After `patience` looks in a row whose mean was not the highest so far, training
    ends; and where the network has diverged and earlier weights are kept.
    """

    def __init__(self, validate: Validate, every: int, patience: int | None) -> None:
        self.validate, self.every, self.patience = validate, every, patience
        self.looks: list[Look] = []
        self._kept: dict[str, Any] = {}

    def on_train_start(self, trainer: L.Trainer, learner: L.LightningModule) -> None:
        """End at once, where a run that has ended is resumed."""
        del learner
        trainer.should_stop = trainer.should_stop or self._enough()

    def on_train_batch_end(self, trainer: L.Trainer, learner: L.LightningModule, *_: Any) -> None:
        """Look, where it is time to."""
        step = trainer.global_step
        if step % self.every and step != trainer.max_steps:
            return
        network = _network(learner)
        copy_from_first(network.buffers())  # so that all ranks see, and choose, the same
        try:
            scores, error = self.validate(network)
        except DivergedError:
            if not self._kept:
                raise
            _LOG.warning("Training diverged by step %d: it ends here, with the weights that were kept.", step)
            trainer.should_stop = True
            return
        look = Look(step, dict(scores), error)
        for logger in trainer.loggers:
            logger.log_metrics({f"validation/{name}": score for name, score in scores.items()}, step)
        self.looks.append(look)
        if kept(self.looks) is look:
            self._kept = deepcopy(network.state_dict())
        trainer.should_stop = trainer.should_stop or self._enough()

    def _enough(self) -> bool:
        if self.patience is None or not self.looks:
            return False
        means = [look.mean() for look in self.looks]
        return len(means) - 1 - means.index(max(means)) >= self.patience

    def put_back(self, network: Network) -> None:
        """Give a network the weights that are kept.

        For after training: Lightning ends no training that a resumed run finds at its last step.
        """
        if self._kept:
            network.load_state_dict(self._kept)

    def state_dict(self) -> dict[str, Any]:
        """Looks and the weights kept so far, so that a resumed run chooses among all."""
        return {"looks": [tuple(look) for look in self.looks], "kept": self._kept}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """As they were."""
        self.looks = [Look(*look) for look in state["looks"]]
        self._kept = state["kept"]


def _network(learner: L.LightningModule) -> Network:
    assert isinstance(learner, Learner)
    return learner.network
