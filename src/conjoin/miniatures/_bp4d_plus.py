"""BP4D+ in miniature."""

from pathlib import Path

from conjoin.miniatures._bp4d import write_au_coding
from conjoin.miniatures._faces import Faces


def bp4d_plus(path: Path, images: int, seed: int) -> None:
    """Forty subjects in turn, in those tasks that are coded."""
    subjects = [f"{'FM'[number % 2]}{number + 1:03}" for number in range(40)]
    write_au_coding(path, path / "2D+3D", subjects, ("T1", "T6", "T7", "T8"), Faces(images + 1, seed, "bp4d_plus"))
