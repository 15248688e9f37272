"""Train a network on annotated images."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import lightning as L
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from torch.utils.data import DataLoader

from conjoin.data import AnnotatedImages, MixedBatches
from conjoin.network import Network
from conjoin.objective import Objective
from conjoin.study import TrainingSettings
from conjoin.training._learner import Learner


def fit(
    network: Network,
    objective: Objective,
    data: AnnotatedImages,
    settings: TrainingSettings,
    *,
    seed: int = 0,
    folder: Path | None = None,
    progress: bool = False,
    callbacks: Sequence[Callback] = (),
) -> None:
    """Train a network in place, on whatever device is best.

    Args:
        network: network to train.
        objective: its loss; base rates and evidence are kept in it.
        data: images with annotations; every batch is mixed from all sources.
        settings: how to train.
        seed: seed of the order of images. The caller seeds the network's initial weights.
        folder: where to write checkpoints and TensorBoard logs; None writes nothing.
        progress: whether to show a progress bar.
        callbacks: further Lightning callbacks.

    """
    batches = MixedBatches(data.sources(), settings.batch_size, settings.steps, seed)
    loader = DataLoader(data, batch_sampler=batches, collate_fn=lambda batch: batch)
    keep = [ModelCheckpoint(folder / "checkpoints", save_last=True)] if folder else []
    trainer = L.Trainer(
        max_epochs=1,  # which has all steps
        max_steps=settings.steps,
        precision=settings.precision,
        logger=TensorBoardLogger(folder, name="", version="logs") if folder else False,
        enable_checkpointing=folder is not None,
        enable_progress_bar=progress,
        enable_model_summary=False,
        use_distributed_sampler=False,
        devices=1,
        callbacks=[*keep, *callbacks],
    )
    learner = Learner(network, objective, settings, sets_aside=bool(data.set_aside.any())).train()
    with warnings.catch_warnings():  # Lightning 2.6 uses what torch 2.15 calls deprecated
        warnings.filterwarnings("ignore", message=".*LeafSpec.*")
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")  # images are in memory
        trainer.fit(learner, loader)
