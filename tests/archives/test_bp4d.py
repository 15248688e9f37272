"""BP4D and BP4D+: what is easily got wrong."""

from pathlib import Path

import pytest
from PIL import Image

from conjoin.datasets import bp4d, read_archive
from conjoin.miniatures import write_miniature


def write(root: Path, sequence: str, *lines: str) -> None:
    folder = root / "AUCoding" / "AU_OCC"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{sequence}.csv").write_text("\n".join(lines) + "\n")


def picture(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2)).save(path)


def test_units_by_heading_and_nine_is_unknown(tmp_path: Path) -> None:
    write(tmp_path, "F001_T1", "0,1,12,6,27", "2440,1,0,9,9", "2441,0,1,1,9")
    write(tmp_path, "M002_T10", "0,6,1", "7,1,0")
    picture(*(tmp_path / name for name in ("F001/T1/2440.jpg", "F001/T1/2441.jpg", "M002/T10/0007.jpg")))
    archive = bp4d(tmp_path)
    assert archive.outputs == {"action_units": ("AU1", "AU6", "AU12")}
    assert archive.frame.drop("image").rows() == [("F001", 1, None, 0), ("F001", 0, 1, 1), ("M002", 0, 1, None)]
    assert "Of no image it is known whether these are present, and they are left out: AU27." in archive.notes


@pytest.mark.parametrize("name", ["643", "0643", "00643", "000643"])
@pytest.mark.parametrize("folder", ["F007/T1", "F007_T1", "frames/F007/T1"])
def test_leading_zeros_vary(name: str, folder: str, tmp_path: Path) -> None:
    write(tmp_path, "F007_T1", "0,1", "642,0", "643,1", "6430,0")
    picture(tmp_path / folder / f"{name}.jpg")
    assert bp4d(tmp_path).frame.rows() == [(str(tmp_path / folder / f"{name}.jpg"), "F007", 1)]


def test_frames_that_are_not_coded_are_not_negative(tmp_path: Path) -> None:
    write(tmp_path, "F041_T6", "0,1", "5,1")
    write(tmp_path, "F082_T1", "0,1", "5,1")
    picture(*(tmp_path / "2D+3D" / name for name in ("F041/T6/5.jpg", "F041/T6/6.jpg", "F041/T7/5.jpg", "other/5.jpg")))
    archive = bp4d(tmp_path)
    assert archive.frame.drop("image").rows() == [("F041", 1)]
    first = tmp_path / "2D+3D" / "F041" / "T6" / "6.jpg"
    assert f"2 images are no annotated frame and are left out; the first: {first}." in archive.notes
    assert "1 annotated frames have no image and are left out; the first: F082 T1 5." in archive.notes


def test_published_parts_have_all_subjects_once(tmp_path: Path) -> None:
    write_miniature("bp4d", tmp_path, images=41)
    tested = [
        set(frame.filter(frame["split"] == "test")["group"])
        for frame in (read_archive("bp4d", tmp_path, {"test_part": part}).frame for part in (1, 2, 3))
    ]
    assert [len(part) for part in tested] == [14, 14, 13]
    assert set.union(*tested) == set(bp4d(tmp_path).frame["group"])
    assert {"F001", "M008"} <= tested[0]
    assert {"M011", "M005"} <= tested[1]
    assert {"F007", "F014"} <= tested[2]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("0,1", "5,2"), r"F001_T1.csv, line 2, AU1, should be 0, 1, empty or a code .* \(9\). Found '2'"),
        (("0,1", "5,1", "x,1"), "F001_T1.csv, line 3, should start with the number of a frame, .* Found 'x'"),
        (("0,1", "5,1", "5,1"), "F001_T1.csv, line 2, should start with the number of a frame, .* Found '5'"),
        (("2440,0",), "F001_T1.csv, line 1, should name action units"),
        (("2440,0,1,0,9", "2441,0,1,1,9"), "F001_T1.csv, line 1, should name action units, .* Found '2440,0,1,0,9'"),
    ],
)
def test_a_table_that_is_not_understood(lines: tuple[str, ...], message: str, tmp_path: Path) -> None:
    write(tmp_path, "F001_T1", *lines)
    with pytest.raises(ValueError, match=message):
        bp4d(tmp_path)


def test_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "AUCoding" / "AU_OCC").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match=r"should hold files such as F001_T1.csv. Found none"):
        bp4d(tmp_path)
    write(tmp_path, "F001_T1", "0,1", "5,1")
    (tmp_path / "F001.zip").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match=r"such as F001/T1/2440.jpg. Found none below .* Unpack its archives"):
        bp4d(tmp_path)
