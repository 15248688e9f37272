"""AwA2 in miniature."""

from pathlib import Path

import numpy as np

from conjoin.miniatures._pictures import write_picture

_SPECIES = ("antelope", "grizzly+bear", "killer+whale", "beaver", "dalmatian", "persian+cat")
_TEST = ("killer+whale", "persian+cat")
"""Of the zero-shot splits."""
_PREDICATES = ("black", "white", "blue", "brown", "gray", "orange", "red", "yellow")
_MATRIX = ("10101010", "01100110", "11001100", "10010101", "01011001", "00110011")
"""A row a species; every predicate holds of some and not of others, in either zero-shot split."""


def awa2(path: Path, images: int, seed: int) -> None:
    """Species take turns; hue tells which."""
    rng = np.random.default_rng(seed)
    base = path / "Animals_with_Attributes2"
    for number in range(images):
        species = number % len(_SPECIES)
        name = f"{_SPECIES[species]}_{10001 + number // len(_SPECIES)}.jpg"
        write_picture(base / "JPEGImages" / _SPECIES[species] / name, rng, hue=species / len(_SPECIES))
    strengths = [[75.0 * int(cell) + 5 * rng.random() for cell in row] for row in _MATRIX]
    strengths[3][7] = -1
    for file, lines in {
        "classes.txt": [f"{number:8}\t{name}" for number, name in enumerate(_SPECIES, 1)],
        "predicates.txt": [f"{number:8}\t{name}" for number, name in enumerate(_PREDICATES, 1)],
        "predicate-matrix-binary.txt": [" ".join(row) for row in _MATRIX],
        "predicate-matrix-continuous.txt": ["".join(f"{cell:8.2f}" for cell in row) for row in strengths],
        "trainclasses.txt": [name for name in _SPECIES if name not in _TEST],
        "testclasses.txt": list(_TEST),
    }.items():
        (base / file).write_text("\n".join(lines) + "\n", "utf-8")
