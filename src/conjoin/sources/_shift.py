"""A source made to differ from others: its pixels, or how frequent its classes are."""

import io
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import xxhash
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

from conjoin.data import decode
from conjoin.names import nearest
from conjoin.sources._faults import DataError
from conjoin.sources._images import fingerprint
from conjoin.sources._mapped import quiet
from conjoin.study import Shift
from conjoin.tasks import Task


def shift_image(image: Image.Image, shift: Shift) -> Image.Image:
    """Crop, blur, change the contrast and cast a colour, in this order."""
    if shift.crop < 1:
        width, height = (max(1, round(side * shift.crop)) for side in image.size)
        left, top = (image.width - width) // 2, (image.height - height) // 2
        image = image.crop((left, top, left + width, top + height))
    if shift.blur:
        image = image.filter(ImageFilter.GaussianBlur(shift.blur))
    if shift.contrast != 1:
        image = ImageEnhance.Contrast(image).enhance(shift.contrast)
    if shift.colour_cast != (1, 1, 1):
        cast = np.asarray(image) * np.array(shift.colour_cast)
        image = Image.fromarray(np.clip(cast, 0, 255).round().astype(np.uint8))
    return image


def shift_images(images: datasets.Dataset, shift: Shift, cache: Path) -> datasets.Dataset:
    """Every image shifted and written anew as PNG, once; an image that does not decode stays as it is."""
    settings = shift.model_dump_json(exclude={"class_prior", "seed"})
    name = xxhash.xxh3_128_hexdigest((fingerprint(images) + settings).encode())
    (cache / "shifted").mkdir(parents=True, exist_ok=True)

    def change(batch: Any) -> dict[str, list[Any]]:
        return {"image": [_changed(encoded, shift) for encoded in batch["image"]]}

    with quiet():
        return images.map(
            change,
            batched=True,
            batch_size=256,
            features=images.features,
            cache_file_name=str(cache / "shifted" / f"{name}.arrow"),
            new_fingerprint=name,
        )


def _changed(encoded: dict[str, Any] | None, shift: Shift) -> dict[str, Any] | None:
    if encoded is None:
        return None
    data = encoded["path"] if encoded["bytes"] is None else encoded["bytes"]
    try:
        image = shift_image(decode(data or b""), shift)
    except (FileNotFoundError, ValueError):
        return encoded
    file = io.BytesIO()
    image.save(file, "PNG")
    return {"bytes": file.getvalue(), "path": None}


def with_class_prior(values: NDArray[Any], task: Task, shift: Shift) -> NDArray[np.bool_]:
    """Which rows to keep so that the named classes are as frequent, relative to each other, as the shift says.

    As many as possible are kept.

    Raises:
        DataError: if a named class has no image, so that all others would have to go.

    """
    prior = shift.class_prior[task.name]
    keep = np.ones(len(values), dtype=bool)
    codes = values if values.ndim == 1 else np.where(np.isnan(values).any(1), -1, np.nan_to_num(values).argmax(1))
    present = [name for place, name in enumerate(task.outputs) if (codes == place).any()]
    if absent := [name for name in prior if name not in present]:
        raise DataError(
            f"`class_prior` of task {task.name!r} should name classes that the source's images have. "
            f"Found {absent[0]!r} on none. {nearest(absent[0], present)}"
        )
    rows = {name: np.flatnonzero(codes == task.outputs.index(name)) for name in prior}
    scale = min(len(rows[name]) / prior[name] for name in rows)
    rng = np.random.default_rng([shift.seed])
    for name, here in rows.items():
        keep[rng.permutation(here)[round(scale * prior[name]) :]] = False
    return keep
