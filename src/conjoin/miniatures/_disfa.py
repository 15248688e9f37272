"""DISFA in miniature: frames already extracted, since the distribution has videos."""

from pathlib import Path

import numpy as np

from conjoin.miniatures._faces import Faces

_SUBJECTS = [f"SN{number:03}" for number in (*range(1, 14), 16, 17, 18, 21, *range(23, 33))]
_UNITS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)


def disfa(path: Path, images: int, seed: int) -> None:
    """Subjects in turn; the last annotated frame of each has no image, and every fifth image is of the right camera."""
    faces, rng = Faces(images, seed, "disfa"), np.random.default_rng(seed)
    for place, subject in enumerate(_SUBJECTS):
        mine = range(place, images, len(_SUBJECTS))
        rows = np.array([faces.present(number, _UNITS) for number in mine] + [[0] * len(_UNITS)])
        intensity = np.where(rows, rng.integers(2, 6, rows.shape), rng.integers(0, 2, rows.shape))
        folder = path / "ActionUnit_Labels" / subject
        folder.mkdir(parents=True)
        for unit, column in zip(_UNITS, intensity.T, strict=True):
            lines = [f"{frame},{value}" for frame, value in enumerate(column.tolist(), 1)]
            (folder / f"{subject}_au{unit}.txt").write_text("\n".join(lines) + "\n", "utf-8")
        for frame, number in enumerate(mine, 1):
            camera = "Right" if number % 5 == 4 else "Left"
            faces.write(number, path / "frames" / f"{camera}Video{subject}" / f"{frame:05}.jpg")
