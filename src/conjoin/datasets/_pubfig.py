"""PubFig: 58,797 images of 200 people, with 73 attributes that classifiers found; images are given as addresses."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from conjoin.datasets._archive import About, Archive, find
from conjoin.datasets._identity import with_identity
from conjoin.datasets._kumar import CITATION, by_person, read_rated

ABOUT = About(
    title="PubFig",
    citation=CITATION,
    access="Lists and attributes of PubFig are given for non-commercial use by Columbia University "
    "(www.cs.columbia.edu/CAVE/databases/pubfig); images are to be fetched from the addresses in its lists, of which "
    "many are dead.",
)

_PEOPLE = {"train": "dev_people.txt", "test": "eval_people.txt"}


def pubfig(
    root: str | Path,
    *,
    folder: str = "",
    closed_set: bool = False,
    min_images: Annotated[int, Field(ge=1)] = 1,
) -> Archive:
    """Read PubFig with its attributes.

    Annotations: `attributes` (73 labels; a score above 0 of the classifiers of Kumar et al. 2009 is present), and with
    `closed_set` also `identity` (names of people). The development set is for training, the evaluation set for
    testing; identity is the group, of people who are in one of them only.

    Args:
        root: the folder with `pubfig_attributes.txt` and lists of people.
        folder: of the images, below the root: somewhere in it, files such as `Barack_Obama_441.jpg`.
        closed_set: for the recognition of people: identity is an annotation, and the study draws splits of images.
        min_images: with `closed_set`, of a person whose identity is annotated; attributes are of all.

    Raises:
        FileNotFoundError: if the attributes or images are not there.
        ValueError: if a line of a file is not understood.

    """
    root = Path(root).absolute()
    scores = find(root, ABOUT, "pubfig_attributes.txt")
    frame, names, notes = read_rated(scores, find(root, ABOUT, folder) if folder else root, ABOUT)
    if closed_set:
        pass
    elif all((root / file).is_file() for file in _PEOPLE.values()):
        split = {person: part for part, file in _PEOPLE.items() for person in _people(root / file)}
        frame, told = by_person(frame, split, "dev_people.txt (train) and eval_people.txt (test)")
        notes += told
    else:
        notes.append(f"No {' and '.join(_PEOPLE.values())}: there are no official splits.")
    frame, identity, told = with_identity(frame, closed_set=closed_set, min_images=min_images)
    return Archive(ABOUT, frame, {"attributes": names} | identity, (*notes, *told))


def _people(path: Path) -> list[str]:
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return [line.split("\t")[0].replace("_", " ") for line in lines if line and not line.startswith("#")]
