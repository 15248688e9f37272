"""Small tables of encoded images."""

import io
from typing import Any

import datasets
import numpy as np
from PIL import Image

FEATURES = datasets.Features(
    {
        "image": datasets.Image(decode=False),
        "source": datasets.Value("int16"),
        "group": datasets.Value("string"),
        "task:kind": datasets.Value("int32"),
        "task:marks": datasets.List(datasets.Value("int8"), length=2),
        "task:soft": datasets.List(datasets.Value("float32"), length=2),
    }
)


def encoded(number: int, size: tuple[int, int] = (10, 8), kind: str = "PNG") -> bytes:
    """An image of its own for each number, height and width as given."""
    pixels = np.random.default_rng(number).integers(0, 256, (*size, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def table(images: int = 12, size: tuple[int, int] = (10, 8)) -> datasets.Dataset:
    """The first quarter is source 0, annotated for `kind`; the others source 3, for `marks`; the last for `soft`."""
    first = images // 4
    rows: dict[str, list[Any]] = {
        "image": [{"bytes": encoded(i, size), "path": None} for i in range(images)],
        "source": [0 if i < first else 3 for i in range(images)],
        "group": [None] * images,
        "task:kind": [i % 3 if i < first else -1 for i in range(images)],
        "task:marks": [[-1, -1] if i < first else [i % 2, -1] for i in range(images)],
        "task:soft": [[0.25, 0.75] if i == images - 1 else [float("nan")] * 2 for i in range(images)],
    }
    return datasets.Dataset.from_dict(rows, features=FEATURES)
