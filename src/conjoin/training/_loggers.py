"""Where learning curves go: Lightning's loggers, by name."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import chain, count
from pathlib import Path

from lightning.pytorch import loggers
from lightning.pytorch.loggers import Logger

from conjoin.names import nearest

_KNOWN: dict[str, tuple[str, Callable[[Path, str], Logger]]] = {
    "tensorboard": ("tensorboard", lambda folder, run: loggers.TensorBoardLogger(folder, name="", version=run)),
    "csv": ("lightning", lambda folder, run: loggers.CSVLogger(folder, name="", version=_free(folder, run))),
    "mlflow": ("mlflow", lambda folder, run: loggers.MLFlowLogger(run_name=run, save_dir=str(folder))),
    "wandb": ("wandb", lambda folder, run: loggers.WandbLogger(name=run, save_dir=folder)),
    "comet": ("comet_ml", lambda _, run: loggers.CometLogger(name=run)),
}
"""The package that each needs, and how it is made."""


def _free(folder: Path, run: str) -> str:
    """A name of its own for a run that goes on: Lightning deletes what is there of the same name."""
    names = chain([run], (f"{run}-{n}" for n in count(2)))
    return next(name for name in names if not (folder / name).exists())


def known_loggers(names: Sequence[str]) -> None:
    """Check the names of loggers before anything is done.

    Raises:
        ValueError: if a name is unknown, or its package is not installed.

    """
    for name in names:
        if name not in _KNOWN:
            raise ValueError(f"A logger should be one that Lightning has. Found {name!r}. {nearest(name, [*_KNOWN])}")
        if find_spec(package := _KNOWN[name][0]) is None:
            raise ValueError(f"Logger {name!r} should have its package installed. Found none: pip install {package}")


def make_loggers(names: Sequence[str], folder: Path, run: str) -> list[Logger]:
    """Loggers of one run.

    Projects, addresses and keys of services come from the variables of the environment that their packages read,
    such as `WANDB_PROJECT` or `MLFLOW_TRACKING_URI`.

    Args:
        names: tensorboard, csv, mlflow, wandb or comet; the last three are packages to install.
        folder: where those write that write files; `csv` in another folder each time that a run goes on.
        run: name of the run.

    Raises:
        ValueError: if a name is unknown, or its package is not installed.

    """
    known_loggers(names)
    return [_KNOWN[name][1](folder, run) for name in names]
