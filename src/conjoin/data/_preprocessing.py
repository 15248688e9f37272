"""From encoded images to what a network reads."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt
from torch import Tensor
from torchvision.transforms import v2

from conjoin.data._decode import decode

Triple = tuple[float, float, float]


class Preprocessing(BaseModel):
    """How images are brought to one size and scale, in training and in evaluation alike."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: tuple[PositiveInt, PositiveInt]
    """Height and width; images are resized to it, not cropped."""
    mean: Triple = (0.485, 0.456, 0.406)
    """Of red, green and blue within [0, 1], subtracted. By default those of ImageNet, on which most backbones start."""
    std: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (0.229, 0.224, 0.225)
    """Of red, green and blue within [0, 1], divided by."""

    def read(
        self, encoded: Sequence[Mapping[str, Any]], rows: Sequence[int] | None = None
    ) -> UInt8[Tensor, "batch 3 height width"]:
        """Decode and resize images, each given by its `bytes` or `path`.

        Args:
            encoded: images as files hold them.
            rows: their row numbers, for messages.

        Raises:
            ValueError: if one cannot be decoded, naming its row and file.

        """
        by_size: dict[tuple[int, ...], list[tuple[int, NDArray[np.uint8]]]] = {}
        for place, image in enumerate(encoded):
            try:
                pixels = np.asarray(_decoded(image["bytes"], image["path"]))
            except (FileNotFoundError, ValueError) as error:
                row = place if rows is None else rows[place]
                raise ValueError(f"Row {row}: {error}") from error
            by_size.setdefault(pixels.shape, []).append((place, pixels))
        images = torch.empty(len(encoded), 3, *self.size, dtype=torch.uint8)
        for group in by_size.values():  # images of one size are resized in one call
            stacked = torch.from_numpy(np.stack([pixels for _, pixels in group])).permute(0, 3, 1, 2)
            images[[place for place, _ in group]] = v2.functional.resize(stacked, list(self.size), antialias=True)
        return images

    def normalise(self, images: UInt8[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """Subtract the mean and divide by the standard deviation."""
        mean, std = (torch.tensor(values).view(3, 1, 1) * 255 for values in (self.mean, self.std))
        return images.float().sub_(mean).div_(std)


def _decoded(data: bytes | None, path: str | None) -> Image.Image:
    if data is not None:
        return decode(data)
    if path is None:
        raise ValueError("`image` should have bytes or a path. Found neither: the cell is empty.")
    return decode(path)
