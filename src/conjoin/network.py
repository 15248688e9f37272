"""Network: one backbone, one linear head for each task, one forward for a mixed batch."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import timm
import torch
from jaxtyping import Float
from torch import Tensor, nn

from conjoin.tasks import Task

_TWIN_SEED = 5_061_921_137  # nobody's
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


class SmallConvNet(nn.Module):
    """Three 3x3 convolutions for small images (about 8 to 64 pixels a side).

    Args:
        channels: channels of the image.
        width: channels of the first convolution; the second and third have two and four times as many.

    The last feature map is averaged to 2x2 cells and flattened: `num_features` = 16 * width.

    """

    def __init__(self, channels: int = 3, width: int = 32) -> None:
        super().__init__()
        widths = (channels, width, 2 * width, 4 * width)
        layers: list[nn.Module] = []
        for i, (before, after) in enumerate(pairwise(widths)):
            layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
            if i:
                layers.append(nn.MaxPool2d(2))
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten())
        self.to(memory_format=torch.channels_last)  # faster on CPUs
        self.num_features = 4 * widths[-1]

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch features"]:
        """Features of the images."""
        features: Tensor = self.layers(images.contiguous(memory_format=torch.channels_last))
        return features


def build_backbone(
    backbone: str | nn.Module = "small", *, channels: int = 3, weights: str | Path | None = None
) -> nn.Module:
    """Make a backbone that turns images into a vector of `num_features` numbers.

    Args:
        backbone: "small" (`SmallConvNet`), "small-64" for that width, any timm model name, or a module
            with an attribute `num_features` whose output has shape (batch, num_features).
        channels: channels of the image. timm adapts the first convolution of loaded weights to it.
        weights: local checkpoint (.pth, .pt, .safetensors). Nothing is ever downloaded.

    Raises:
        ValueError: if the name is unknown, a module lacks `num_features`, or a layer that starts at
            random finds no weights of its name and shape in the file.
        FileNotFoundError: if there is no file at `weights`.

    """
    path = None if weights is None else Path(weights)
    if path is not None and not path.is_file():
        raise FileNotFoundError(f"`weights` should be a local checkpoint file. Found nothing at {path}.")
    name = backbone if isinstance(backbone, str) else type(backbone).__name__
    if isinstance(backbone, str):
        small = _small(backbone, channels)
        if small is None:
            return _timm(backbone, channels, path)
        backbone = small
    if not isinstance(getattr(backbone, "num_features", None), int):
        raise ValueError(
            "`backbone` should have a whole number `num_features`, the width of its output. "
            f"Found none on {type(backbone).__name__}: set it before passing the module."
        )
    if path is not None:
        with _unfit(name, path):
            timm.models.load_checkpoint(backbone, str(path))
    return backbone


def pixel_scale(backbone: str) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Mean and standard deviation of the pixels, within [0, 1], that timm's weights of this name were trained with.

    None for a network that timm has no weights of.
    """
    known = timm.get_pretrained_cfg(backbone) if timm.is_model(backbone) else None
    return (known.mean, known.std) if known else None


def _small(name: str, channels: int) -> SmallConvNet | None:
    """The small network of that name; None if it is another's."""
    found = re.fullmatch(r"small(?:-([1-9]\d*))?", name)
    width = {"width": int(found[1])} if found and found[1] else {}
    return SmallConvNet(channels, **width) if found else None


@contextmanager
def _unfit(name: str, path: Path) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # what `load_state_dict` raises
        raise ValueError(f"`weights` should hold the weights of {name!r}. Found others in {path}: {error}") from error


def _timm(name: str, channels: int, path: Path | None) -> nn.Module:
    if not timm.is_model(name):
        near = timm.list_models(f"*{name}*")[:3]
        hint = f" Near it: {near}." if near else " `timm.list_models()` lists them."
        raise ValueError(
            f"`backbone` should be 'small', 'small-64' for that width, or a timm model name. Found {name!r}.{hint}"
        )
    if path is None:
        return timm.create_model(name, num_classes=0, in_chans=channels)
    with _unfit(name, path):
        return _timm_from_file(name, channels, path)


def _timm_from_file(name: str, channels: int, path: Path) -> nn.Module:
    """A timm model with weights from a file; timm itself passes over names it does not know.

    Compared with a twin without the file: what is as it was drawn at random was not in the file.
    """
    models = []
    for pretrained in (False, True):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_TWIN_SEED)
            overlay = {"file": str(path)} if pretrained else None
            models.append(
                timm.create_model(
                    name, pretrained=pretrained, pretrained_cfg_overlay=overlay, num_classes=0, in_chans=channels
                )
            )
    fresh, loaded = (dict(model.named_parameters()) for model in models)
    drawn = [key for key, value in fresh.items() if value.numel() > 1 and bool((value != value.flatten()[0]).any())]
    if left := [key for key in drawn if torch.equal(fresh[key], loaded[key])]:
        raise ValueError(
            f"`weights` should hold the weights of {name!r}. Found none for {len(left)} of its {len(drawn)} layers "
            f"in {path}, the first {left[0]!r}. Are they of another model, or do names have a prefix as 'encoder.'?"
        )
    return models[1]


class Network(nn.Module):
    """A backbone with one linear head for each task.

    Args:
        tasks: tasks to predict.
        backbone: see `build_backbone`.
        channels: channels of the image.
        weights: local checkpoint of the backbone.
        freeze: keep the backbone as it is, its running statistics included.
        freeze_norm: let BatchNorm use the running statistics that it has, and keep them; the rest is trained.

    """

    def __init__(
        self,
        tasks: Sequence[Task],
        backbone: str | nn.Module = "small",
        *,
        channels: int = 3,
        weights: str | Path | None = None,
        freeze: bool = False,
        freeze_norm: bool = False,
    ) -> None:
        super().__init__()
        self.backbone = build_backbone(backbone, channels=channels, weights=weights)
        self.freeze, self.freeze_norm = freeze, freeze_norm
        self.backbone.requires_grad_(not freeze)
        # timm: `num_features` is the width before a head that keeps its hidden layer, as MobileNetV3 does
        width = int(getattr(self.backbone, "head_hidden_size", None) or self.backbone.num_features)  # type: ignore[arg-type]
        self.heads = nn.ModuleDict({_key(task.name): nn.Linear(width, len(task.outputs)) for task in tasks})
        self.names = [task.name for task in tasks]

    def features(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch features"]:
        """Output of the backbone."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.freeze):
            features: Tensor = self.backbone(images)
        return features

    def classify(self, features: Float[Tensor, "batch features"]) -> dict[str, Tensor]:
        """Logits of every task, by name, shape (batch, outputs)."""
        return {name: self.heads[_key(name)](features) for name in self.names}

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> dict[str, Tensor]:
        """Logits of every task, by name, shape (batch, outputs)."""
        return self.classify(self.features(images))

    def train(self, mode: bool = True) -> "Network":
        """Set training mode; what is frozen stays in evaluation mode."""
        super().train(mode)
        for module in self.backbone.modules():
            if self.freeze or (self.freeze_norm and isinstance(module, _BATCH_NORMS)):
                module.eval()
        return self

    def parameter_groups(self, lr: float, backbone_lr: float | None = None) -> list[dict[str, object]]:
        """Parameter groups for an optimizer, the backbone with a learning rate of its own."""
        groups: list[dict[str, object]] = [{"params": list(self.heads.parameters()), "lr": lr}]
        if not self.freeze:
            groups.append(
                {"params": list(self.backbone.parameters()), "lr": lr if backbone_lr is None else backbone_lr}
            )
        return groups


class Choice(nn.Module):
    """Several networks, each of which answers for some tasks.

    Args:
        networks: the networks.
        answers: by task, the place of the network that answers for it.

    """

    def __init__(self, networks: Sequence[Network], answers: Mapping[str, int]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.answers = dict(answers)

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> dict[str, Tensor]:
        """Logits of every task, by name, shape (batch, outputs)."""
        said = [network(images) for network in self.networks]
        return {name: said[place][name] for name, place in self.answers.items()}


def _key(name: str) -> str:
    """Key of a task's head: "type" or "train" alone would hide an attribute of the module."""
    return f"{name} head"
