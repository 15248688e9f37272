"""Network and objective as a Lightning module."""

from typing import Any

import lightning as L
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from conjoin.data import Batch
from conjoin.distributed import copy_from_first
from conjoin.network import Network
from conjoin.objective import Objective
from conjoin.study import TrainingSettings
from conjoin.training._balance import Balance


class Learner(L.LightningModule):
    """Trains a network on an objective: one forward a batch, whatever sources it was mixed from.

    Logs the loss, each term, the mean evidence of each relation, and how far its table was corrected. A `balance`
    changes what the parameters are given as gradients, and maybe the number of forwards; what is logged means the same.
    """

    def __init__(
        self,
        network: Network,
        objective: Objective,
        settings: TrainingSettings,
        *,
        sets_aside: bool,
        balance: Balance | None = None,
    ) -> None:
        super().__init__()
        self.sets_aside, self.balance = sets_aside, balance or Balance()
        self.network, self.objective, self.settings = network, objective, settings

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Loss of one batch."""
        logits = self.balance.logits(self.network, batch.images)
        loss: Tensor = self.objective(logits, batch.annotations, set_aside=batch.set_aside if self.sets_aside else None)
        shown, kept = self.trainer.progress_bar_callback is not None, bool(self.trainer.loggers)
        if shown or kept:  # once: Lightning refuses a name that is logged in two ways
            self.log("loss", loss, prog_bar=shown, logger=kept, sync_dist=True)
        if kept:
            self.log_dict({f"terms/{n}": value for n, value in self.objective.terms.items()}, sync_dist=True)
            self.log_dict({f"evidence/{n}": e.mean() for n, e in self.objective.evidence().items()})
            self.log_dict({f"corrected/{n}": far for n, far in _corrections(self.objective).items()})
        return self.balance.loss(loss, self.objective, logits, batch, self.sets_aside)

    def backward(self, loss: Tensor, *_: Any, **__: Any) -> None:
        """Give all parameters their gradients."""
        self.balance.backward(loss, self.network)

    def on_train_end(self) -> None:
        """Give all ranks the running statistics of the first, which is the one that writes."""
        copy_from_first(self.buffers())

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW, its learning rates in one cycle over all steps (Smith & Topin 2019)."""
        settings = self.settings
        groups = self.network.parameter_groups(settings.lr, settings.backbone_lr)
        if learnt := [*self.objective.parameters(), *self.balance.parameters()]:
            groups.append({"params": learnt, "lr": settings.lr, "weight_decay": 0.0})
        optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, [float(str(group["lr"])) for group in groups], total_steps=settings.steps
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _corrections(objective: Objective) -> dict[str, Tensor]:
    """Mean absolute difference between each relation's table and what it was corrected to."""
    stated = {relation.name: relation.table for relation in objective.relations()}
    return {name: (table - stated[name]).abs().mean() for name, table in objective.corrected().items()}
