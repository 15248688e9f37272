"""Labeled Faces in the Wild: 13,233 images of 5,749 people, with 73 attributes that classifiers found."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from conjoin.datasets._archive import About, Archive, find
from conjoin.datasets._identity import with_identity
from conjoin.datasets._kumar import CITATION, by_person, read_rated

ABOUT = About(
    title="LFW",
    citation="Huang, Ramesh, Berg & Learned-Miller, Labeled Faces in the Wild, technical report 07-49, University of "
    f"Massachusetts, Amherst, 2007. Attributes: {CITATION}",
    access="LFW is given by the University of Massachusetts (vis-www.cs.umass.edu/lfw); lfw_attributes.txt by Columbia "
    "University.",
)

_VIEW_1 = {"train": "peopleDevTrain.txt", "test": "peopleDevTest.txt"}
_FOLDS = 10


def lfw(
    root: str | Path,
    *,
    folder: str | None = None,
    fold: Annotated[int, Field(ge=1, le=_FOLDS)] | None = None,
    closed_set: bool = False,
    min_images: Annotated[int, Field(ge=1)] = 1,
) -> Archive:
    """Read LFW with its attributes.

    Annotations: `attributes` (73 labels; a score above 0 of the classifiers of Kumar et al. 2009 is present), and with
    `closed_set` also `identity` (names of people). Splits are those of view 1, train and test, or a fold of view 2;
    identity is the group: a person is in one split.

    Args:
        root: the folder with `lfw_attributes.txt`, images and lists of people.
        folder: of the images, below the root; else the first that is there of `lfw`, `lfw_funneled` and
            `lfw-deepfunneled`.
        fold: which fold of view 2 (`people.txt`) is for testing, from 1 to 10; the others are for training.
        closed_set: for the recognition of people: identity is an annotation, and the study draws splits of images.
        min_images: with `closed_set`, of a person whose identity is annotated; attributes are of all.

    Raises:
        FileNotFoundError: if the attributes or images are not there.
        ValueError: if a line of a file is not understood.

    """
    root = Path(root).absolute()
    scores = find(root, ABOUT, "lfw_attributes.txt")
    images = find(root, ABOUT, *([folder] if folder else ["lfw", "lfw_funneled", "lfw-deepfunneled"]))
    frame, names, notes = read_rated(scores, images, ABOUT)
    notes.insert(0, f"Images of {images.name}.")
    if closed_set:
        pass
    elif fold is not None:
        frame, told = by_person(frame, _fold(find(root, ABOUT, "people.txt"), fold), f"people.txt, fold {fold}")
        notes += told
    elif all((root / file).is_file() for file in _VIEW_1.values()):
        split = {person: part for part, file in _VIEW_1.items() for person in _people(root / file)[0]}
        frame, told = by_person(frame, split, " and ".join(_VIEW_1.values()))
        notes += told
    else:
        notes.append(f"No {' and '.join(_VIEW_1.values())}: there are no official splits.")
    frame, identity, told = with_identity(frame, closed_set=closed_set, min_images=min_images)
    return Archive(ABOUT, frame, {"attributes": names} | identity, (*notes, *told))


def _fold(path: Path, fold: int) -> dict[str, str]:
    folds = _people(path)
    if len(folds) != _FOLDS:
        raise ValueError(f"{path} should hold {_FOLDS} folds, as its first line says. Found {len(folds)}.")
    return {person: "test" if number == fold else "train" for number, part in enumerate(folds, 1) for person in part}


def _people(path: Path) -> list[list[str]]:
    """People of each part of a list: a line with their number, then a name and a number of images on each line."""
    parts: list[list[str]] = []
    left = 0
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        cells = line.split()
        if len(cells) == 1 and cells[0].isdigit() and not left:
            if number == 1 and path.name == "people.txt":  # how many folds follow
                continue
            left = int(cells[0])
            parts.append([])
        elif len(cells) == 2 and cells[1].isdigit() and left:
            parts[-1].append(cells[0].replace("_", " "))
            left -= 1
        elif cells:
            expected = f"a name and a number of images ({left} more)" if left else "the number of people that follow"
            raise ValueError(f"{path}, line {number}, should be {expected}. Found {line!r}.")
    if left or not parts:
        raise ValueError(f"{path} should hold as many people as it says. Found {left} too few at its end.")
    return parts
