"""A plain face, for expressions that the drawn faces do not know: contempt, and what is called other."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from conjoin.datasets import ACTION_UNITS, draw_units


def write_plain_face(path: Path, units: Collection[int], rng: np.random.Generator) -> None:
    """Write one and the same person with some action units, whose strength is drawn so that no two images are alike.

    Args:
        path: image file to write; its folder is made.
        units: numbers of the units that are present.
        rng: source of their strength.

    """
    strength = [rng.uniform(0.4, 1) if unit in units else 0.0 for unit in ACTION_UNITS]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw_units(torch.tensor([strength])).permute(0, 2, 3, 1).numpy()[0]).save(path)
