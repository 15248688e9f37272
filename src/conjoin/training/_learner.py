"""Network and objective as a Lightning module."""

import lightning as L
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from conjoin.data import Batch
from conjoin.distributed import copy_from_first
from conjoin.network import Network
from conjoin.objective import Objective
from conjoin.study import TrainingSettings


class Learner(L.LightningModule):
    """Trains a network on an objective: one forward a batch, whatever sources it was mixed from.

    Logs the loss, each term, and the mean evidence of each relation.
    """

    def __init__(self, network: Network, objective: Objective, settings: TrainingSettings, *, sets_aside: bool) -> None:
        super().__init__()
        self.sets_aside = sets_aside
        self.network, self.objective, self.settings = network, objective, settings

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Loss of one batch."""
        loss: Tensor = self.objective(
            self.network(batch.images), batch.annotations, set_aside=batch.set_aside if self.sets_aside else None
        )
        if self.trainer.progress_bar_callback:
            self.log("loss", loss, prog_bar=True, logger=False, sync_dist=True)
        if self.trainer.loggers:
            terms = {f"terms/{n}": value for n, value in self.objective.terms.items()}
            self.log_dict({"loss": loss} | terms, sync_dist=True)
            self.log_dict({f"evidence/{n}": e.mean() for n, e in self.objective.evidence().items()})
        return loss

    def on_train_end(self) -> None:
        """Give all ranks the running statistics of the first, which is the one that writes."""
        copy_from_first(self.buffers())

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW, its learning rates in one cycle over all steps (Smith & Topin 2019)."""
        settings = self.settings
        groups = self.network.parameter_groups(settings.lr, settings.backbone_lr)
        if learnt := list(self.objective.parameters()):  # weights of tasks, in an objective that learns them
            groups.append({"params": learnt, "lr": settings.lr, "weight_decay": 0.0})
        optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, [float(str(group["lr"])) for group in groups], total_steps=settings.steps
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
