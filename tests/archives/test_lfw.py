"""LFW: what is easily got wrong."""

from pathlib import Path

import pytest

from conjoin.datasets import lfw, read_archive
from conjoin.miniatures import write_miniature


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_miniature("lfw", tmp_path, images=20)  # four people
    return tmp_path


def rate(root: Path, *lines: str, header: str = "#\tperson\timagenum\tMale\tPosed Photo") -> None:
    (root / "lfw_attributes.txt").write_text("\n".join(["# LFW Attributes", header, *lines]) + "\n")


def test_the_header_has_a_cell_more_than_the_lines(root: Path) -> None:
    rate(root, "Ada Ash\t1\t0.5\t-1.25", "Ben Ash\t2\t-0.0\t1e-3", "Cleo Ash\t3\tnan\t2")
    archive = lfw(root)
    assert archive.outputs == {"attributes": ("Male", "Posed Photo")}
    assert archive.frame.select("image", "group", "split", "attributes:Male", "attributes:Posed Photo").rows() == [
        (str(root / "lfw" / "Ada_Ash" / "Ada_Ash_0001.jpg"), "Ada Ash", "train", 1, 0),
        (str(root / "lfw" / "Ben_Ash" / "Ben_Ash_0002.jpg"), "Ben Ash", "train", 0, 1),
        (str(root / "lfw" / "Cleo_Ash" / "Cleo_Ash_0003.jpg"), "Cleo Ash", "test", None, 1),
    ]


def test_images_without_attributes_and_attributes_without_images(root: Path) -> None:
    archive = lfw(root)
    assert len(archive.frame) == 18
    bare = root / "lfw" / "Ada_Ash" / "Ada_Ash_0001.jpg"
    assert f"1 images have no attributes and are left out; the first: {bare}." in archive.notes
    lost = "1 of 19 images with attributes have no file and are left out; the first: Dan Ash, 5."
    assert lost in archive.notes
    assert any("what classifiers found" in note for note in archive.notes)


def test_a_second_line_of_an_image_is_left_out_and_told(root: Path) -> None:
    rate(root, "Ada Ash\t1\t0.5\t-1", "Ben Ash\t1\t1\t1", "Ada_Ash\t1\t-0.5\t1")
    archive = lfw(root)
    assert archive.frame.select("group", "attributes:Male").rows() == [("Ada Ash", 1), ("Ben Ash", 1)]
    assert "1 lines of lfw_attributes.txt are of an image that has one already, and are left out." in archive.notes


def test_view_1_keeps_people_apart_with_both_values_on_either_side(tmp_path: Path) -> None:
    write_miniature("lfw", tmp_path / "made")
    archive = lfw(tmp_path / "made")
    train, test = (archive.frame.filter(split=split) for split in ("train", "test"))
    assert not set(train["group"]) & set(test["group"])
    for column in archive.columns("attributes").values():
        assert train[column].n_unique() == test[column].n_unique() == 2, column


def test_folds_of_view_2(root: Path) -> None:
    frame = lfw(root, fold=2).frame
    assert set(frame.filter(split="test")["group"]) == {"Ben Ash"}
    assert set(frame.filter(split="train")["group"]) == {"Ada Ash", "Cleo Ash", "Dan Ash"}
    with pytest.raises(ValueError, match="Option 'fold' of lfw"):
        read_archive("lfw", root, {"fold": 11})
    (root / "people.txt").write_text("2\n1\nAda_Ash\t5\n1\nBen_Ash\t5\n")
    with pytest.raises(ValueError, match=r"should hold 10 folds, as its first line says\. Found 2"):
        lfw(root, fold=2)
    (root / "people.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"people\.txt"):
        lfw(root, fold=2)


def test_people_in_no_list_are_left_out_and_told(root: Path) -> None:
    (root / "peopleDevTrain.txt").write_text("1\nBen_Ash\t5\n")
    archive = lfw(root)
    assert set(archive.frame["group"]) == {"Ben Ash", "Cleo Ash"}
    assert any("8 images are of people in none of peopleDevTrain.txt and" in note for note in archive.notes)
    (root / "peopleDevTest.txt").unlink()
    archive = lfw(root)
    assert len(archive.frame) == 18
    assert "split" not in archive.frame.columns
    assert any("there are no official splits" in note for note in archive.notes)


@pytest.mark.parametrize(("text", "place"), [("2\nA\t1\nB\n", 3), ("x\nA\t1\n", 1), ("1\nA\t1\nB\t1\n", 3)])
def test_a_list_of_people_that_is_not_understood(root: Path, text: str, place: int) -> None:
    (root / "peopleDevTest.txt").write_text(text)
    with pytest.raises(ValueError, match=rf"peopleDevTest\.txt, line {place}, should be "):
        lfw(root)


def test_a_list_of_people_that_is_cut_off(root: Path) -> None:
    (root / "peopleDevTest.txt").write_text("3\nA\t1\n")
    with pytest.raises(ValueError, match=r"should hold as many people as it says. Found 2 too few"):
        lfw(root)


def test_closed_set_recognises_people_with_enough_images(root: Path) -> None:
    archive = lfw(root, closed_set=True, min_images=5)
    assert archive.outputs["identity"] == ("Ben Ash", "Cleo Ash")
    assert archive.frame["identity"].null_count() == 8
    assert not {"split", "group"} & set(archive.frame.columns)


def test_aligned_images(root: Path) -> None:
    (root / "lfw").rename(root / "lfw-deepfunneled")
    archive = lfw(root)
    assert len(archive.frame) == 18
    assert archive.notes[0] == "Images of lfw-deepfunneled."
    with pytest.raises(FileNotFoundError, match="should be a folder with lfw_funneled"):
        lfw(root, folder="lfw_funneled")
    (root / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="empty should hold images of LFW, such as"):
        lfw(root, folder="empty")


@pytest.mark.parametrize("line", ["Ada Ash\t1\t0.5", "Ada Ash\t1\t0.5\t1\t2", "Ada Ash\t1\t0.5\t", "Ada\tx\t0.5\t1"])
def test_a_line_that_is_not_understood(root: Path, line: str) -> None:
    rate(root, "Ada Ash\t1\t0.5\t1", line, "Ben Ash\t1\t0.5\t1")
    with pytest.raises(ValueError, match=r"lfw_attributes.txt, line 4, should be a person, the number of an image"):
        lfw(root)


@pytest.mark.parametrize("header", ["#\timagenum\tperson\tMale", "person\timagenum\tMale", "#\tperson\timagenum"])
def test_a_header_that_is_not_understood(root: Path, header: str) -> None:
    rate(root, "Ada Ash\t1\t0.5", header=header)
    with pytest.raises(ValueError, match=r"lfw_attributes.txt, line \d, should be `#`, person, imagenum and names"):
        lfw(root)
