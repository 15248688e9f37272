"""AffectNet in miniature, in the form of 2017."""

from collections import Counter
from pathlib import Path

import numpy as np

from conjoin.miniatures._faces import Faces
from conjoin.miniatures._plain_face import write_plain_face

_CODES = {"neutral": 0, "happiness": 1, "sadness": 2, "surprise": 3, "fear": 4, "disgust": 5, "anger": 6}
_CONTEMPT = 7
_NOT_EXPRESSIONS = (8, 9, 10)
_KINDS = ("jpg", "png", "JPG", "bmp", "jpeg", "tif")
_HEADER = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"


def affectnet(path: Path, images: int, seed: int) -> None:
    """Two of three images of a class for training; the list for validation has no header.

    Every tenth shows contempt, which the drawn faces do not know: one plain person, lip corners and chin raised. Beside
    them are images that are none of the expressions, a box that begins outside its image, and a listed file that is
    missing.
    """
    faces, rng = Faces(images, seed, "affectnet"), np.random.default_rng(seed)
    folder, lists = path / "Manually_Annotated_Images", path / "Manually_Annotated_file_lists"
    lines: dict[str, list[str]] = {"training": [_HEADER], "validation": []}
    seen: Counter[int] = Counter()
    for number, expression in enumerate(faces.expressions):
        name = f"{number % 7 + 1}/{seed:08x}{number:024x}.{_KINDS[number % len(_KINDS)]}"
        faces.write(number, folder / name)
        code = _CODES[expression]
        if number % 10 == 3:
            code = _CONTEMPT
            write_plain_face(folder / name, (12, 17), rng)
        seen[code] += 1
        lines["training" if seen[code] % 3 else "validation"].append(_line(name, code, left=-3 if number == 1 else 2))
    for code in _NOT_EXPRESSIONS:
        name = f"8/{seed:08x}{code:024x}.jpg"
        faces.write(0, folder / name)
        lines["training"].append(_line(name, code))
    lines["training"].append(_line("8/missing.jpg", _CODES["neutral"]))
    lists.mkdir(parents=True)
    for title, written in lines.items():
        (lists / f"{title}.csv").write_text("\n".join(written) + "\n", "utf-8")


def _line(name: str, code: int, left: int = 2) -> str:
    landmarks = ";".join(f"{10 + place % 28}.5" for place in range(136))
    affect = "-2,-2" if code in _NOT_EXPRESSIONS else "0.12,-0.3"
    return f"{name},{left},2,44,44,{landmarks},{code},{affect}"
