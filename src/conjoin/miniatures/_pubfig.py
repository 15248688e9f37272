"""PubFig in miniature."""

from pathlib import Path

from conjoin.miniatures._kumar import rated_faces, write_scores


def pubfig(path: Path, images: int, seed: int) -> None:
    """People take turns in the development and the evaluation set; the last image is gone from where it was."""
    rated = rated_faces(images, seed, "pubfig")
    for row, (person, number) in enumerate(zip(rated.people, rated.numbers, strict=True)):
        if row != images - 1 or images == 1:
            rated.faces.write(row, path / "images" / f"{person.replace(' ', '_')}_{number}.jpg")
    write_scores(path / "pubfig_attributes.txt", "PubFig Attributes", rated, list(range(images)))
    people = list(dict.fromkeys(rated.people))
    for file, names in {"dev_people.txt": people[::2], "eval_people.txt": people[1::2]}.items():
        (path / file).write_text("\n".join(["# people", "#", *names]) + "\n", "utf-8")
