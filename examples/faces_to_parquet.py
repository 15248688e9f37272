"""Drawn faces as one Parquet file, with expression and action units, for `studies/affect-drawn.yaml`.

    python examples/faces_to_parquet.py [FILE] [FACES]

The faces are synthetic: nobody was photographed. Of 13,000, the default, 2,000 are for testing.
"""

import io
import sys
from pathlib import Path

import polars as pl
from PIL import Image

from conjoin.datasets import ACTION_UNITS, EXPRESSIONS, drawn_faces

file = Path(sys.argv[1] if len(sys.argv) > 1 else "drawn_faces.parquet")
count = int(sys.argv[2]) if len(sys.argv) > 2 else 13_000
tests = min(2000, count // 5)


def png(pixels: object) -> bytes:
    """One face as PNG."""
    Image.fromarray(pixels).save(buffer := io.BytesIO(), "png")  # type: ignore[arg-type]
    return buffer.getvalue()


faces = drawn_faces(count, seed=0)
units = {f"AU{unit}": faces.units[:, column].numpy() for column, unit in enumerate(ACTION_UNITS)}
frame = pl.DataFrame(
    {
        "image": [png(pixels) for pixels in faces.images.permute(0, 2, 3, 1).numpy()],
        "expression": [EXPRESSIONS[code] for code in faces.expression.tolist()],
        **units,
        "split": ["test"] * tests + ["train"] * (count - tests),
    }
)
frame.write_parquet(file)
print(f"Wrote {count:,} synthetic faces to {file}")
