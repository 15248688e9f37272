"""A sheet of drawn faces as a PNG. The faces are synthetic: nobody was photographed.

    python examples/draw_faces.py [FILE]

First each action unit alone on one person, from absent to strongest; then, row by row, people with
each expression.
"""

import sys
from pathlib import Path

import torch
from PIL import Image

from conjoin.datasets import ACTION_UNITS, EXPRESSIONS, draw_units, drawn_faces

file = Path(sys.argv[1] if len(sys.argv) > 1 else "drawn_faces.png")
columns = len(ACTION_UNITS) + 1

alone = torch.cat([torch.zeros(1, len(ACTION_UNITS)), torch.eye(len(ACTION_UNITS))])
rows = [draw_units(strength * alone) for strength in (0.5, 1.0)]

faces = drawn_faces(400, seed=0)
for expression in range(len(EXPRESSIONS)):
    rows.append(faces.images[faces.expression == expression][:columns])

sheet = torch.cat([torch.cat(list(row), -1) for row in rows], -2).permute(1, 2, 0).numpy()
Image.fromarray(sheet).resize((sheet.shape[1] * 2, sheet.shape[0] * 2), Image.Resampling.NEAREST).save(file)
print("Columns of the first two rows: no unit,", ", ".join(f"AU{unit}" for unit in ACTION_UNITS))
print("Rows below:", ", ".join(EXPRESSIONS))
print(f"Wrote synthetic faces to {file}")
