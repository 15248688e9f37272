"""AffectNet: what is easily got wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conjoin.datasets import affectnet
from conjoin.miniatures import write_miniature

HEADER = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"
NAMES = ["neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"]


def row(name: str, code: object, arousal: object = "0.1") -> str:
    return f"{name},-2,2,40,40,{';'.join(['1.5'] * 136)},{code},-0.25,{arousal}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The form of 2017, its images named a to k."""
    folder = tmp_path / "Manually_Annotated_Images" / "7"
    folder.mkdir(parents=True)
    for letter in "abcdefghijk":
        (folder / f"{letter}.jpg").write_bytes(b"")
    write_list(tmp_path, "training", HEADER, *(row(f"7/{letter}.jpg", n) for n, letter in enumerate("abcdefgh")))
    write_list(tmp_path, "validation", row("7/i.jpg", 1), row("7/j.jpg", 0))
    return tmp_path


def write_list(root: Path, name: str, *lines: str, folder: str = "Manually_Annotated_file_lists") -> Path:
    (root / folder).mkdir(exist_ok=True, parents=True)
    path = root / folder / f"{name}.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def write_files(folder: Path, codes: dict[str, Any]) -> None:
    """A part of the form of 2021."""
    (folder / "images").mkdir(parents=True)
    (folder / "annotations").mkdir()
    for stem, code in codes.items():
        Image.new("RGB", (8, 8)).save(folder / "images" / f"{stem}.jpg")
        np.save(folder / "annotations" / f"{stem}_exp.npy", np.array(code))
        for other in ("val", "aro"):
            np.save(folder / "annotations" / f"{stem}_{other}.npy", np.array("-0.5"))
        np.save(folder / "annotations" / f"{stem}_lnd.npy", np.zeros(136))


def test_codes_and_splits_by_hand(root: Path) -> None:
    archive = affectnet(root)
    assert archive.frame["expression"].to_list() == [*NAMES, "happiness", "neutral"]
    assert archive.frame["split"].to_list() == ["train"] * 8 + ["test"] * 2
    assert archive.frame["image"][0] == str(root / "Manually_Annotated_Images" / "7" / "a.jpg")
    assert archive.outputs == {"expression": tuple(NAMES)}
    assert archive.notes == (
        "Form of 2017, lists as CSV; images are whole, faces are not cut out.",
        "The official validation images are read as test; validation can be drawn from train.",
        "Valence and arousal are left out: they are no classes.",
    )


def test_a_header_is_known_by_its_first_cell(root: Path) -> None:
    write_list(root, "training", *(row(f"7/{letter}.jpg", n) for n, letter in enumerate("abcdefgh")))
    write_list(root, "validation", HEADER, row("7/i.jpg", 1), row("7/j.jpg", 0))
    assert affectnet(root).frame["expression"].to_list() == [*NAMES, "happiness", "neutral"]


def test_none_uncertain_and_no_face_are_left_out_and_counted(root: Path) -> None:
    lines = (row("7/a.jpg", 8, -2), row("7/b.jpg", 9, -2), row("7/c.jpg", 9, -2), row("7/d.jpg", 10, -2))
    write_list(root, "training", HEADER, *lines, row("7/e.jpg", 7))
    archive = affectnet(root)
    assert archive.frame["expression"].to_list() == ["contempt", "happiness", "neutral"]
    assert archive.notes[-1] == (
        "Images that are not used as an expression are left out: 1 of none, 2 of uncertain, 1 of no face."
    )


def test_the_protocol_of_seven_classes(root: Path) -> None:
    archive = affectnet(root, contempt=False)
    assert archive.outputs == {"expression": tuple(NAMES[:-1])}
    assert archive.frame["expression"].to_list() == [*NAMES[:-1], "happiness", "neutral"]
    assert archive.notes[-1] == "Images that are not used as an expression are left out: 1 of contempt."


@pytest.mark.parametrize(
    ("lists", "images"),
    [
        ("Manually_Annotated", "Manually_Annotated_Images"),
        ("Manually_Annotated", "Manually_Annotated/Manually_Annotated_Images"),
        ("Manually_Annotated/Manually_Annotated_file_lists", "Manually_Annotated/Manually_Annotated_Images"),
    ],
)
def test_other_places_of_lists_and_images(tmp_path: Path, lists: str, images: str) -> None:
    (tmp_path / images / "3").mkdir(parents=True)
    for name in ("a.jpg", "b.png"):
        (tmp_path / images / "3" / name).write_bytes(b"")
    write_list(tmp_path, "training", HEADER, row("3/a.jpg", 3), folder=lists)
    write_list(tmp_path, "validation", HEADER, row("3/b.png", 4), folder=lists)
    assert affectnet(tmp_path).frame.rows() == [
        (str(tmp_path / images / "3" / "a.jpg"), "train", "surprise"),
        (str(tmp_path / images / "3" / "b.png"), "test", "fear"),
    ]


def test_missing_files_and_extensions_of_any_kind(root: Path) -> None:
    for name in ("x.JPG", "y.png", "z.tif"):
        (root / "Manually_Annotated_Images" / "7" / name).write_bytes(b"")
    lost = root / "Manually_Annotated_Images" / "8" / "lost.bmp"
    listed = ("7/x.JPG", "7/y.png", "7/z.tif", "8/lost.bmp")
    write_list(root, "training", HEADER, *(row(name, 2) for name in listed))
    archive = affectnet(root)
    assert [Path(image).name for image in archive.frame["image"][:3]] == ["x.JPG", "y.png", "z.tif"]
    assert archive.notes[-1] == f"1 of 6 listed images have no file and are left out; the first: {lost}."


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (row("7/b.jpg", 11), "expression '11' of '7/b.jpg'"),
        (row("7/b.jpg", -1), "expression '-1' of '7/b.jpg'"),
        (row("7/b.jpg", ""), "expression None of '7/b.jpg'"),
        (row("7/b.jpg", 3, "high"), "arousal 'high'"),
        ("7/b.jpg,2,2,40,40,1.5;2.5,3,0.5", "arousal None"),
        ("7/b.jpg 3", "expression None of '7/b.jpg 3'"),
    ],
)
def test_a_line_that_is_not_understood(root: Path, line: str, found: str) -> None:
    path = write_list(root, "training", HEADER, row("7/a.jpg", 1), "", line)
    with pytest.raises(ValueError, match="line 4, should have 9 cells, subDirectory_filePath, ") as error:
        affectnet(root)
    assert str(error.value).startswith(f"{path}, line 4,")
    assert found in str(error.value)


def test_the_list_for_validation_has_to_be_there(root: Path) -> None:
    (root / "Manually_Annotated_file_lists" / "validation.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"should be a folder with validation\.csv\. Found training\.csv in"):
        affectnet(root)


@pytest.mark.parametrize("lists", ["Automatically_Annotated_file_lists", "Automatically_annotated_file_list"])
def test_automatic_annotations_are_added_to_train_when_wanted(root: Path, lists: str) -> None:
    write_list(root, "automatically_annotated", HEADER, row("1/q.jpg", 6), folder=lists)
    image = root / "Automatically_Annotated_Images" / "1" / "q.jpg"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"")
    assert len(affectnet(root).frame) == 10
    frame = affectnet(root, automatic=True).frame
    assert len(frame) == 11
    assert frame.row(-1) == (str(image), "train", "anger")


def test_the_form_of_2021(tmp_path: Path) -> None:
    write_files(tmp_path / "train_set", {str(10 * code): str(code) for code in range(8)})
    write_files(tmp_path / "val_set", {"10": "4", "3": 5, "2": b"6"})  # 10 is in both; text, a number, bytes
    (tmp_path / "train_set" / "images" / "10.jpg").unlink()
    (tmp_path / "val_set" / "annotations" / "2_exp.npy").rename(tmp_path / "val_set" / "annotations" / "1_exp.npy")
    archive = affectnet(tmp_path)
    found = {str(Path(image).relative_to(tmp_path)): rest for image, *rest in archive.frame.rows()}
    assert found == {
        "train_set/images/0.jpg": ["train", "neutral"],
        "train_set/images/20.jpg": ["train", "sadness"],
        "train_set/images/30.jpg": ["train", "surprise"],
        "train_set/images/40.jpg": ["train", "fear"],
        "train_set/images/50.jpg": ["train", "disgust"],
        "train_set/images/60.jpg": ["train", "anger"],
        "train_set/images/70.jpg": ["train", "contempt"],
        "val_set/images/10.jpg": ["test", "fear"],
        "val_set/images/3.jpg": ["test", "disgust"],
    }
    assert archive.notes[0] == "Form of 2021, a .npy file an image."
    assert "1 images have no annotation and are left out." in archive.notes
    assert "2 of 11 listed images have no file and are left out; " in archive.notes[-1]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("8", "Found 8."),
        ("none", "cannot be read: invalid literal"),
        (["1", "2"], "cannot be read: it holds 2 values"),
        (None, "cannot be read: it holds an object"),
    ],
)
def test_a_file_of_2021_that_is_not_understood(tmp_path: Path, code: object, found: str) -> None:
    write_files(tmp_path / "train_set", {"5": code})
    write_files(tmp_path / "val_set", {"5": "1"})
    with pytest.raises(ValueError, match=r"5_exp\.npy should hold one code from 0 to 7\. ") as error:
        affectnet(tmp_path)
    assert found in str(error.value)


def test_a_file_of_2021_that_is_cut_off(tmp_path: Path) -> None:
    write_files(tmp_path / "train_set", {"5": "1"})
    write_files(tmp_path / "val_set", {"5": "1"})
    path = tmp_path / "train_set" / "annotations" / "5_exp.npy"
    for size in (0, 5, 60, 128):
        path.write_bytes(path.read_bytes()[:size])
        with pytest.raises(ValueError, match=r"5_exp\.npy should hold one code from 0 to 7\. It cannot be read"):
            affectnet(tmp_path)
        np.save(path, np.array("1"))


def test_there_are_no_automatic_annotations_of_2021(tmp_path: Path) -> None:
    write_files(tmp_path / "train_set", {"5": "1"})
    write_files(tmp_path / "val_set", {"5": "1"})
    with pytest.raises(ValueError, match="`automatic` should be False"):
        affectnet(tmp_path, automatic=True)


def test_the_miniature_has_every_class_in_both_splits(tmp_path: Path) -> None:
    write_miniature("affectnet", tmp_path)
    frame = affectnet(tmp_path).frame
    assert {(s, e) for s in ("train", "test") for e in NAMES} == set(frame.select("split", "expression").rows())
