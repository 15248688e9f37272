"""The network's backbone and the images that it reads."""

from pydantic import PositiveInt

from conjoin.study._strict import Strict


class Backbone(Strict):
    """Which backbone turns images into features."""

    name: str = "small"
    """`small`, `small-64` with 64 channels in its first layer instead of 32, or any name that timm knows."""
    weights: str | None = None
    """Local checkpoint (.pth, .pt, .safetensors), relative to the study file. Nothing is ever downloaded."""
    freeze: bool = False
    """Keep the backbone as it is, and train the heads only."""
    freeze_norm: bool = False
    """Let BatchNorm use the running statistics of `weights`, and keep them, while the rest is trained."""
    image_size: tuple[PositiveInt, PositiveInt] = (64, 64)
    """Height and width in pixels to which images are resized."""
