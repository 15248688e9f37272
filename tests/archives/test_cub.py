"""CUB-200-2011: what is easily got wrong."""

from pathlib import Path

import numpy as np
import pytest

from conjoin.datasets import cub, cub_relation
from conjoin.miniatures import write_miniature

BILL, BLUE = "has_bill_shape::dagger", "has_primary_color::blue"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_miniature("cub", tmp_path, images=20)
    return tmp_path


def rewrite(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines) + "\n")


def rate(root: Path, *lines: str) -> None:
    """Two images and two attributes instead of those of the miniature."""
    base = root / "CUB_200_2011"
    first = (base / "images.txt").read_text().splitlines()[:2]
    rewrite(base / "images.txt", *first)
    rewrite(root / "attributes.txt", f"1 {BILL}", f"2 {BLUE}")
    rewrite(base / "attributes" / "image_attribute_labels.txt", *lines)


def test_species_paths_and_splits_by_hand(root: Path) -> None:
    base = root / "CUB_200_2011"
    rewrite(base / "image_class_labels.txt", "2 1", "1 6", *(f"{n} 2" for n in range(3, 21)))
    rewrite(base / "train_test_split.txt", "1 1", "2 0", *(f"{n} 1" for n in range(3, 21)))
    archive = cub(root)
    assert archive.outputs["species"][0] == "Black footed Albatross"
    assert archive.frame.select("split", "species").rows()[:3] == [
        ("train", "Least Auklet"),
        ("test", "Black footed Albatross"),
        ("train", "Laysan Albatross"),
    ]
    first = base / "images" / "001.Black_footed_Albatross" / "Black_footed_Albatross_0001_796112.jpg"
    assert archive.frame["image"][0] == str(first)


@pytest.mark.parametrize("present", [0, 1])
def test_certainty_becomes_probability(root: Path, present: int) -> None:
    expected = {1: (0.0, 0.0), 2: (0.5, 0.5), 3: (0.25, 0.75), 4: (0.0, 1.0)}
    for certainty, probabilities in expected.items():
        rate(root, f"1 1 {present} {certainty} 5.000", "1 2 0 4 1", "2 1 0 4 1", "2 2 1 4 1")
        column = f"attributes:{BILL}"
        assert cub(root).frame[column].to_list() == [probabilities[present], 0]
        strict = None if certainty == 1 else probabilities[present]
        assert cub(root, mask_not_visible=True).frame[column].to_list() == [strict, 0]


def test_not_visible_is_told(root: Path) -> None:
    rate(root, "1 1 1 1 5.0", "1 2 1 4 5.0", "2 1 1 1 5.0", "2 2 0 4 5.0")
    assert "2 of 4 are not visible and count as absent" in cub(root).notes[0]
    assert "2 of 4 are not visible and count as not annotated." in cub(root, mask_not_visible=True).notes[0]


def test_a_stray_cell_loses_no_label(root: Path) -> None:
    rate(root, "1 1 1 4 0 5.0", "1 2 1 3 0 5.0", "2 1 0 4 5.0", "2 2 1 4 0 0 5.0 ")
    archive = cub(root)
    assert archive.frame[f"attributes:{BLUE}"].to_list() == [0.75, 1]
    assert archive.frame[f"attributes:{BILL}"].to_list() == [1, 0]
    assert "3 lines of image_attribute_labels.txt have stray cells before the time" in archive.notes[1]


def test_the_repaired_list_and_pairs_that_it_lacks(root: Path) -> None:
    rate(root)
    attributes = root / "CUB_200_2011" / "attributes"
    (attributes / "image_attribute_labels.txt").unlink()
    rewrite(attributes / "image_attribute_labels_clean.txt", "2 2 1 4 5.0", "1 1 1 3 5.0", "1 2 0 3 5.0")
    archive = cub(root)
    assert archive.frame[f"attributes:{BILL}"].to_list() == [0.75, None]
    assert archive.frame[f"attributes:{BLUE}"].to_list() == [0.25, 1]
    assert "1 pairs of an image and an attribute have no line" in archive.notes[-1]


def test_names_of_attributes_lie_beside_or_inside(root: Path) -> None:
    base = root / "CUB_200_2011"
    assert len(cub(base).outputs["attributes"]) == 12
    for place in ("attributes.txt", "attributes/attributes.txt"):
        (root / "attributes.txt").rename(base / place)
        assert len(cub(root).frame) == 20
        (base / place).rename(root / "attributes.txt")
    (root / "attributes.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"attributes/attributes\.txt or \.\./attributes\.txt"):
        cub(root)


def test_every_output_has_both_values_in_train_and_test(tmp_path: Path) -> None:
    write_miniature("cub", tmp_path)
    archive = cub(tmp_path)
    for split in ("train", "test"):
        part = archive.frame.filter(split=split)
        assert part["species"].n_unique() == 6
        for column in archive.columns("attributes").values():
            assert (part[column] > 0.5).any()
            assert (part[column] < 0.5).any()


def test_class_attributes_are_a_relation(root: Path) -> None:
    table = cub_relation(root)
    assert table.classes == cub(root).outputs["species"]
    assert table.outputs == cub(root).outputs["attributes"]
    assert table.kind == "multi-label"
    np.testing.assert_allclose(table.probability[0, :7], [0.95, 0.025, 0.025, 1 / 3, 1 / 3, 1 / 3, 0.95], rtol=1e-9)
    assert "Wah, Branson" in table.origin
    path = root / "CUB_200_2011" / "attributes" / "class_attribute_labels_continuous.txt"
    lines = path.read_text().splitlines()
    rewrite(path, *lines[:-1])
    with pytest.raises(ValueError, match=r"should have a line for each of 6 species\. Found 5"):
        cub_relation(root)
    rewrite(path, lines[0], lines[1].replace("95 ", "101 "))
    with pytest.raises(ValueError, match="line 2, should be 12 percentages"):
        cub_relation(root)
    path.unlink()
    with pytest.raises(FileNotFoundError, match="class_attribute_labels_continuous"):
        cub_relation(root)


@pytest.mark.parametrize(
    "line",
    [
        "1 2 1",
        "1 2 2 4 5.0",
        "1 2 1 5 5.0",
        "1 2 1 0 5.0",
        "1 3 1 4 5.0",
        "9 2 1 4 5.0",
        "1 2 1 4 0 0 0 5.0",
        "a 2 1 4 5",
    ],
)
def test_a_line_that_is_not_understood(root: Path, line: str) -> None:
    rate(root, "1 1 1 4 5.0", line, "2 1 1 4 5.0")
    with pytest.raises(ValueError, match=rf"image_attribute_labels.txt, line 2, should be .* Found '{line}'"):
        cub(root)


def test_lists_that_do_not_agree(root: Path) -> None:
    base = root / "CUB_200_2011"
    rewrite(base / "image_class_labels.txt", "1 1", "2 7")
    with pytest.raises(ValueError, match=r"image_class_labels.txt, line 2, should be .* Found '2 7'"):
        cub(root)
    rewrite(base / "image_class_labels.txt", "1 1", "2 2")
    with pytest.raises(ValueError, match=r"should have a line for every image\. Found none for 3 \(18 missing\)"):
        cub(root)
    rewrite(base / "classes.txt", "1 001.Jay", "1 002.Wren")
    with pytest.raises(ValueError, match=r"classes.txt, line 1, should be .*, each once"):
        cub(root)
