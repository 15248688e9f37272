"""BP4D in miniature."""

from collections.abc import Sequence
from pathlib import Path

from conjoin.datasets import ACTION_UNITS
from conjoin.miniatures._faces import Faces

_UNITS = (1, 2, 4, 5, 6, 7, *range(9, 21), 22, 23, 24, *range(27, 40))


def bp4d(path: Path, images: int, seed: int) -> None:
    """Subjects in turn; frames are numbered from 2440 on, with leading zeros or not."""
    subjects = [*(f"F{number:03}" for number in range(1, 24)), *(f"M{number:03}" for number in range(1, 19))]
    write_au_coding(path, path, subjects, ("T1", "T8"), Faces(images + 1, seed, "bp4d"))


def write_au_coding(path: Path, frames: Path, subjects: Sequence[str], tasks: Sequence[str], faces: Faces) -> None:
    """Write faces as frames of subjects and tasks in turn; the last face is a frame that is not coded.

    Units that are not drawn are unknown, and of others every twentieth; one frame is coded that has no image.
    """
    rows: dict[str, list[str]] = {}
    for number in range(len(faces)):
        subject, task = subjects[number % len(subjects)], tasks[number // len(subjects) % len(tasks)]
        frame = 2440 + number
        name = (f"{frame}", f"{frame:04}", f"{frame:05}")[number % 3]
        faces.write(number, frames / subject / task / f"{name}.jpg")
        known = [unit in ACTION_UNITS and (number + place) % 20 > 0 for place, unit in enumerate(_UNITS)]
        present = faces.present(number, _UNITS)
        if number < len(faces) - 1:
            cells = [value if told else 9 for value, told in zip(present, known, strict=True)]
            rows.setdefault(f"{subject}_{task}", []).append(",".join(map(str, [frame, *cells])))
    rows[f"{subjects[0]}_{tasks[0]}"].append(",".join(map(str, [9998, *[0] * len(_UNITS)])))
    coding = path / "AUCoding" / "AU_OCC"
    coding.mkdir(parents=True)
    for sequence, lines in rows.items():
        text = "\n".join([",".join(map(str, [0, *_UNITS])), *lines])
        (coding / f"{sequence}.csv").write_text(f"{text}\n", "utf-8")
