"""GFT: what is easily got wrong."""

from pathlib import Path

import pytest
from PIL import Image

from conjoin.datasets import gft


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def frames(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2)).save(root / name)


@pytest.mark.parametrize(
    ("name", "heading", "keys"),
    [
        ("001A.csv", "frame,AU1,AU 12", ("1,", "2,", "3,")),
        ("AU_001A_occ.csv", "Frame,'AU01',AU12", ("1.0,", "2.000000,", "3.00,")),
        ("001A.csv", "0,1,12", ("1,", "2,", "3,")),
        ("001A.csv", "AU1,AU12", ("", "", "")),
        ("train.csv", "path,AU1,AU12", ("001A/1.jpg,", "001A/2.jpg,", "x/001A/00003.jpg,")),
    ],
)
def test_tables_of_any_form(name: str, heading: str, keys: tuple[str, ...], tmp_path: Path) -> None:
    write(tmp_path / "occ" / name, heading, f"{keys[0]}1,0", f"{keys[1]}-1,9", f"{keys[2]}0,")
    frames(tmp_path, "001A/1.jpg", "001A/00002.jpg", "001A/3.jpg")
    frame = gft(tmp_path).frame
    rows = sorted((int(Path(image).stem), *row) for image, *row in frame.rows())
    assert rows == [(1, "001A", 1, 0), (2, "001A", None, None), (3, "001A", 0, None)]


def test_other_codes_and_units_that_are_never_coded(tmp_path: Path) -> None:
    write(tmp_path / "002B.csv", "frame,AU1,AU2,AU4", "1,999,NaN,1", "2,1,9,x")
    write(tmp_path / "partition.csv", "participant,set", "002B,train")
    frames(tmp_path, "002B/1.jpg", "002B/2.jpg", "002B/7.jpg")
    archive = gft(tmp_path)
    assert archive.outputs == {"action_units": ("AU1", "AU4")}
    assert archive.frame.drop("image").rows() == [("002B", None, 1), ("002B", 1, None)]
    told = " ".join(archive.notes)
    assert "partition.csv is left out." in told
    assert "they are left out: AU2." in told
    assert "1 images are no annotated frame" in told


def test_two_tables_of_a_frame_are_refused(tmp_path: Path) -> None:
    for folder, value in (("occurrence", 1), ("intensity", 3)):
        write(tmp_path / folder / "001A.csv", "frame,AU1", f"1,{value}")
    frames(tmp_path, "001A/1.jpg")
    with pytest.raises(ValueError, match="Found frame 1 of 001A more often"):
        gft(tmp_path)
    assert gft(tmp_path, annotations="occurrence").frame["action_units:AU1"].to_list() == [1]


def test_what_is_not_understood(tmp_path: Path) -> None:
    write(tmp_path / "001A.csv", "frame,AU1", "1,1", "x,1")
    with pytest.raises(ValueError, match=r"001A.csv, line 3, should name a frame, such as 1. Found 'x'"):
        gft(tmp_path)
    write(tmp_path / "001A.csv", "frame,AU1", "1,1")
    with pytest.raises(FileNotFoundError, match=r"such as 001A/1.jpg. Found none below .* extract their frames first"):
        gft(tmp_path)
    (tmp_path / "001A.csv").rename(tmp_path / "all.csv")
    with pytest.raises(ValueError, match=r"all.csv is left out. .*all.csv, line 2, should name a frame, such as 001A"):
        gft(tmp_path)
