"""Random changes of training images, each a function of (seed, pass, row)."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Bool, Float, Shaped
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt
from torch import Tensor
from torchvision.transforms import v2

Share = Annotated[float, Field(ge=0, le=1)]
Pixels = Shaped[Tensor, "batch channels height width"]

_DRAWS = 11
_AREA, _RATIO = (0.02, 0.33), (0.3, 3.3)
"""Erased share of the image and height over width: defaults of Zhong et al. 2020 and of torchvision."""


class Augmentation(BaseModel):
    """Random changes of training images; none by default.

    Like torchvision's `RandomHorizontalFlip`, `RandomCrop`, `ColorJitter` and `RandomErasing`, but
    drawn for each image of a batch and applied to the batch at once, which those do not offer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    flip: Share = 0
    """Probability that an image is mirrored left to right."""
    padding: NonNegativeInt = 0
    """Pixels of black around the image, from which a part of its size is cropped."""
    brightness: Share = 0
    """Brightness is multiplied by a factor within 1 - x and 1 + x."""
    contrast: Share = 0
    """Contrast, likewise."""
    saturation: Share = 0
    """Saturation, likewise; of images with three channels."""
    erasing: Share = 0
    """Probability that a rectangle, 2 to 33 % of the image, is blackened."""

    def apply(self, images: Pixels, draws: Float[Tensor, "batch 11"]) -> Pixels:
        """Change every image by its own draws; uint8, or floating-point within [0, 1]. Keeps the type."""
        flip, down, across, *colour, erase, area, ratio, top, left = draws.unbind(-1)
        images = self._move(images, flip, down, across)
        if self.brightness or self.contrast or self.saturation:
            images = self._colour(images, colour)
        _erase(images, erase < self.erasing, area, ratio, top, left)
        return images

    def _move(self, images: Pixels, flip: Tensor, down: Tensor, across: Tensor) -> Pixels:
        """Mirror and crop into new memory."""
        height, width = images.shape[-2:]
        padded = v2.functional.pad(images, [self.padding]) if self.padding else images
        out = torch.empty(images.shape, dtype=images.dtype)
        steps = [1 - 2 * int(mirrored) for mirrored in flip < self.flip]
        offsets = [(u * (2 * self.padding + 1)).long().tolist() for u in (down, across)]
        for new, old, step, y, x in zip(out.numpy(), padded.numpy(), steps, *offsets, strict=True):
            new[:] = old[:, y : y + height, x : x + width][..., ::step]
        return out

    def _colour(self, images: Pixels, draws: Sequence[Tensor]) -> Pixels:
        """Formulas of torchvision's `adjust_brightness`, `adjust_contrast` and `adjust_saturation`, in this order.

        In place, because new memory is what costs here.
        """
        settings = (self.brightness, self.contrast, self.saturation)
        brightness, contrast, saturation = (
            (1 + s * (2 * u - 1)).view(-1, 1, 1, 1) for s, u in zip(settings, draws, strict=True)
        )
        given, top = images.dtype, 1 if images.is_floating_point() else 255
        images = images.float().mul_(brightness).clamp_(0, top)
        if self.contrast:
            grey = _grey(images.mean((-2, -1), keepdim=True))
            images.mul_(contrast).add_(grey * (1 - contrast)).clamp_(0, top)
        if self.saturation:
            grey = _grey(images)
            images.mul_(saturation).add_(grey.mul_(1 - saturation)).clamp_(0, top)
        return images if top == 1 else images.round_().to(given)


def draws(seed: int, passes: Sequence[int], rows: Sequence[int]) -> Float[Tensor, "batch 11"]:
    """Uniform random numbers for each image, a function of (seed, pass, row).

    Philox is counter-based (Salmon et al. 2011): every key has a stream of its own.
    """
    philox = np.random.Philox(key=0)
    generator, state = np.random.Generator(philox), philox.state
    out: NDArray[np.float32] = np.empty((len(rows), _DRAWS), dtype=np.float32)
    for place, (turn, row) in enumerate(zip(passes, rows, strict=True)):
        state["state"]["key"][:] = seed % 2**64, turn << 32 | row
        philox.state = state
        generator.random(out=out[place], dtype=np.float32)
    return torch.from_numpy(out)


def _grey(images: Pixels) -> Float[Tensor, "batch _ height width"]:
    return v2.functional.rgb_to_grayscale(images) if images.shape[1] == 3 else images.clone()


def _erase(images: Pixels, erased: Bool[Tensor, "batch"], *draws: Tensor) -> None:
    """Blacken a rectangle of the images that are erased, in place."""
    area, ratio, top, left = draws
    height, width = images.shape[-2:]
    area = (_AREA[0] + (_AREA[1] - _AREA[0]) * area) * height * width
    low, high = np.log(_RATIO)
    ratio = (low + (high - low) * ratio).exp()
    tall = (area * ratio).sqrt().round().clamp(1, height).long()
    wide = (area / ratio).sqrt().round().clamp(1, width).long()
    y, x = (top * (height - tall + 1)).long(), (left * (width - wide + 1)).long()
    boxes = torch.stack([y, y + tall, x, x + wide], -1).tolist()
    for place in erased.nonzero().flatten().tolist():
        up, down, start, end = boxes[place]
        images[place, :, up:down, start:end] = 0
