"""UT-Zappos50K in miniature."""

import csv
from pathlib import Path

import numpy as np

from conjoin.miniatures._pictures import write_picture

_SHOES = (  # hue tells which
    ("Boots", "Ankle", "Zipper"),
    ("Boots", "Over the Knee", "Pull-on"),
    ("Sandals", "Flat", "Buckle;Ankle Strap"),
    ("Sandals", "Heel", "Buckle"),
    ("Shoes", "Oxfords", "Lace up"),
    ("Shoes", "Loafers", "Slip-On"),
    ("Slippers", "Slipper Flats", "Slip-On"),
    ("Slippers", "Boot", "Pull-on"),
)
_MATERIALS = (  # stripes tell which
    ("Leather", "Men", "Leather"),
    ("Suede", "Women", "Padded"),
    ("Rubber;Leather", "Men;Women", "Removable"),
    ("", "Women", ""),
)
_HEELS = ("Flat", "1in - 1 3/4in", "")
_TOES = ("Round Toe", "Pointed Toe;Capped Toe", "")
_COLUMNS = ("CID", "Category", "SubCategory", "HeelHeight", "Insole", "Closure", "Gender", "Material", "ToeStyle")


def ut_zappos(path: Path, images: int, seed: int) -> None:
    """Two colours of each product; a brand that ends in a period; a row without an image, an image without a row."""
    rng = np.random.default_rng([seed, 0])
    rows = []
    for number in range(images + 1):
        shoe, material = int(rng.integers(len(_SHOES))), int(rng.integers(len(_MATERIALS)))
        (category, kind, closure), (made_of, gender, insole) = _SHOES[shoe], _MATERIALS[material]
        product, colour = 100627 + number // 2, (72, 255)[number % 2]
        rows.append(
            [f"{product}-{colour}", category, kind, _HEELS[shoe % 3], insole, closure, gender, made_of, _TOES[shoe % 3]]
        )
        brand = "L.A.M.B%2E" if number % 5 == 0 else "Bostonian"
        place = path / "ut-zap50k-images" / category / kind / brand / f"{product}.{colour}.jpg"
        if number < images:
            write_picture(place, rng, hue=shoe / len(_SHOES), stripes=2 * material, size=(68, 51))
    write_picture(path / "ut-zap50k-images" / "Shoes" / "Oxfords" / "Bostonian" / "7.1.jpg", rng, hue=0.5)
    folder = path / "ut-zap50k-data"
    folder.mkdir(parents=True)
    with (folder / "meta-data.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([_COLUMNS, *rows])
    values = [
        (group, column, value)
        for column, group in enumerate(_COLUMNS)
        if column
        for value in sorted({value for row in rows for value in row[column].split(";")} - {""})
    ]
    header = [f"{group}.{value.translate(_DOTS)}" for group, _, value in values]
    marked = [[row[0], *(int(value in row[column].split(";")) for _, column, value in values)] for row in rows]
    with (folder / "meta-data-bin.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([["CID", *header], *marked])


_DOTS = str.maketrans(dict.fromkeys(" -/", "."))
