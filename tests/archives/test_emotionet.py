"""EmotioNet: what is easily got wrong."""

from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from PIL import Image

from conjoin.datasets import emotionet
from conjoin.miniatures import write_miniature

SERVER = "https://s3.us-east-2.amazonaws.com/emotionet/Images"


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (2, 2)).save(path)


def workbook(root: Path, *sheets: list[list[Any]], name: str = "emotionet_facs_24600.xlsx") -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(root / name)


def tab_file(root: Path, *rows: list[Any], folder: str = "emotioNet_challenge_files_server") -> None:
    (root / folder).mkdir(exist_ok=True)
    lines = ["\t".join(map(str, row)) for row in rows]
    (root / folder / f"dataFile_{len(list((root / folder).iterdir())):04}.txt").write_text("\n".join(lines) + "\n")


def test_headings_and_urls_in_quotes_and_codes(tmp_path: Path) -> None:
    heading = ["URL", "original", "'AU 1'", "'AU 02'", "'AU 12'", "'AU 3'"]
    workbook(
        tmp_path,
        [["read me"]],
        [heading, [f" '{SERVER}/a.jpg' ", "x", 1, 0, 999, 1], [f"{SERVER}/b.jpg'", "x", "0", "1.0", None]],
        [["'URL'", "original", "'AU 12'"], [f"{SERVER}/c.jpg", "x", 1], []],
    )
    for name in "abc":
        picture(tmp_path / f"{name}.jpg")
    archive = emotionet(tmp_path)
    assert archive.outputs == {"action_units": ("AU1", "AU2", "AU12")}
    assert archive.frame.rows() == [
        (str(tmp_path / "a.jpg"), 1, 0, None),
        (str(tmp_path / "b.jpg"), 0, 1, None),
        (str(tmp_path / "c.jpg"), None, None, 1),
    ]
    assert "Units that the challenge of 2020 does not list are left out: AU3." in archive.notes


def test_units_that_no_image_is_annotated_for_are_left_out(tmp_path: Path) -> None:
    workbook(
        tmp_path,
        [["URL", "", *(f"'AU {unit}'" for unit in range(1, 61))], ["a.jpg", "", 1, 0, *[999] * 58]],
        name="EmotioNet_FACS_aws_without_passw.xlsx",
    )
    picture(tmp_path / "a.jpg")
    archive = emotionet(tmp_path)
    assert archive.outputs == {"action_units": ("AU1", "AU2")}
    assert "it is known whether these are present, and they are left out: AU4, AU5, AU6, AU9," in archive.notes[-1]


def test_the_workbook_of_2018_has_columns_of_units_that_its_challenge_does_not_list(tmp_path: Path) -> None:
    workbook(
        tmp_path,
        [["URL", "", *(f"'AU {unit}'" for unit in range(1, 61))], ["a.jpg", "", 1, *[0] * 59]],
        name="EmotioNet_FACS_aws_without_passw.xlsx",
    )
    picture(tmp_path / "a.jpg")
    archive = emotionet(tmp_path)
    units = archive.outputs["action_units"]
    assert units == tuple(f"AU{unit}" for unit in (1, 2, 4, 5, 6, 9, 12, 17, 20, 25, 26, 43))
    assert any("challenge of 2018 does not list are left out: AU3, AU7, AU8, AU10, AU11," in t for t in archive.notes)


def test_lines_of_automatic_units_are_not_shifted_and_not_cut(tmp_path: Path) -> None:
    tab_file(tmp_path, [f"{SERVER}/a\u2028b.jpg", "x", 1, *[0] * 59])
    path = tmp_path / "emotioNet_challenge_files_server" / "dataFile_0000.txt"
    path.write_bytes(path.read_bytes() + f"{SERVER}/c.jpg\t\xe9\t0\t1".encode("latin-1") + b"\t0" * 58 + b"\r\n")
    for name in ("a\u2028b", "c"):
        picture(tmp_path / f"{name}.jpg")
    assert emotionet(tmp_path).frame.select("action_units:AU1", "action_units:AU2").rows() == [(1, 0), (0, 1)]
    tab_file(tmp_path, ["", f"{SERVER}/d.jpg", 1, *[0] * 59])
    with pytest.raises(ValueError, match=r"dataFile_0001.txt, line 1, should be a URL, another, and action units"):
        emotionet(tmp_path)


def test_automatic_units_by_position(tmp_path: Path) -> None:
    units = [0] * 60
    units[43 - 1] = units[1 - 1] = 1
    units[5 - 1] = 999
    tab_file(tmp_path, [f"{SERVER}/a.jpg", "x", *units])
    tab_file(tmp_path, [f"{SERVER}/b.jpg", "x", *[1 - unit if unit < 2 else 0 for unit in units]], [""])
    for name in "ab":
        picture(tmp_path / "Images" / f"{name}.jpg")
    archive = emotionet(tmp_path)
    names = ("AU1", "AU2", "AU4", "AU5", "AU6", "AU9", "AU12", "AU17", "AU20", "AU25", "AU26", "AU43")
    assert archive.outputs == {"action_units": names}
    assert archive.frame.rows() == [
        (str(tmp_path / "Images" / "a.jpg"), 1, 0, 0, None, 0, 0, 0, 0, 0, 0, 0, 1),
        (str(tmp_path / "Images" / "b.jpg"), 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0),
    ]


def test_parts_are_read_by_name(tmp_path: Path) -> None:
    write_miniature("emotionet", tmp_path, images=20)
    assert len(emotionet(tmp_path).frame) == len(emotionet(tmp_path, part="manual").frame) == 20
    automatic = emotionet(tmp_path, part="automatic")
    assert len(automatic.frame) == 6
    assert "found by an algorithm" in automatic.notes[0]
    with pytest.raises(FileNotFoundError, match=r"a folder with the list part: .* or image_list\*.csv. Found"):
        emotionet(tmp_path, part="list")


def test_lists_of_paths(tmp_path: Path) -> None:
    (tmp_path / "image_list_train.csv").write_text(",path,AU1,AU2\n0,a/1.jpg,1,-1\n1,b/1.jpg,0,1\n")
    (tmp_path / "image_list_val.csv").write_text("path,AU2,AU4\nc.jpg,0.0,1\n")
    for name in ("a/1.jpg", "b/1.jpg", "c.jpg"):
        picture(tmp_path / name)
    rows = emotionet(tmp_path).frame.rows()
    assert [(Path(row[0]).name, *row[1:]) for row in rows] == [
        ("1.jpg", 1, None, None),
        ("1.jpg", 0, 1, None),
        ("c.jpg", None, 0, 1),
    ]


def test_names_that_collide(tmp_path: Path) -> None:
    urls = [
        f"{SERVER}/one/x.jpg",
        f"{SERVER}/two/x.jpg",
        f"{SERVER}/one/y.jpg",
        f"{SERVER}/one/y.jpg",
        "http://h/z.jpg",
    ]
    old = "http://cbcsnas01.ece.ohio-state.edu/EmotioNet/Images/one/w.jpg"
    workbook(tmp_path, [["URL", "", "'AU 1'"], *([url, "", n % 2] for n, url in enumerate([*urls, old]))])
    for name in ("flat/x.jpg", "flat/y.jpg", "deep/one/x.jpg", "deep/two/x.jpg", "deep/one/w.jpg", "deep/x.jpg"):
        picture(tmp_path / name)
    flat = emotionet(tmp_path, images="flat")
    assert [Path(image).name for image in flat.frame["image"]] == ["y.jpg"]
    told = " ".join(flat.notes)
    assert (
        f"2 of 6 rows share a file name with another URL, and which of them the file is, is not known: left out; the \
first: {urls[0]}."
        in told
    )
    assert f"2 of 6 listed images have no file: left out; the first: {urls[4]}." in told
    assert "1 rows are of an image that has one already, and are left out." in told
    deep = emotionet(tmp_path, images=tmp_path / "deep").frame
    assert [(str(Path(image).relative_to(tmp_path / "deep")), unit) for image, unit in deep.rows()] == [
        ("one/x.jpg", 0),
        ("two/x.jpg", 1),
        ("one/w.jpg", 1),
    ]


def test_what_is_not_understood(tmp_path: Path) -> None:
    workbook(tmp_path, [["URL", "", "'AU 1'"], ["a.jpg", "", 0], ["b.jpg", "", 2]])
    with pytest.raises(
        ValueError, match=r"24600.xlsx, sheet 'Sheet1?', row 3, AU1, should be 0, 1, empty .*999, -1\). Found '2'"
    ):
        emotionet(tmp_path)
    workbook(tmp_path, [["URL", "", "happy"]])
    with pytest.raises(ValueError, match="should have a sheet with a first row such as URL"):
        emotionet(tmp_path)
    (tmp_path / "emotionet_facs_24600.xlsx").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(ValueError, match="should be a workbook without a password"):
        emotionet(tmp_path)
    tab_file(tmp_path, ["a.jpg", "x", 1], ["b.jpg x 1"])
    with pytest.raises(ValueError, match=r"dataFile_0000.txt, line 2, should be a URL, another, .* Found 'b.jpg x 1'"):
        emotionet(tmp_path, part="automatic")
    (tmp_path / "image_list_a.csv").write_text("path,happy\na,1\n")
    with pytest.raises(ValueError, match=r"image_list_a.csv, line 1, should name action units, .* Found 'path,happy'"):
        emotionet(tmp_path, part="list")
    (tmp_path / "image_list_a.csv").write_text("path,AU1,AU01\na,1,1\n")
    with pytest.raises(ValueError, match="each once"):
        emotionet(tmp_path, part="list")
    (tmp_path / "image_list_a.csv").write_text("path,AU1\na,1\nb,1,1,1\n")
    with pytest.raises(ValueError, match="should be a table of comma-separated values"):
        emotionet(tmp_path, part="list")
