"""The weights that did best on validation images."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

import lightning as L
from lightning.pytorch.callbacks import Callback

from conjoin.distributed import copy_from_first
from conjoin.network import Network
from conjoin.training._learner import Learner

Validate = Callable[[Network], Mapping[str, float]]
"""Scores of a network on validation images, by task; the higher the better."""


class Look(NamedTuple):
    """What one look at the validation images showed."""

    step: int
    scores: dict[str, float]
    """By task."""


class KeepBest(Callback):
    """Looks at the validation images every so many steps and at the end; puts the best weights back in the end.

    Best is the highest mean over tasks; of equals the later one, which has been trained longer. After `patience` looks
    in a row that were not better, training ends.
    """

    def __init__(self, validate: Validate, every: int, patience: int | None) -> None:
        self.validate, self.every, self.patience = validate, every, patience
        self.looks: list[Look] = []
        self._best: tuple[float, dict[str, Any]] | None = None
        self._worse = 0  # looks in a row

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
        scores = dict(self.validate(network))
        self.looks.append(Look(step, scores))
        for logger in trainer.loggers:
            logger.log_metrics({f"validation/{name}": score for name, score in scores.items()}, step)
        mean = sum(scores.values()) / len(scores)
        self._worse = 0 if self._best is None or mean > self._best[0] else self._worse + 1
        if self._best is None or mean >= self._best[0]:
            self._best = (mean, deepcopy(network.state_dict()))
        trainer.should_stop = trainer.should_stop or self._enough()

    def _enough(self) -> bool:
        return self.patience is not None and self._worse >= self.patience

    def on_train_end(self, trainer: L.Trainer, learner: L.LightningModule) -> None:
        """Put the best weights back."""
        del trainer
        if self._best is not None:
            _network(learner).load_state_dict(self._best[1])

    def state_dict(self) -> dict[str, Any]:
        """Looks and the best weights, so that a resumed run chooses among all."""
        return {"looks": [tuple(look) for look in self.looks], "best": self._best, "worse": self._worse}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """As they were."""
        self.looks = [Look(*look) for look in state["looks"]]
        self._worse = state["worse"]
        self._best = None if state["best"] is None else (state["best"][0], state["best"][1])


def _network(learner: L.LightningModule) -> Network:
    assert isinstance(learner, Learner)
    return learner.network
