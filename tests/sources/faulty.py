"""A small source to be spoilt."""

from pathlib import Path
from typing import Any

from tests.shops import write_shop

CLASSES = {"article": {"classes": ["shirt", "shoe"]}}


def source(path: Path, **settings: Any) -> dict[str, Any]:
    return {
        "name": "shop",
        "path": str(path),
        "split": {"column": "part"},
        "annotations": {"article": "article"},
    } | settings


def shop(folder: Path, **changes: Any) -> Path:
    """Six good rows, of which the fourth is changed."""
    rows = [{"article": "shoe", "part": part, "id": str(n)} for n, part in enumerate(("train", "test") * 3)]
    rows[3] |= changes
    return write_shop(folder, rows)


def touched(path: Path, text: str = "") -> Path:
    path.write_text(text)
    return path
