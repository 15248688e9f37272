"""CelebA in miniature."""

from pathlib import Path

from conjoin.miniatures._faces import Faces
from conjoin.miniatures._people import mark_people

_ATTRIBUTES = [
    "5_o_Clock_Shadow",
    "Arched_Eyebrows",
    "Attractive",
    "Bags_Under_Eyes",
    "Bald",
    "Bangs",
    "Big_Lips",
    "Big_Nose",
    "Black_Hair",
    "Blond_Hair",
    "Blurry",
    "Brown_Hair",
    "Bushy_Eyebrows",
    "Chubby",
    "Double_Chin",
    "Eyeglasses",
    "Goatee",
    "Gray_Hair",
    "Heavy_Makeup",
    "High_Cheekbones",
    "Male",
    "Mouth_Slightly_Open",
    "Mustache",
    "Narrow_Eyes",
    "No_Beard",
    "Oval_Face",
    "Pale_Skin",
    "Pointy_Nose",
    "Receding_Hairline",
    "Rosy_Cheeks",
    "Sideburns",
    "Smiling",
    "Straight_Hair",
    "Wavy_Hair",
    "Wearing_Earrings",
    "Wearing_Hat",
    "Wearing_Lipstick",
    "Wearing_Necklace",
    "Wearing_Necktie",
    "Young",
]
_SHOWN_BY = {"Arched_Eyebrows": 1, "Bushy_Eyebrows": 4, "Double_Chin": 17, "Mouth_Slightly_Open": 25, "Smiling": 12}
"""Action unit that shows an attribute; of the others one of `_UNITS`, so that all can be learnt."""
_UNITS = (1, 2, 4, 7, 17, 25, 26)
_SPLITS = (0, 0, 1, 2)
"""Part of the official partition, person by person."""


def celeba(path: Path, images: int, seed: int) -> None:
    """Five images a person, each person in one part but the first, whose second image is elsewhere."""
    faces = Faces(images, seed, "celeba")
    person = [number // 5 for number in range(images)]
    mark_people(faces, person)
    units = [_SHOWN_BY.get(name, _UNITS[place % len(_UNITS)]) for place, name in enumerate(_ATTRIBUTES)]
    attributes, identity, partition = [], [], []
    for number, one in enumerate(person):
        name = f"{number + 1:06}.jpg"
        faces.write(number, path / "Img" / "img_align_celeba" / name)
        signs = " ".join(" 1" if present else "-1" for present in faces.present(number, units))
        attributes.append(f"{name} {signs}")
        identity.append(f"{name} {2880 + 17 * one}")
        partition.append(f"{name} {1 if number == 1 else _SPLITS[one % len(_SPLITS)]}")
    for name, lines in {
        "Anno/list_attr_celeba.txt": [str(images), " ".join(_ATTRIBUTES) + " ", *attributes],
        "Anno/identity_CelebA.txt": identity,
        "Eval/list_eval_partition.txt": partition,
    }.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text("\n".join(lines) + "\n", "utf-8")
