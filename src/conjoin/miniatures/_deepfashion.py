"""DeepFashion, category and attribute prediction, in miniature."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from conjoin.miniatures._pictures import write_picture

_CATEGORIES = (("Blouse", 1), ("Tee", 1), ("Cape", 1), ("Jeans", 2), ("Skirt", 2), ("Dress", 3), ("Nightdress", 3))
_OCCUPIED = (0, 1, 3, 4, 5)  # hue tells which; Cape and Nightdress were merged into Dress
_COARSE: tuple[
    tuple[str, int, tuple[int, ...], tuple[int, ...]], ...
] = (  # name, type, and where the attribute is present: which hues, which numbers of stripes
    ("abstract", 1, (), (0,)),
    ("abstract animal print", 1, (), (2, 3)),
    ("cotton", 2, (0, 1), ()),
    ("denim", 2, (2,), ()),
    ("a-line", 3, (3, 4), ()),
    ("long sleeve", 4, (0,), ()),
    ("v-neck", 4, (1, 4), ()),
    ("sweet", 5, (3,), (1,)),
)
_FINE = (
    ("floral", "graphic", "striped", "embroidered", "pleated", "solid", "lattice"),
    ("long_sleeve", "short_sleeve", "sleeveless"),
    ("maxi_length", "mini_length", "no_dress"),
    ("crew_neckline", "v_neckline", "square_neckline", "no_neckline"),
    ("denim", "chiffon", "cotton", "leather", "faux", "knit"),
    ("tight", "loose", "conventional"),
)


def deepfashion(path: Path, images: int, seed: int) -> None:
    """Coarse and fine lists of the same images, padded with spaces; an image of the coarse lists has no file."""
    rng = np.random.default_rng([seed, 0])
    rows = []
    for number in range(images + 1):
        hue, stripes = int(rng.integers(len(_OCCUPIED))), int(rng.integers(4))
        name = f"img/Sheer_Pleated-Front_{number // 3}/img_{number % 3 + 1:08}.jpg"
        split = ("train", "train", "train", "val", "test")[number % 5]
        if number < images:
            write_picture(path / "Img" / name, rng, hue=hue / len(_OCCUPIED), stripes=3 * stripes, size=(40, 60))
        coarse = [1 if hue in hues or stripes in bars else -1 for _, _, hues, bars in _COARSE]
        known = [code if rng.random() > 0.1 else 0 for code in coarse]
        shown = [stripes + 3 * (hue > 2), *(hue + group for group in range(1, 4)), hue + (stripes == 3), hue]
        fine = [
            int(value % len(names) == place)
            for value, names in zip(shown, _FINE, strict=True)
            for place in range(len(names))
        ]
        rows.append((name, split, _OCCUPIED[hue] + 1, known, fine))
    for place, sets in (("Anno_coarse", rows), ("Anno_fine", rows[:-1])):
        _write(path / place / "list_category_cloth.txt", ("category_name", "category_type"), _CATEGORIES)
        _write(path / place / "list_category_img.txt", ("image_name", "category_label"), [(r[0], r[2]) for r in sets])
    attributes = [(name, kind) for name, kind, _, _ in _COARSE]
    _write(path / "Anno_coarse" / "list_attr_cloth.txt", ("attribute_name", "attribute_type"), attributes)
    labels = [(row[0], " ".join(f"{code:2}" for code in row[3])) for row in rows]
    _write(path / "Anno_coarse" / "list_attr_img.txt", ("image_name", "attribute_labels"), labels)
    attributes = [(name, kind) for kind, names in enumerate(_FINE, 1) for name in names]
    _write(path / "Anno_fine" / "list_attr_cloth.txt", ("attribute_name", "attribute_type"), attributes)
    _write(path / "Eval" / "list_eval_partition.txt", ("image_name", "evaluation_status"), [r[:2] for r in rows])
    for split in ("train", "val", "test"):
        part = [row for row in rows[:-1] if row[1] == split]
        for kind, lines in (
            ("", [row[0] for row in part]),
            ("_cate", [str(row[2]) for row in part]),
            ("_attr", [" ".join(map(str, row[4])) for row in part]),
        ):
            (path / "Anno_fine" / f"{split}{kind}.txt").write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _write(path: Path, header: tuple[str, str], rows: Sequence[tuple[object, object]]) -> None:
    lines = [str(len(rows)), "  ".join(header), *(f"{name!s:70} {code}" for name, code in rows)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8")
