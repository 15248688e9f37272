"""Clothing Attributes in miniature."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

from conjoin.miniatures._pictures import write_picture

_COLOURS = ("black", "blue", "brown", "cyan", "gray", "green", "many_colors", "purple", "red", "white", "yellow")
_PATTERNS = ("floral", "graphics", "plaid", "solid", "spot", "stripe")
_DETAILS = ("collar", "gender", "necktie", "placket", "scarf", "skin_exposure")


def clothing_attributes(path: Path, images: int, seed: int) -> None:
    """Hue tells category, colour and details, stripes the pattern, and a twelfth of each file is NaN."""
    rng = np.random.default_rng([seed, 0])
    root = path / "ClothingAttributeDataset"
    category, pattern = rng.integers(7, size=images), rng.integers(len(_PATTERNS), size=images)
    for number in range(images):
        picture = root / "images" / f"{number + 1:06}.jpg"
        write_picture(picture, rng, hue=category[number] / 7, stripes=int(2 * pattern[number]), size=(40, 60))
    codes: dict[str, NDArray[Any]] = {
        "category": category + 1,
        "neckline": category % 3 + 1,
        "sleevelength": pattern % 3 + 1,
    }
    codes |= {name: 1 + (category == number % 7) for number, name in enumerate(_COLOURS)}
    codes |= {f"pattern_{name}": 1 + (pattern == number) for number, name in enumerate(_PATTERNS)}
    codes |= {name: 1 + ((category + number) % 3 == 0) for number, name in enumerate(_DETAILS)}
    for name, values in codes.items():
        known = np.where(rng.random(images) < 1 / 12, np.nan, values.astype(np.float64))
        _write(root / "labels" / f"{name}_GT.mat", known[:, None])


def _write(path: Path, values: NDArray[np.float64]) -> None:
    written = BytesIO()
    savemat(written, {"GT": values})  # type: ignore[arg-type]  # it takes files, its stubs do not say so
    path.parent.mkdir(parents=True, exist_ok=True)
    # The first 116 bytes of a MATLAB file are text for people; SciPy puts the time of day there.
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(116) + written.getvalue()[116:])
