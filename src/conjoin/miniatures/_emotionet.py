"""EmotioNet in miniature: the workbook of 2020, files of automatic annotations, images of both."""

from pathlib import Path

from openpyxl import Workbook

from conjoin.datasets import ACTION_UNITS
from conjoin.miniatures._faces import Faces

_UNITS = (1, 2, 4, 5, 6, 9, 10, 12, 15, 17, 18, 20, 24, 25, 26, 28, 43, 51, 52, 53, 54, 55, 56)
_AUTOMATIC = (1, 2, 4, 5, 6, 9, 12, 17, 20, 25, 26)
_SERVER = "https://s3.us-east-2.amazonaws.com/emotionet/Images"


def emotionet(path: Path, images: int, seed: int) -> None:
    """One image after another by hand, a quarter as many automatically, and of both one whose URL is dead."""
    faces = Faces(images + images // 4 + 1, seed, "emotionet")
    book = Workbook()
    sheets = [book.worksheets[0], book.create_sheet("second")]
    for sheet in sheets:
        sheet.append(["URL", "original URL", *(f"'AU {unit}'" for unit in _UNITS)])
    lines = []
    for number in range(len(faces)):
        by_hand = number < images
        folder = f"N_{number % 3 + 1:010}"
        name = f"{folder}/{folder}_{number // 3 + 1:05}.jpg"
        original = f"http://example.org/{number}.jpg"
        faces.write(number, path / "Images" / name)
        if by_hand:
            known = [unit in ACTION_UNITS and (number + place) % 20 > 0 for place, unit in enumerate(_UNITS)]
            present = faces.present(number, _UNITS)
            cells = [value if told else 999 for value, told in zip(present, known, strict=True)]
            sheets[number % 2].append([f"'{_SERVER}/{name}'", f"'{original}'", *cells])
        else:
            present = faces.present(number, range(1, 61))
            cells = [value if unit in _AUTOMATIC else 999 for unit, value in enumerate(present, 1)]
            lines.append("\t".join([f"{_SERVER}/{name}", original, *map(str, cells)]))
    sheets[0].append([f"'{_SERVER}/dead/gone.jpg'", "'http://example.org/gone.jpg'", *[0] * len(_UNITS)])
    lines.append("\t".join([f"{_SERVER}/dead/lost.jpg", "http://example.org/lost.jpg", *["0"] * 60]))
    book.save(path / "emotionet_facs_24600.xlsx")
    automatic = path / "emotioNet_challenge_files_server_challenge_1.2_aws"
    automatic.mkdir()
    (automatic / "dataFile_0000.txt").write_text("\n".join(lines) + "\n", "utf-8")
