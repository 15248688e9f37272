"""AwA2: what is easily got wrong."""

from pathlib import Path

import numpy as np
import pytest

from conjoin.datasets import awa2, awa2_relation
from conjoin.miniatures import write_miniature


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_miniature("awa2", tmp_path, images=12)
    return tmp_path / "Animals_with_Attributes2"


def rewrite(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines) + "\n")


def test_species_have_spaces_and_folders_a_plus(root: Path) -> None:
    archive = awa2(root.parent)
    assert archive.outputs["species"][1:3] == ("grizzly bear", "killer whale")
    assert archive.frame.select("image", "species").row(2) == (
        str(root / "JPEGImages" / "grizzly+bear" / "grizzly+bear_10001.jpg"),
        "grizzly bear",
    )
    assert not {"split", "group"} & set(archive.frame.columns)


def test_attributes_are_those_of_the_species_and_it_is_told(root: Path) -> None:
    rows = ["1 0 0 0 0 0 0 0", *["0 1 1 1 1 1 1 1"] * 4, "  0 0 0 0 0 0 0 1 "]
    rewrite(root / "predicate-matrix-binary.txt", *rows)
    archive = awa2(root)
    columns = [f"attributes:{name}" for name in archive.outputs["attributes"]]
    assert archive.frame.filter(species="antelope").select(columns).rows() == [(1, 0, 0, 0, 0, 0, 0, 0)] * 2
    assert archive.frame.filter(species="persian cat").select(columns).rows() == [(0, 0, 0, 0, 0, 0, 0, 1)] * 2
    assert "none is annotated image by image" in archive.notes[0]


def test_zero_shot_splits_share_no_species(root: Path) -> None:
    archive = awa2(root, zero_shot=True)
    tested = set(archive.frame.filter(split="test")["species"])
    assert tested == {"killer whale", "persian cat"}
    assert not tested & set(archive.frame.filter(split="train")["species"])
    for split in ("train", "test"):
        part = archive.frame.filter(split=split)
        assert all(part[column].n_unique() == 2 for column in archive.columns("attributes").values())
    rewrite(root / "testclasses.txt", "killer+whale")
    with pytest.raises(ValueError, match=r"should together name every class\. Found 'persian\+cat' in neither"):
        awa2(root, zero_shot=True)


def test_what_is_in_the_folder_of_images(root: Path) -> None:
    images = root / "JPEGImages"
    (images / "antelope" / "Thumbs.db").write_bytes(b"")
    for file in (images / "beaver").iterdir():
        file.unlink()
    (images / "unicorn").mkdir()
    archive = awa2(root)
    assert len(archive.frame) == 10
    assert f"No images of beaver at {images / 'beaver'}." in archive.notes
    assert "unicorn in JPEGImages is no class of classes.txt, and left out." in archive.notes


def test_the_class_matrix_is_a_relation(root: Path) -> None:
    table = awa2_relation(root)
    assert table.classes == awa2(root).outputs["species"]
    assert table.outputs == awa2(root).outputs["attributes"]
    assert table.probability[2].tolist() == [1, 1, 0, 0, 1, 1, 0, 0]
    assert "Xian, Lampert" in table.origin


def test_continuous_strengths_with_irregular_spaces_and_missing_ones(root: Path) -> None:
    rows = ["  10.00   0  0 0 0 0   0 50", "   -1.00   0  0 0 0 0   0 100", *["40 0 0 0 0 0 0 -1"] * 4]
    rewrite(root / "predicate-matrix-continuous.txt", *rows)
    table = awa2_relation(root, continuous=True)
    np.testing.assert_allclose(table.probability[:, 0], [0.1, 0.34, 0.4, 0.4, 0.4, 0.4])
    np.testing.assert_allclose(table.probability[:, 7], [0.5, 1, 0.75, 0.75, 0.75, 0.75])
    assert table.notes[1] == "5 of 48 are missing: the mean over other species."


def test_lines_that_are_not_understood(root: Path) -> None:
    path = root / "predicate-matrix-binary.txt"
    good = path.read_text().splitlines()
    rewrite(path, *good[:-1])
    with pytest.raises(ValueError, match=r"should have a line for each of 6 classes\. Found 5"):
        awa2(root)
    for line in ("1 0 1 0 1 0 1", "1 0 1 0 1 0 1 2", "1 0 1 0 1 0 1 0.5", "1 0 1 0 1 0 1 x"):
        rewrite(path, good[0], line, *good[2:])
        with pytest.raises(ValueError, match=rf"binary.txt, line 2, should be 8 numbers, 0 or 1\. Found '{line}'"):
            awa2(root)
    rewrite(root / "classes.txt", "1\tantelope", "killer whale")
    with pytest.raises(ValueError, match=r"classes.txt, line 2, should be the number of a class and its name"):
        awa2(root)
