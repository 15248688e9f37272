"""CUB-200-2011 in miniature."""

from pathlib import Path

import numpy as np
from PIL import Image

from conjoin.miniatures._pictures import write_picture

_SPECIES = (
    "Black_footed_Albatross",
    "Laysan_Albatross",
    "Sooty_Albatross",
    "Groove_billed_Ani",
    "Crested_Auklet",
    "Least_Auklet",
)
_BILLS = ("curved_(up_or_down)", "dagger", "hooked")
"""By species, and so by hue."""
_PATTERNS = {"solid": 0, "spotted": 9, "striped": 4}
"""Stripes of each; by image."""
_COLOURS = ("blue", "brown", "iridescent", "purple", "rufous", "grey")
"""By species."""
_CERTAINTY = (4, 4, 3, 4, 4, 1, 3, 4, 2, 4)
_STRAY = (3, 9)
"""Images of whose lines those from attribute 10 have a stray 0; in the data images 2275 and 9364."""


def cub(path: Path, images: int, seed: int) -> None:
    """Every other image of a species for training; `attributes.txt` beside the folder, and one image in grey."""
    rng = np.random.default_rng(seed)
    base = path / "CUB_200_2011"
    names = [f"has_bill_shape::{bill}" for bill in _BILLS]
    names += [f"has_wing_pattern::{pattern}" for pattern in _PATTERNS]
    names += [f"has_primary_color::{colour}" for colour in _COLOURS]
    classes = [f"{number:03}.{species}" for number, species in enumerate(_SPECIES, 1)]
    files: dict[str, list[str]] = {
        "../attributes.txt": [f"{number} {name}" for number, name in enumerate(names, 1)],
        "classes.txt": [f"{number} {name}" for number, name in enumerate(classes, 1)],
        "attributes/certainties.txt": ["1 not visible", "2 guessing", "3 probably", "4 definitely"],
        "attributes/class_attribute_labels_continuous.txt": [],
    }
    for species in range(len(_SPECIES)):
        rates = [92.5 * bill + 2.5 for bill in np.eye(3)[species % 3]] + [100 / 3] * 3
        rates += [95 * colour for colour in np.eye(6)[species]]
        files["attributes/class_attribute_labels_continuous.txt"].append(" ".join(f"{rate:.10g}" for rate in rates))
    for number, species in enumerate(sorted(n % len(_SPECIES) for n in range(images)), 1):
        pattern = number % 3
        name = f"{classes[species]}/{_SPECIES[species]}_{number:04}_{796111 + number}.jpg"
        stripes = list(_PATTERNS.values())[pattern]
        write_picture(base / "images" / name, rng, hue=species / len(_SPECIES), stripes=stripes)
        if number == 2:
            with Image.open(base / "images" / name) as picture:
                picture.convert("L").save(base / "images" / name)
        present = [*np.eye(3, dtype=int)[species % 3], *np.eye(3, dtype=int)[pattern], *np.eye(6, dtype=int)[species]]
        for file, line in {
            "images.txt": f"{number} {name}",
            "image_class_labels.txt": f"{number} {species + 1}",
            "train_test_split.txt": f"{number} {number // 3 % 2}",
            "bounding_boxes.txt": f"{number} 4.0 4.0 40.0 40.0",
        }.items():
            files.setdefault(file, []).append(line)
        for place, one in enumerate(present):
            certainty = _CERTAINTY[(7 * number + 3 * place) % len(_CERTAINTY)]
            stray = "0 " if number in _STRAY and place >= 9 else ""
            line = f"{number} {place + 1} {one} {certainty} {stray}{rng.uniform(0.5, 20):.3f}"
            files.setdefault("attributes/image_attribute_labels.txt", []).append(line)
    for file, lines in files.items():
        (base / file).parent.mkdir(parents=True, exist_ok=True)
        (base / file).write_text("\n".join(lines) + "\n", "utf-8")
