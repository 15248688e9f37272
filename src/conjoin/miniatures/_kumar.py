"""People and attribute scores in miniature, as they come with LFW and PubFig."""

from pathlib import Path
from typing import NamedTuple

from conjoin.miniatures._faces import Faces
from conjoin.miniatures._people import mark_people

_GIVEN = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn")
_FAMILY = ("Ash", "Van Birch", "Cedar", "Elm-Fir")
_ATTRIBUTES = {
    "Bushy Eyebrows": (4, 1),
    "Arched Eyebrows": (1, 1),
    "Narrow Eyes": (7, 1),
    "Mouth Slightly Open": (25, 1),
    "Mouth Closed": (25, -1),
    "Mouth Wide Open": (26, 1),
    "Double Chin": (17, 1),
    "5 o' Clock Shadow": (2, 1),
    "Strong Nose-Mouth Lines": (20, 1),
}
"""Action unit that shows an attribute, and whether by presence (1) or absence (-1)."""


class Rated(NamedTuple):
    """Faces, whose they are, and the number of each among those of its person."""

    faces: Faces
    people: list[str]
    """Name of the person on each face, with spaces."""
    numbers: list[int]


def rated_faces(images: int, seed: int, archive: str) -> Rated:
    """Five faces of each person; of more than 24 people, the first again."""
    faces = Faces(images, seed, archive)
    person = [number // 5 % (len(_GIVEN) * len(_FAMILY)) for number in range(images)]
    mark_people(faces, person)
    people = [f"{_GIVEN[one % len(_GIVEN)]} {_FAMILY[one // len(_GIVEN)]}" for one in person]
    return Rated(faces, people, [person[:number].count(one) + 1 for number, one in enumerate(person)])


def write_scores(path: Path, title: str, rated: Rated, rows: list[int]) -> None:
    """Write scores of some faces: a comment, a header with a cell too many, a line for each face."""
    lines = [f"# {title} made in miniature", "\t".join(["#", "person", "imagenum", *_ATTRIBUTES])]
    for row in rows:
        scores = []
        for place, (unit, sign) in enumerate(_ATTRIBUTES.values()):
            size = 0.05 + (7 * row + place) % 20 / 10
            scores.append(f"{sign * (1 if rated.faces.present(row, [unit])[0] else -1) * size:.14f}")
        lines.append("\t".join([rated.people[row], str(rated.numbers[row]), *scores]))
    path.write_text("\n".join(lines) + "\n", "utf-8")
