"""DISFA: what is easily got wrong."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from conjoin.datasets import disfa, read_archive
from conjoin.miniatures import write_miniature

UNITS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)


def write(root: Path, subject: str, *lines: str, **units: list[str]) -> None:
    """The same lines for all units but those given."""
    folder = root / "ActionUnit_Labels" / subject
    folder.mkdir(parents=True)
    for unit in UNITS:
        (folder / f"{subject}_au{unit}.txt").write_text("\n".join(units.get(f"au{unit}", lines)) + "\n")


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (2, 2)).save(path)


def rows(root: Path, **options: Any) -> list[tuple[str, int | None]]:
    """File name and unit 12 of each frame."""
    frame = disfa(root, **options).frame
    return [(str(Path(image).relative_to(root)), value) for image, value in frame["image", "action_units:AU12"].rows()]


def test_present_from_intensity_two_on(tmp_path: Path) -> None:
    write(tmp_path, "SN001", *(f"{n},0" for n in range(1, 7)), au12=[f"{n},{n - 1}" for n in range(1, 7)])
    for number in range(1, 7):
        picture(tmp_path / "SN001" / f"{number}.png")
    frame = disfa(tmp_path).frame
    assert frame["action_units:AU12"].to_list() == [0, 0, 1, 1, 1, 1]
    assert frame["action_units:AU1"].to_list() == [0] * 6
    assert frame["group"].to_list() == ["SN001"] * 6
    assert disfa(tmp_path).outputs == {"action_units": tuple(f"AU{unit}" for unit in UNITS)}
    assert disfa(tmp_path, threshold=4).frame["action_units:AU12"].to_list() == [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    "names",
    [
        ("SN001/0.png", "SN001/9.png", "SN001/10.png"),
        ("SN001/0.jpg", "SN001/9.jpg", "SN001/10.jpg"),
        ("SN001/1.jpg", "SN001/10.jpg", "SN001/11.jpg"),
        ("a_comp/LeftVideoSN001_comp_00000001.jpg", *(f"a_comp/LeftVideoSN001_comp_000000{n}.jpg" for n in (10, 11))),
        ("SN001/frame_det_000001.png", "SN001/frame_det_000010.png", "SN001/frame_det_000011.png"),
        ("LeftVideoSN001/00001.jpg", "LeftVideoSN001/00010.jpg", "LeftVideoSN001/00011.jpg"),
    ],
)
def test_frames_by_number_however_they_are_named(names: tuple[str, ...], tmp_path: Path) -> None:
    write(tmp_path, "SN001", *(f"{n},{5 * (n == 10)}" for n in range(1, 12)))
    for name in names:
        picture(tmp_path / "frames" / name)
    assert sorted(rows(tmp_path, images="frames"), key=lambda row: len(row[0])) == sorted(
        zip((f"frames/{name}" for name in names), (0, 1, 0), strict=True), key=lambda row: len(row[0])
    )
    assert f"Frames count from {int('0' not in names[0][5:7])}" in disfa(tmp_path, images="frames").notes[0]


def test_the_first_frame_may_be_lost(tmp_path: Path) -> None:
    write(tmp_path, "SN001", "1,0", "2,5", "3,0")
    picture(tmp_path / "SN001" / "1.png")
    assert rows(tmp_path) == [("SN001/1.png", 0)]
    assert rows(tmp_path, first_frame=0) == [("SN001/1.png", 1)]


def test_labels_and_frames_of_different_length(tmp_path: Path) -> None:
    write(tmp_path, "SN010", "1,0", "2,5", "", au1=["2,3"])
    write(tmp_path, "SN011", "1,0")
    for number in (2, 3):
        picture(tmp_path / "SN010" / f"{number}.png")
    archive = disfa(tmp_path)
    assert archive.frame.select("group", "action_units:AU1", "action_units:AU2").rows() == [("SN010", 1, 1)]
    assert f"1 images are no annotated frame and are left out; the first: {tmp_path}/SN010/3.png." in archive.notes
    assert "2 annotated frames have no image and are left out; the first: SN010 1." in archive.notes


def test_a_file_that_is_lost_is_not_annotated(tmp_path: Path) -> None:
    write(tmp_path, "SN001", "1,0", "2,0", au1=["2,5"])
    lost = tmp_path / "ActionUnit_Labels" / "SN001" / "SN001_au26.txt"
    lost.unlink()
    for number in (1, 2):
        picture(tmp_path / "SN001" / f"{number}.png")
    archive = disfa(tmp_path)
    assert archive.frame["action_units:AU26"].to_list() == [None, None]
    assert archive.frame["action_units:AU1"].to_list() == [None, 1]  # a frame that its file lacks
    assert archive.frame["action_units:AU2"].to_list() == [0, 0]
    assert f"1 files are not there, their units not annotated; the first: {lost}." in archive.notes


def test_both_cameras(tmp_path: Path) -> None:
    write(tmp_path, "SN001", "1,5")
    for name in ("LeftVideoSN001/1.jpg", "Video_RightCamera/bright/SN001/1.jpg"):
        picture(tmp_path / "frames" / name)
    assert [row[0].split("/")[1] for row in rows(tmp_path)] == ["LeftVideoSN001", "Video_RightCamera"]
    assert rows(tmp_path, camera="right") == [("frames/Video_RightCamera/bright/SN001/1.jpg", 1)]
    assert rows(tmp_path, camera="left") == [("frames/LeftVideoSN001/1.jpg", 1)]


def test_two_images_of_one_frame_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "SN001", "1,5")
    for name in ("a/SN001/1.jpg", "b/SN001/0001.jpg"):
        picture(tmp_path / name)
    with pytest.raises(ValueError, match=r"Found .*/a/SN001/1.jpg and .*/b/SN001/0001.jpg, which are the same frame"):
        disfa(tmp_path)
    assert rows(tmp_path, images=tmp_path / "b") == [("b/SN001/0001.jpg", 1)]


def test_published_parts_have_all_subjects_once(tmp_path: Path) -> None:
    write_miniature("disfa", tmp_path, images=27)
    tested = [
        set(frame.filter(frame["split"] == "test")["group"])
        for frame in (read_archive("disfa", tmp_path, {"test_part": part}).frame for part in (1, 2, 3))
    ]
    assert [len(part) for part in tested] == [9, 9, 9]
    assert set.union(*tested) == set(disfa(tmp_path).frame["group"])
    assert {"SN002", "SN016"} <= tested[0]
    assert {"SN013", "SN024"} <= tested[1]
    assert {"SN003", "SN004"} <= tested[2]


@pytest.mark.parametrize("line", ["2", "2,6", "2,-1", "x,0", "2,0,0", "1,0", "2,1.5"])
def test_a_line_that_is_not_understood(line: str, tmp_path: Path) -> None:
    write(tmp_path, "SN001", "1,0", line)
    picture(tmp_path / "SN001" / "1.png")
    with pytest.raises(ValueError, match=f"SN001_au1.txt, line 2, should be a frame, once, .* Found '{line}'"):
        disfa(tmp_path)


def test_videos_whose_frames_are_not_extracted(tmp_path: Path) -> None:
    write(tmp_path, "SN001", "1,0")
    (tmp_path / "Videos_LeftCamera").mkdir()
    (tmp_path / "Videos_LeftCamera" / "LeftVideoSN001_comp.avi").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="extract their frames first"):
        disfa(tmp_path)
    (tmp_path / "ActionUnit_Labels" / "SN001").rename(tmp_path / "SN001")
    with pytest.raises(FileNotFoundError, match=r"should hold files such as SN001/SN001_au1.txt. Found none"):
        disfa(tmp_path)
