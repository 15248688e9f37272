"""PubFig: what is easily got wrong."""

from pathlib import Path

import pytest

from conjoin.datasets import pubfig
from conjoin.miniatures import write_miniature


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_miniature("pubfig", tmp_path, images=20)  # four people
    return tmp_path


def test_scores_and_names_by_hand(root: Path) -> None:
    lines = ["# PubFig", "#\tperson\timagenum\tMale\t5 o' Clock Shadow", "Ben Ash\t3\t-2.5\t0.1", "Ada Ash\t1\t1\t-1"]
    (root / "pubfig_attributes.txt").write_text("\n".join(lines) + "\n")
    archive = pubfig(root)
    labels = ("attributes:Male", "attributes:5 o' Clock Shadow")
    assert archive.frame.select("image", "group", "split", *labels).rows() == [
        (str(root / "images" / "Ben_Ash_3.jpg"), "Ben Ash", "test", 0, 1),
        (str(root / "images" / "Ada_Ash_1.jpg"), "Ada Ash", "train", 1, 0),
    ]
    assert "17 images have no attributes and are left out" in " ".join(archive.notes)


def test_images_that_are_gone_are_told(root: Path) -> None:
    (root / "images" / "Ada_Ash_2.jpg").unlink()
    archive = pubfig(root)
    assert len(archive.frame) == 18
    lost = "2 of 20 images with attributes have no file and are left out; the first: Ada Ash, 2."
    assert lost in archive.notes
    for file in (root / "images").iterdir():
        file.unlink()
    with pytest.raises(FileNotFoundError, match=r"should hold images of PubFig, such as .* many are dead"):
        pubfig(root)


def test_images_may_be_in_folders_of_people_with_zeros(root: Path) -> None:
    for place in (root / "images").iterdir():
        person, _, number = place.stem.rpartition("_")
        folder = root / "faces" / "dev" / person
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{person}_{int(number):04}.JPG").write_bytes(place.read_bytes())
    assert len(pubfig(root, folder="faces").frame) == 19
    archive = pubfig(root)
    assert len(archive.frame) == 19
    assert any(note.startswith("19 images below") for note in archive.notes)


def test_sets_are_splits_and_hold_different_people(tmp_path: Path) -> None:
    write_miniature("pubfig", tmp_path / "made")
    archive = pubfig(tmp_path / "made")
    train, test = (archive.frame.filter(split=split) for split in ("train", "test"))
    assert not set(train["group"]) & set(test["group"])
    for column in archive.columns("attributes").values():
        assert train[column].n_unique() == test[column].n_unique() == 2, column


def test_closed_set_and_lists_that_are_not_there(root: Path) -> None:
    archive = pubfig(root, closed_set=True)
    assert archive.outputs["identity"] == ("Ada Ash", "Ben Ash", "Cleo Ash", "Dan Ash")
    assert not {"split", "group"} & set(archive.frame.columns)
    (root / "eval_people.txt").unlink()
    archive = pubfig(root)
    assert "split" not in archive.frame.columns
    assert archive.frame["group"].n_unique() == 4
    assert any("there are no official splits" in note for note in archive.notes)
