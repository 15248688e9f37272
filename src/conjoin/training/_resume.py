"""What a checkpoint must hold beside weights, so that a run that was killed goes on to the bit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor

from conjoin.distributed import from_each

LAST = Path("checkpoints") / "last.ckpt"


def start_from(folder: Path | None, *, resume: bool) -> Path | None:
    """The checkpoint to go on from, if there is one and that is asked for.

    Raises:
        FileExistsError: if the folder holds a run that would be overwritten.
        ValueError: if there is no folder to resume from.

    """
    if folder is None:
        if resume:
            raise ValueError("`folder` should be given to resume a run from it. Found None.")
        return None
    last = folder / LAST
    if last.exists() and not resume:
        raise FileExistsError(
            f"`folder` should hold no run, or `resume` be True. Found {last}. Choose another folder, or go on with it."
        )
    return last if last.exists() else None


class AtomicCheckpoints(TorchCheckpointIO):
    """Replaces a checkpoint when the next one is complete.

    Lightning writes to the system's temporary folder first; where that is another file system, the
    move from there is a copy, and being killed meanwhile would leave a part of it.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None) -> None:
        """Write beside the checkpoint, then rename."""
        part = Path(path).with_suffix(".part")
        super().save_checkpoint(checkpoint, part, storage_options)
        part.replace(path)


class ExactResume(Callback):
    """Keeps the state of random numbers (dropout), and the settings, which have to be the same.

    The position in the data is kept by the loader; weights, optimizer, learning rate, base rates
    and evidence by Lightning.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = dict(settings)
        self._random: list[list[Tensor]] = []

    def state_dict(self) -> dict[str, Any]:
        """Settings and, of each rank, states of the generators of CPU and CUDA device."""
        device = [torch.cuda.get_rng_state()] if torch.cuda.is_available() else []
        return {"settings": self.settings, "random": from_each([torch.get_rng_state(), *device])}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Compare settings; keep the states until training starts.

        Raises:
            ValueError: if a setting is another than in the run that is resumed.

        """
        for name, own in self.settings.items():
            before = state["settings"].get(name, "which an earlier version did not note")
            if before != own:
                raise ValueError(
                    f"`{name}` should be as in the run that is resumed, {before}. Found {own}. "
                    "Other settings are a new run: choose another folder."
                )
        self._random = state["random"]

    def on_train_start(self, trainer: L.Trainer, learner: L.LightningModule) -> None:
        """Put the states back, after all that draws random numbers while a run is set up.

        A rank that has none, and is not the first, gets random numbers that are not those of another.
        """
        del learner
        if trainer.global_rank < len(self._random):
            cpu, *device = self._random[trainer.global_rank]
            torch.set_rng_state(cpu.cpu())
            if device and torch.cuda.is_available():
                torch.cuda.set_rng_state(device[0].cpu())
        elif trainer.global_rank:
            torch.manual_seed(torch.initial_seed() + trainer.global_rank)
        self._random = []
