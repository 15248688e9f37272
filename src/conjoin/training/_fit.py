"""Train a network on annotated images."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import lightning as L
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import Logger

from conjoin.data import Augmentation, Images, MixedBatches, MixedLoader
from conjoin.network import Network
from conjoin.objective import Objective
from conjoin.study import TrainingSettings
from conjoin.training._balances import make_balance
from conjoin.training._best import KeepBest, Look, Validate
from conjoin.training._digest import annotations_digest, digest
from conjoin.training._learner import Learner
from conjoin.training._loggers import make_loggers
from conjoin.training._ranks import trainer_ranks
from conjoin.training._resume import LAST, AtomicCheckpoints, ExactResume, start_from


def fit(
    network: Network,
    objective: Objective,
    data: Images,
    settings: TrainingSettings,
    *,
    augmentation: Augmentation | None = None,
    counts: Mapping[int, int] | None = None,
    validate: Validate | None = None,
    seed: int = 0,
    folder: Path | None = None,
    resume: bool = False,
    checkpoint_every: int = 100,
    workers: int = 0,
    progress: bool = False,
    loggers: Sequence[Logger] | None = None,
    callbacks: Sequence[Callback] = (),
) -> list[Look]:
    """Train a network in place, on whatever device is best; started by `torchrun`, on all its ranks.

    Of several ranks each loads its part of every batch; the gradient is that of the whole batch, and
    at the end all hold the same network. BatchNorm normalises each rank's part by itself; the running
    statistics are those of rank 0.

    Args:
        network: network to train.
        objective: its loss; base rates and evidence are kept in it.
        data: images with annotations; every batch is mixed from all sources.
        settings: how to train.
        augmentation: random changes of the images; none by default.
        counts: images of each source in a batch, which sum to its size; by default `conjoin.data.shares`.
        validate: scores a network on validation images, every `validate_every` steps and at the end: returns scores
            by task and the standard error of their mean (0 if unknown). `kept` says which weights are kept. Without
            it, the last.
        seed: seed of the order of images and of their changes. The caller seeds the network's
            initial weights.
        folder: where to write checkpoints, and logs where `loggers` does not say otherwise; None writes neither.
        resume: whether to go on from the last checkpoint in `folder`, if there is one. On the
            same machine, with as many ranks, the result is that of a run that was never interrupted.
            All ranks have to see `folder`; the first writes.
        checkpoint_every: steps between two checkpoints; the end has one of its own.
        workers: processes that read images; 0 reads them in this one. The result is the same.
        progress: whether to show a progress bar.
        loggers: Lightning loggers; by default TensorBoard's in `folder`.
        callbacks: further Lightning callbacks.

    Returns:
        What each look at the validation images showed.

    Raises:
        FileExistsError: if `folder` holds a run and `resume` is False.
        ValueError: if a value is no annotation of its task, there is no `folder` to resume from, its run had
            other settings or annotations (pixels are not compared), there is a process group without
            `torchrun`, or `settings.balance` cannot be had.

    """
    start = start_from(folder, resume=resume)
    if loggers is None:
        loggers = make_loggers(["tensorboard"], folder, "logs") if folder else []
    decisive = settings.model_dump() | {"augmentation": (augmentation or Augmentation()).model_dump()}
    sets_aside, annotated = bool(data.set_aside.any()), data.read([0]).annotations
    annotations = {name: data.annotation(name) for name in objective.tasks if name in annotated}
    aside = data.set_aside if sets_aside else None
    decisive |= {"objective": digest(objective)}
    if folder:
        decisive |= {"annotations": annotations_digest(annotations, aside)}
    keep = [_checkpoints(folder, checkpoint_every)] if folder else []
    best = KeepBest(validate, settings.validate_every, settings.patience) if validate else None
    trainer = L.Trainer(
        max_epochs=1,  # which has all steps
        max_steps=settings.steps,
        precision=settings.precision,
        logger=list(loggers),
        enable_checkpointing=folder is not None,
        enable_progress_bar=progress,
        enable_model_summary=False,
        log_every_n_steps=min(50, settings.steps),
        use_distributed_sampler=False,
        **trainer_ranks(),
        plugins=[AtomicCheckpoints()],
        callbacks=[ExactResume(decisive), *([best] if best else []), *keep, *callbacks],
    )
    batches = MixedBatches(
        data.sources(),
        settings.batch_size,
        settings.steps,
        seed,
        counts=counts,
        rank=trainer.global_rank,
        ranks=trainer.world_size,
    )
    loader = MixedLoader(data, batches, augmentation=augmentation, workers=workers)
    balance = make_balance(settings.balance, network, batches.parts, trainer.world_size)
    objective.expect(annotations, set_aside=aside)
    del annotations  # training reads them batch by batch
    learner = Learner(network, objective, settings, sets_aside=sets_aside, balance=balance).train()
    with warnings.catch_warnings():  # Lightning 2.6 uses what torch 2.15 calls deprecated
        warnings.filterwarnings("ignore", message=".*LeafSpec.*")
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")  # chosen by the caller
        warnings.filterwarnings("ignore", message="Checkpoint directory .* exists and is not empty")  # when resumed
        trainer.fit(learner, loader, ckpt_path=start, weights_only=True)
        if best:
            best.put_back(network)
        if folder:
            trainer.save_checkpoint(folder / LAST)
    return best.looks if best else []


def _checkpoints(folder: Path, every: int) -> ModelCheckpoint:
    return ModelCheckpoint(
        folder / LAST.parent, filename=LAST.stem, every_n_train_steps=every, enable_version_counter=False
    )
