"""RAF-DB (basic) in miniature."""

from pathlib import Path

from conjoin.miniatures._faces import Faces

_CODES = {"surprise": 1, "fear": 2, "disgust": 3, "happiness": 4, "sadness": 5, "anger": 6, "neutral": 7}


def raf_db(path: Path, images: int, seed: int) -> None:
    """Four of five images for training; training ids have five digits, test ids four."""
    faces, lines = Faces(images, seed, "raf_db"), []
    for number, expression in enumerate(faces.expressions):
        stem = f"test_{number // 5 + 1:04}" if number % 5 == 4 else f"train_{number - number // 5 + 1:05}"
        lines.append(f"{stem}.jpg {_CODES[expression]}")
        faces.write(number, path / "basic" / "Image" / "aligned" / f"{stem}_aligned.jpg")
        faces.write(number, path / "basic" / "Image" / "original" / f"{stem}.jpg")
        manual = path / "basic" / "Annotation" / "manual" / f"{stem}_manu_attri.txt"
        manual.parent.mkdir(parents=True, exist_ok=True)
        landmarks = [f"{x}\t{y}" for x, y in ((15, 20), (33, 20), (24, 28), (18, 36), (30, 36))]
        manual.write_text("\n".join([*landmarks, str(number % 3), str(number % 3), str(number % 5)]) + "\n", "utf-8")
    listed = path / "basic" / "EmoLabel" / "list_patition_label.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text("\n".join(lines) + "\n", "utf-8")
