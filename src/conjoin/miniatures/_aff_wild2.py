"""Aff-Wild2 in miniature, with the annotations of the later competitions."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from conjoin.miniatures._faces import Faces
from conjoin.miniatures._plain_face import write_plain_face

_CLASSES = ("neutral", "anger", "disgust", "fear", "happiness", "sadness", "surprise", "other")
_UNITS = (1, 2, 4, 6, 7, 10, 12, 15, 23, 24, 25, 26)
_OTHER = (6, 12, 15, 23)
"""Units of faces that are called other, which the drawn faces do not know."""
_FRAMES = 6  # of a video that have a face


def aff_wild2(path: Path, images: int, seed: int) -> None:
    """Videos of six faces, two of three images of a class for training; all three kinds of annotation.

    The second and the third video of each split are two persons in one. The third frame of a video has no face, some
    frames lack an annotation, or one action unit, or both annotations; text files are longer than videos, and one video
    is longer than its text file.
    """
    faces, rng = Faces(images, seed, "aff_wild2"), np.random.default_rng(seed)
    seen: Counter[str] = Counter()
    parts: dict[str, list[tuple[int, str]]] = {"Train_Set": [], "Validation_Set": []}
    for number, expression in enumerate(faces.expressions):
        name = "other" if number % 10 == 3 else expression
        seen[name] += 1
        parts["Train_Set" if seen[name] % 3 else "Validation_Set"].append((number, name))
    for split, members in parts.items():
        listed = ["image,valence,arousal,expression," + ",".join(f"AU{unit}" for unit in _UNITS)]
        for kind in ("EXPR_Recognition_Challenge", "AU_Detection_Challenge"):
            (path / "annotations" / kind / split).mkdir(parents=True)
        for first in range(0, len(members), _FRAMES):
            video = _video(split, first // _FRAMES)
            codes, units = [-1] * (_FRAMES + 3), [[-1] * len(_UNITS) for _ in range(_FRAMES + 3)]
            for place, (number, name) in enumerate(members[first : first + _FRAMES]):
                frame = place + 1 + (place > 1)  # the third has no face
                file = path / "cropped_aligned" / video / f"{frame:05}.jpg"
                if name == "other":
                    write_plain_face(file, _OTHER, rng)
                else:
                    faces.write(number, file)
                if number % 9 != 4:
                    codes[frame - 1] = _CLASSES.index(name)
                if number % 7 != 5:
                    present = (
                        [int(unit in _OTHER) for unit in _UNITS] if name == "other" else faces.present(number, _UNITS)
                    )
                    units[frame - 1] = [-1, *present[1:]] if number % 11 == 6 else present
                listed.append(_listed(f"{video}/{frame:05}.jpg", codes[frame - 1], units[frame - 1]))
            codes[2], units[2] = 0, [0] * len(_UNITS)  # annotated, but the face was not found
            listed.append(_listed(f"{video}/00003.jpg", 0, units[2]))
            _write(path, split, video, codes, units)
        lists = path / "annotations" / "MTL_Challenge"
        lists.mkdir(exist_ok=True)
        (lists / f"{split.lower()}.txt").write_text("\n".join(listed) + "\n", "utf-8")
    faces.write(0, path / "cropped_aligned" / _video("Train_Set", 0) / f"{_FRAMES + 4:05}.jpg")


def _video(split: str, number: int) -> str:
    """The second and the third are one video of two persons."""
    base = "" if split == "Train_Set" else "1"
    return f"video{base}1{('_left', '_right')[number - 1]}" if number in (1, 2) else f"{base}{number}-30-1280x720"


def _listed(name: str, code: int, units: Sequence[int]) -> str:
    return ",".join(map(str, (name, "-5" if code < 0 else "0.25", "-5" if code < 0 else "-0.5", code, *units)))


def _write(path: Path, split: str, video: str, codes: Sequence[int], units: Sequence[Sequence[int]]) -> None:
    sets = path / "annotations"
    text = "\n".join(["Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other", *map(str, codes)])
    (sets / "EXPR_Recognition_Challenge" / split / f"{video}.txt").write_text(text + "\n", "utf-8")
    text = "\n".join([",".join(f"AU{unit}" for unit in _UNITS), *(",".join(map(str, row)) for row in units)])
    (sets / "AU_Detection_Challenge" / split / f"{video}.txt").write_text(text + "\n", "utf-8")
