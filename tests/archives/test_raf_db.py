"""RAF-DB: what is easily got wrong."""

from pathlib import Path

import pytest

from conjoin.datasets import raf_db
from conjoin.miniatures import write_miniature


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_miniature("raf_db", tmp_path, images=10)
    return tmp_path


def write_list(root: Path, *lines: str) -> None:
    (root / "basic" / "EmoLabel" / "list_patition_label.txt").write_text("\n".join(lines) + "\n")


def test_codes_and_splits_by_hand(root: Path) -> None:
    write_list(root, *(f"train_{n:05}.jpg {n}" for n in range(1, 8)), "test_0001.jpg 1", "test_0002.jpg 7")
    frame = raf_db(root).frame
    assert frame["expression"].to_list() == [
        "surprise",
        "fear",
        "disgust",
        "happiness",
        "sadness",
        "anger",
        "neutral",
        "surprise",
        "neutral",
    ]
    assert frame["split"].to_list() == ["train"] * 7 + ["test"] * 2
    assert frame["image"][0] == str(root / "basic" / "Image" / "aligned" / "train_00001_aligned.jpg")


def test_original_images_and_the_inner_folder(root: Path) -> None:
    archive = raf_db(root / "basic", aligned=False)
    assert len(archive.frame) == 10
    assert archive.frame["image"][0] == str(root / "basic" / "Image" / "original" / "train_00001.jpg")
    assert "original images" in archive.notes[0]


def test_manual_attributes(root: Path) -> None:
    manual = root / "basic" / "Annotation" / "manual"
    (manual / "train_00001_manu_attri.txt").write_text("1\t2\n" * 5 + "2\n1\n4\n")
    (manual / "train_00002_manu_attri.txt").unlink()
    first = raf_db(root).frame.select("gender", "race", "age").rows()
    assert first[0] == (None, "African-American", "70+")  # 2 is neither
    assert first[1] == (None, None, None)


def test_without_attributes_expressions_are_read(root: Path) -> None:
    for file in (root / "basic" / "Annotation" / "manual").iterdir():
        file.unlink()
    archive = raf_db(root)
    assert list(archive.outputs) == ["expression"]
    assert "gender, race and age are left out" in archive.notes[-1]


def test_listed_images_without_a_file_are_counted(root: Path) -> None:
    lost = root / "basic" / "Image" / "aligned" / "train_00002_aligned.jpg"
    lost.unlink()
    archive = raf_db(root)
    assert len(archive.frame) == 9
    assert f"1 of 10 listed images have no file and are left out; the first: {lost}." in archive.notes


@pytest.mark.parametrize(
    "line", ["train_00001.jpg 8", "train_00001.jpg 0", "train_00001.jpg 12", "train_00001.jpg", "face.jpg 1"]
)
def test_a_line_that_is_not_understood(root: Path, line: str) -> None:
    write_list(root, "train_00001.jpg 1", line)
    with pytest.raises(
        ValueError, match=r"list_patition_label.txt, line 2, should be a name such as .* Found '" + line
    ):
        raf_db(root)


def test_the_re_packed_form(root: Path, tmp_path: Path) -> None:
    picture = (root / "basic" / "Image" / "original" / "train_00001.jpg").read_bytes()
    for split, code, name in (("train", 1, "a.jpg"), ("train", 7, "b.JPG"), ("test", 4, "c.jpg")):
        folder = tmp_path / "kaggle" / "DATASET" / split / str(code)
        folder.mkdir(parents=True)
        (folder / name).write_bytes(picture)
        (folder / ".DS_Store").write_bytes(b"")
    frame = raf_db(tmp_path / "kaggle").frame
    assert frame.select("split", "expression").rows() == [
        ("train", "surprise"),
        ("train", "neutral"),
        ("test", "happiness"),
    ]
