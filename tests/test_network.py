"""Backbones, heads, freezing, weights from a file."""

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from conjoin import MultiClass, MultiLabel, Network
from conjoin.network import SmallConvNet, build_backbone, pixel_scale

TASKS = [MultiClass("type", ["a", "b"]), MultiLabel("train", ["x", "y", "z"])]


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("backbone", ["small", "test_resnet.r160_in1k", "mobilenetv3_small_050"])
def test_any_channels(backbone: str, channels: int) -> None:
    network = Network(TASKS, backbone, channels=channels).eval()
    logits = network(torch.rand(2, channels, 32, 32))
    assert {name: tuple(z.shape) for name, z in logits.items()} == {"type": (2, 2), "train": (2, 3)}


@pytest.mark.parametrize("size", [8, 28, 33])
def test_small_network_takes_any_small_image(size: int) -> None:
    assert SmallConvNet(1, width=4)(torch.rand(2, 1, size, size)).shape == (2, 64)


def test_width_of_the_small_network() -> None:
    for name, widths in (("small", [32, 64, 128]), ("small-64", [64, 128, 256])):
        layers = build_backbone(name).modules()
        assert [layer.out_channels for layer in layers if isinstance(layer, nn.Conv2d)] == widths


@pytest.mark.parametrize("name", ["small-0", "small-", "small-x", "small-64-2"])
def test_no_such_width(name: str) -> None:
    with pytest.raises(ValueError, match=r"should be 'small', 'small-64' for that width, or a timm model name"):
        build_backbone(name)


def test_own_module() -> None:
    class Trunk(nn.Sequential):
        num_features = 7

    trunk = Trunk(nn.Flatten(), nn.Linear(12, 7))
    assert Network(TASKS, trunk)(torch.rand(2, 3, 2, 2))["train"].shape == (2, 3)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_timm_weights_from_a_file_fit_other_channels(tmp_path: Path, suffix: str) -> None:
    """The classifier is dropped and the first convolution adapted, as timm does for its own weights."""
    original: Any = timm.create_model("test_resnet.r160_in1k", num_classes=10)
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save(original.state_dict(), path)
    else:
        save_file(original.state_dict(), path)
    image = torch.rand(2, 1, 64, 64)
    grey = build_backbone("test_resnet.r160_in1k", channels=1, weights=path).eval()
    expected = original.eval().forward_head(original.forward_features(image.expand(-1, 3, -1, -1)), pre_logits=True)
    torch.testing.assert_close(grey(image), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "mean"),
    [
        ("resnet18", (0.485, 0.456, 0.406)),
        ("vit_tiny_patch16_224", (0.5, 0.5, 0.5)),
        ("vit_small_patch16_224.dino", (0.485, 0.456, 0.406)),
        ("small-64", None),
    ],
)
def test_the_scale_of_pixels_that_weights_were_trained_with(name: str, mean: tuple[float, ...] | None) -> None:
    found = pixel_scale(name)
    assert (found and found[0]) == mean


@pytest.mark.parametrize("part", ["", "layer1"])
def test_weights_that_do_not_fit_are_refused(tmp_path: Path, part: str) -> None:
    """timm alone would start from random weights without a word."""
    state = timm.create_model("test_resnet.r160_in1k", num_classes=10).state_dict()
    changed = {("encoder." if key.startswith(part) else "") + key: value for key, value in state.items()}
    torch.save(changed, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"`weights` should hold the weights of 'test_resnet.r160_in1k'\. Found none"):
        build_backbone("test_resnet.r160_in1k", weights=tmp_path / "other.pth")


def test_weights_of_other_shapes_are_refused(tmp_path: Path) -> None:
    torch.save(timm.create_model("test_resnet.r160_in1k", num_classes=10).state_dict(), tmp_path / "other.pth")
    for backbone in ("test_vit", "small"):
        with pytest.raises(ValueError, match=r"`weights` should hold the weights of .* Found (others|none)"):
            build_backbone(backbone, weights=tmp_path / "other.pth")


def test_weights_drawn_with_a_common_seed_are_taken(tmp_path: Path) -> None:
    torch.manual_seed(0)
    torch.save(timm.create_model("test_resnet.r160_in1k", num_classes=10).state_dict(), tmp_path / "seed.pth")
    build_backbone("test_resnet.r160_in1k", weights=tmp_path / "seed.pth")


def test_weights_of_the_small_network(tmp_path: Path) -> None:
    one = SmallConvNet(1)
    torch.save(one.state_dict(), tmp_path / "small.pth")
    other = build_backbone("small", channels=1, weights=tmp_path / "small.pth")
    image = torch.rand(2, 1, 8, 8)
    assert torch.equal(one.eval()(image), other.eval()(image))


def test_a_frozen_backbone_does_not_move() -> None:
    network = Network(TASKS, channels=1, freeze=True).train()
    before = {name: value.clone() for name, value in network.backbone.state_dict().items()}
    groups: list[Any] = network.parameter_groups(0.1)
    optimizer = torch.optim.SGD(groups)
    sum(z.square().sum() for z in network(torch.rand(4, 1, 8, 8)).values()).backward()
    optimizer.step()
    assert len(groups) == 1
    assert all(torch.equal(value, before[name]) for name, value in network.backbone.state_dict().items())
    assert all(p.grad is not None for p in network.heads.parameters())


def test_frozen_norms_keep_their_statistics_and_the_rest_is_trained() -> None:
    network = Network(TASKS, channels=1, freeze_norm=True).train()
    before = {name: value.clone() for name, value in network.backbone.state_dict().items()}
    images = torch.rand(4, 1, 8, 8)
    alone, together = network(images[:1]), network(images)
    assert all(torch.allclose(alone[name], logits[:1], atol=1e-6) for name, logits in together.items())
    sum(z.square().sum() for z in together.values()).backward()
    torch.optim.SGD(network.parameters(), 0.1).step()
    moved = {name for name, value in network.backbone.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {name for name, _ in network.backbone.named_parameters()}


def test_the_backbone_has_its_own_learning_rate() -> None:
    groups = Network(TASKS, channels=1).parameter_groups(0.1, 0.01)
    assert [group["lr"] for group in groups] == [0.1, 0.01]


def test_every_head_is_trained() -> None:
    """A head that no optimizer knows of would silently stay as it was."""
    network = Network(TASKS, channels=1)
    groups: list[Any] = network.parameter_groups(0.1)
    known = {id(p) for group in groups for p in group["params"]}
    assert known == {id(p) for p in network.parameters()}
