"""Made pictures for miniatures of archives: colour and stripes that tell what the annotations say."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def write_picture(
    path: Path, rng: np.random.Generator, *, hue: float, stripes: int = 0, size: tuple[int, int] = (48, 48)
) -> None:
    """Write a noisy picture; its folder is made.

    Args:
        path: image file to write.
        rng: source of the noise, so that no two pictures are the same.
        hue: of the whole picture, in [0, 1].
        stripes: dark stripes across it.
        size: width and height.

    """
    width, height = size
    pixels: NDArray[np.float64] = np.empty((height, width, 3))
    pixels[:] = 255 * (0.5 + 0.45 * np.cos(2 * np.pi * (hue + np.arange(3) / 3)))
    if stripes:
        pixels *= np.where(np.sin(np.linspace(0, 2 * np.pi * stripes, width)) > 0, 1.0, 0.4)[None, :, None]
    pixels += rng.normal(0, 12, pixels.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
