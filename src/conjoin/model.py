"""A trained network with all that it takes to read images with it, in a folder of two files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import torch
from jaxtyping import Float
from safetensors.torch import load_file, save_file
from torch import Tensor

from conjoin.data import Preprocessing
from conjoin.network import Choice, Network
from conjoin.tasks import MultiClass, MultiLabel, Task

_KINDS = {"classes": MultiClass, "labels": MultiLabel}
_DESCRIPTION, _WEIGHTS = "model.json", "weights.safetensors"


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network and how to use it.

    Args:
        network: the network, or several that answer for different tasks.
        tasks: what it predicts.
        backbone: name of its backbone, as of `build_backbone`.
        preprocessing: how images are brought to it.
        thresholds: by task, probability from which on each label counts as present; 0.5 where not given.

    """

    network: Network | Choice
    tasks: tuple[Task, ...]
    backbone: str
    preprocessing: Preprocessing
    thresholds: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @torch.no_grad()
    def predict(
        self, images: Sequence[str | Path | bytes], *, batch_size: int = 64
    ) -> dict[str, Float[Tensor, "images outputs"]]:
        """Probability of each class or label, by task.

        Args:
            images: paths of image files, or their bytes.
            batch_size: images that the network is given at once.

        Raises:
            ValueError: if an image cannot be decoded, naming its place and file.

        """
        if isinstance(images, str | Path | bytes):
            raise ValueError("`images` should be a list of images. Found one image: put it in a list, [image].")
        self.network.eval()
        device = next(self.network.parameters()).device
        parts = []
        for first in range(0, len(images), batch_size):
            some = range(len(images))[first : first + batch_size]
            encoded = [_encoded(images[place]) for place in some]
            pixels = self.preprocessing.normalise(self.preprocessing.read(encoded, some))
            logits = self.network(pixels.to(device))
            parts.append({task.name: _probabilities(task, logits[task.name].float().cpu()) for task in self.tasks})
        empty = {task.name: torch.empty(0, len(task.outputs)) for task in self.tasks}
        return {name: torch.cat([none, *(part[name] for part in parts)]) for name, none in empty.items()}

    def annotate(self, images: Sequence[str | Path | bytes]) -> list[dict[str, str | list[str]]]:
        """Name of the most probable class of each task, or names of the labels that are present, for each image."""
        found = self.predict(images)
        return [
            {task.name: self._names(task, found[task.name][place]) for task in self.tasks}
            for place in range(len(images))
        ]

    def save(self, folder: str | Path) -> None:
        """Write `model.json` and `weights.safetensors` into a new folder, which appears when it is complete.

        Raises:
            FileExistsError: if the folder exists.

        """
        folder = Path(folder)
        if folder.exists():
            raise FileExistsError(f"`folder` should be new. Found {folder}.")
        description = {
            "conjoin": version("conjoin"),
            "backbone": self.backbone,
            "preprocessing": self.preprocessing.model_dump(),
            "tasks": [{"name": t.name, _kind(t): list(t.outputs)} for t in self.tasks],
            "thresholds": {name: list(limits) for name, limits in self.thresholds.items()},
        }
        if isinstance(self.network, Choice):
            heads = [cast("Network", network).names for network in self.network.networks]
            description["networks"] = {"heads": heads, "answers": self.network.answers}
        draft = folder.with_name(f".{folder.name}.part")
        draft.mkdir(parents=True, exist_ok=True)
        (draft / _DESCRIPTION).write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n", "utf-8")
        weights = {name: value.detach().cpu().contiguous() for name, value in self.network.state_dict().items()}
        save_file(weights, draft / _WEIGHTS)
        draft.rename(folder)

    def _names(self, task: Task, probabilities: Tensor) -> str | list[str]:
        if isinstance(task, MultiClass):
            return task.classes[int(probabilities.argmax())]
        limits = self.thresholds.get(task.name, [0.5] * len(task.outputs))
        pairs = zip(task.outputs, probabilities.tolist(), limits, strict=True)
        return [label for label, p, limit in pairs if p >= limit]


def load(folder: str | Path) -> Model:
    """Read a model that `Model.save` or `conjoin train` has written; on the CPU, in evaluation mode.

    Raises:
        FileNotFoundError: if there is no model in the folder.

    """
    folder = Path(folder)
    if not (folder / _DESCRIPTION).is_file():
        raise FileNotFoundError(
            f"`folder` should hold a model: {_DESCRIPTION} and {_WEIGHTS}. Found no {_DESCRIPTION} in {folder}."
        )
    said = json.loads((folder / _DESCRIPTION).read_text("utf-8"))
    tasks = tuple(
        kind(task["name"], task[key]) for task in said["tasks"] for key, kind in _KINDS.items() if key in task
    )
    network = _network(tasks, said)
    network.load_state_dict(load_file(folder / _WEIGHTS))
    preprocessing = Preprocessing.model_validate(said["preprocessing"])
    return Model(network.eval(), tasks, said["backbone"], preprocessing, said["thresholds"])


def _network(tasks: Sequence[Task], said: Mapping[str, Any]) -> Network | Choice:
    if "networks" not in said:
        return Network(tasks, said["backbone"])
    by_name, several = {task.name: task for task in tasks}, said["networks"]
    networks = [Network([by_name[name] for name in names], said["backbone"]) for names in several["heads"]]
    return Choice(networks, several["answers"])


def _kind(task: Task) -> str:
    return next(key for key, kind in _KINDS.items() if isinstance(task, kind))


def _probabilities(task: Task, logits: Tensor) -> Tensor:
    return logits.softmax(-1) if isinstance(task, MultiClass) else logits.sigmoid()


def _encoded(image: str | Path | bytes) -> dict[str, bytes | str | None]:
    if isinstance(image, bytes):
        return {"bytes": image, "path": None}
    return {"bytes": None, "path": str(image)}
