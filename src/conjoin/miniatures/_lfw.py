"""LFW in miniature."""

from pathlib import Path

from conjoin.miniatures._kumar import rated_faces, write_scores

_FOLDS = 10


def lfw(path: Path, images: int, seed: int) -> None:
    """Every third person is for testing; the first image has no attributes, and the last attributes no image."""
    rated = rated_faces(images, seed, "lfw")
    for row, (person, number) in enumerate(zip(rated.people, rated.numbers, strict=True)):
        name = person.replace(" ", "_")
        if row != images - 1 or images == 1:
            rated.faces.write(row, path / "lfw" / name / f"{name}_{number:04}.jpg")
    write_scores(path / "lfw_attributes.txt", "LFW Attributes", rated, list(range(min(1, images - 1), images)))
    counts = {name: rated.people.count(name) for name in dict.fromkeys(rated.people)}
    listed = [f"{name.replace(' ', '_')}\t{count}" for name, count in counts.items()]
    parts = {
        "peopleDevTrain.txt": [line for place, line in enumerate(listed) if place % 3 != 2],
        "peopleDevTest.txt": listed[2::3],
    }
    for file, lines in parts.items():
        (path / file).write_text("\n".join([str(len(lines)), *lines]) + "\n", "utf-8")
    folds = [listed[fold::_FOLDS] for fold in range(_FOLDS)]
    lines = [str(_FOLDS), *(line for fold in folds for line in (str(len(fold)), *fold))]
    (path / "people.txt").write_text("\n".join(lines) + "\n", "utf-8")
