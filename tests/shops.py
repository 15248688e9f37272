"""Small sources on disk that several tests share."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from conjoin.study import Study


def picture(number: int, kind: str = "PNG") -> bytes:
    """An image of its own for each number."""
    pixels = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    rows = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_shop(folder: Path, rows: Iterable[Mapping[str, Any]], name: str = "shop.csv", start: int = 0) -> Path:
    """A CSV whose column `image` names pictures beside it."""
    named = [{"image": f"{number}.png", **row} for number, row in enumerate(rows, start)]
    for number, row in enumerate(named, start):
        if row["image"] == f"{number}.png":
            (folder / row["image"]).write_bytes(picture(number))
    return write_csv(folder / name, named)


def make_study(tasks: Mapping[str, Any], *data: Mapping[str, Any], **settings: Any) -> Study:
    sources = [{"name": f"source{number}", "format": "csv"} | dict(source) for number, source in enumerate(data)]
    return Study.model_validate({"tasks": tasks, "data": sources, **settings})
