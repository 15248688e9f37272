"""A sheet of drawn faces as a PNG. The faces are synthetic: nobody was photographed.

    python examples/draw_faces.py [FILE]

First each action unit alone on one person, from absent to strongest; then, row by row, people with
each expression.
"""

import sys
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from conjoin.datasets import ACTION_UNITS, EXPRESSIONS, draw_units, drawn_faces

file = Path(sys.argv[1] if len(sys.argv) > 1 else "drawn_faces.png")
units = [f"AU{unit}" for unit in ACTION_UNITS]
columns = len(units) + 1

alone = torch.cat([torch.zeros(1, len(units)), torch.eye(len(units))])
rows = {f"units, strength {strength}": draw_units(strength * alone) for strength in (0.5, 1.0)}

faces = drawn_faces(400, seed=0)
for code, expression in enumerate(EXPRESSIONS):
    rows[expression] = faces.images[faces.expression == code][:columns]

sheet = torch.cat([torch.cat(list(row), -1) for row in rows.values()], -2).permute(1, 2, 0).numpy()
left, top, side = 130, 40, 96
picture = Image.new("RGB", (left + columns * side, top + len(rows) * side), "white")
picture.paste(Image.fromarray(sheet).resize((columns * side, len(rows) * side), Image.Resampling.NEAREST), (left, top))
label = "Synthetic faces, drawn by conjoin; nobody was photographed."
pen = ImageDraw.Draw(picture)
pen.text((4, 4), f"{label} Above the columns: the units of the first two rows.", "black")
for column, name in enumerate(["no unit", *units]):
    pen.text((left + column * side + 4, top - 14), name, "black")
for row, name in enumerate(rows):
    pen.text((4, top + row * side + side // 2), name, "black")
info = PngInfo()
info.add_text("Description", label)
picture.save(file, pnginfo=info)
print(f"Wrote synthetic faces to {file}")
