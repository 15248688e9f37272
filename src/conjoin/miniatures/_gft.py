"""GFT in miniature: one table a participant, a form that could not be confirmed, and frames already extracted."""

from pathlib import Path

from conjoin.datasets import ACTION_UNITS
from conjoin.miniatures._faces import Faces

_UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 23, 24)


def gft(path: Path, images: int, seed: int) -> None:
    """Thirty participants in turn; one frame of each is annotated without an image; units that are not drawn are 9."""
    faces = Faces(images, seed, "gft")
    participants = [f"{number // 3 + 1:03}{'ABC'[number % 3]}" for number in range(min(30, images))]
    (path / "annotations").mkdir()
    for place, participant in enumerate(participants):
        lines = [",".join(["frame", *(f"AU{unit}" for unit in _UNITS)])]
        mine = range(place, images, len(participants))
        for frame, number in enumerate(mine, 1):
            faces.write(number, path / "frames" / participant / f"{frame}.jpg")
            known = [unit in ACTION_UNITS and (number + column) % 20 > 0 for column, unit in enumerate(_UNITS)]
            present = faces.present(number, _UNITS)
            cells = [value if told else 9 for value, told in zip(present, known, strict=True)]
            lines.append(",".join(map(str, [frame, *cells])))
        lines.append(",".join(map(str, [len(mine) + 1, *[0] * len(_UNITS)])))
        (path / "annotations" / f"{participant}.csv").write_text("\n".join(lines) + "\n", "utf-8")
