"""Trains on stored images, with augmentation and workers; may be killed and resumed.

python resumable.py FOLDER WORKERS KILL_AT BACKBONE: its last rank kills itself, without warning, in
that step (0: never). Prints a digest of all weights, base rates and evidence at the end. The backbone
is "random" (with BatchNorm and dropout) or "plain" (what it does to an image is that image's alone).
"""

import hashlib
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.stored import table

from conjoin import Coupling, MultiClass, MultiLabel, Network, Objective, Relation, TrainingSettings, fit
from conjoin.data import Augmentation, Batch, Preprocessing, StoredImages
from conjoin.network import SmallConvNet

STEPS, BATCH = 20, 16
KIND, MARKS = MultiClass("kind", ["a", "b", "c"]), MultiLabel("marks", ["x", "y"])


class Kill(Callback):
    """Ends the process as a power cut would."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_start(self, trainer: L.Trainer, _: L.LightningModule, batch: Batch, *__: Any) -> None:
        alone = os.environ.get("WORLD_SIZE", "1") == "1"
        assert (len(batch.images) == BATCH) == alone, "each rank should have its part of a batch"
        if trainer.global_step == self.step - 1 and trainer.global_rank == trainer.world_size - 1:
            os.kill(os.getpid(), signal.SIGKILL)


class Plain(nn.Sequential):
    num_features = 32

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 8, 3), nn.Tanh(), nn.AdaptiveAvgPool2d(2), nn.Flatten())


def build(backbone: str) -> nn.Sequential:
    if backbone == "plain":
        return Plain()
    layers = nn.Sequential(SmallConvNet(3), nn.Dropout(0.3))
    layers.num_features = layers[0].num_features
    return layers


def main(folder: Path, workers: int, kill_at: int, backbone: str) -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message=".*LeafSpec.*")
    stored = StoredImages(table(60).remove_columns("task:soft"), Preprocessing(size=(10, 8)))
    L.seed_everything(0, verbose=False)
    network = Network([KIND, MARKS], build(backbone))
    objective = Objective([KIND, MARKS], [Coupling(Relation(KIND, MARKS, [[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]]))])
    fit(
        network,
        objective,
        stored,
        TrainingSettings(steps=STEPS, batch_size=BATCH),
        augmentation=Augmentation(flip=0.5, padding=1, brightness=0.2, erasing=0.5),
        folder=folder,
        resume=True,
        checkpoint_every=4,
        workers=workers,
        callbacks=[Kill(kill_at)],
    )
    digest = hashlib.sha256()
    for name, value in sorted((network.state_dict() | objective.state_dict()).items()):
        digest.update(name.encode() + value.numpy().tobytes())
    sys.stdout.write(f"{digest.hexdigest()}\n")  # in one piece, when several ranks write


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
