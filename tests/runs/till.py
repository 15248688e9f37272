"""A study of small files, and how its users run it."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from PIL import Image
from typer.testing import CliRunner, Result

from conjoin.cli import app
from tests.shops import write_csv

COLOURS = {"shirt": (220, 40, 40), "shoe": (40, 220, 40), "scarf": (40, 40, 220)}
TASKS = {"article": {"classes": list(COLOURS)}, "marks": {"labels": ["light", "framed"]}}
COMPARED = Path("runs") / "shop" / "compare"
SETTINGS: dict[str, Any] = {
    "name": "shop",
    "backbone": {"image_size": [8, 8]},
    "training": {"steps": 30, "batch_size": 24, "validate_every": 10},
    "arms": ["single", "coupled"],
    "seeds": [0, 1],
}


def make_study(folder: Path) -> Path:
    """Articles told by colour; marks by brightness and a frame."""
    rng, rows = np.random.default_rng(0), []
    (folder / "images").mkdir()
    for number in range(160):
        article, light, framed = list(COLOURS)[number % 3], number % 4 < 2, number % 5 < 2
        pixels = np.full((8, 8, 3), COLOURS[article]) * (1 if light else 0.5) + rng.normal(0, 12, (8, 8, 3))
        if framed:
            pixels[[0, -1]] = pixels[:, [0, -1]] = 255
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / "images" / f"{number}.png")
        part = ("train", "train", "train", "validation", "test")[number // 32]
        rows.append(
            {
                "image": f"images/{number}.png",
                "article": article,
                "light": int(light),
                "framed": int(framed),
                "part": part,
                "who": f"g{number // 4}",
            }
        )
    write_csv(folder / "shop.csv", rows)
    return write_study(folder)


def write_study(folder: Path, **changes: Any) -> Path:
    source = {
        "name": "till",
        "format": "csv",
        "path": "shop.csv",
        "split": {"column": "part"},
        "group": "who",
        "annotations": {"article": "article", "marks": {"columns": ["light", "framed"]}},
    }
    relations = [{"source": "article", "target": "marks", "table": [[0.5, 0.4]] * 3}]
    regime = {"article": 40, "marks": 60}
    parts = {"tasks": TASKS, "data": [source], "relations": relations, "regime": regime}
    (folder / "study.yaml").write_text(yaml.safe_dump(SETTINGS | parts | changes))
    return folder / "study.yaml"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def results(folder: Path) -> pl.DataFrame:
    return pl.read_csv(folder / "metrics.csv").drop("seconds").sort("arm", "seed", "task")
