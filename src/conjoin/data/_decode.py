"""One encoded image to pixels."""

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image


def decode(image: Mapping[str, Any]) -> Image.Image:
    """Decode one image to RGB."""
    data = image["bytes"]
    return Image.open(io.BytesIO(data) if data is not None else image["path"]).convert("RGB")
