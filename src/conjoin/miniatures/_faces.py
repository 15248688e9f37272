"""Made faces for miniatures of facial archives: drawn, with expressions and action units that agree."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conjoin.datasets import ACTION_UNITS, EXPRESSIONS, drawn_faces

_STRIP = 3


class Faces:
    """Some drawn faces, written and described one by one.

    Args:
        count: how many.
        seed: which.
        archive: whose miniature it is. A strip below the faces is of a colour of its own, so that miniatures of one
            seed do not have the same pictures: a study of several would find its test images among those of training.

    """

    def __init__(self, count: int, seed: int, archive: str) -> None:
        made = drawn_faces(count, seed=seed)
        self.pixels: NDArray[np.uint8] = made.images.permute(0, 2, 3, 1).numpy()
        self.pixels[:, -_STRIP:] = list(crc32(archive.encode()).to_bytes(4, "big")[:3])
        self.expressions = [EXPRESSIONS[code] for code in made.expression.tolist()]
        self.units: list[Mapping[int, int]] = [dict(zip(ACTION_UNITS, row, strict=True)) for row in made.units.tolist()]
        """0 or 1 of each action unit that is drawn, by its number."""

    def __len__(self) -> int:
        return len(self.pixels)

    def write(self, number: int, path: Path) -> None:
        """Write one face as an image file; its folder is made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(self.pixels[number]).save(path)

    def present(self, number: int, units: Sequence[int]) -> list[int]:
        """0 or 1 of some units; those that are not drawn are absent."""
        return [self.units[number].get(unit, 0) for unit in units]
