"""Clothing Attributes: what is easily got wrong."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from conjoin.datasets import clothing_attributes
from conjoin.miniatures import write_miniature

NAN = float("nan")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_miniature("clothing_attributes", tmp_path, images=4)
    return tmp_path / "ClothingAttributeDataset"


def codes(root: Path, name: str, *values: float) -> None:
    savemat(root / "labels" / f"{name}_GT.mat", {"GT": np.array(values)[:, None]})


def test_codes_from_1_and_nan_by_hand(root: Path) -> None:
    codes(root, "category", 1, 7, NAN, 3)
    codes(root, "neckline", 3, 2, 1, NAN)
    codes(root, "sleevelength", NAN, 1, 2, 3)
    codes(root, "skin_exposure", 1, 2, NAN, 2)
    codes(root, "pattern_spot", NAN, NAN, 2, 1)
    codes(root, "many_colors", 2, 1, 1, NAN)
    frame = clothing_attributes(root).frame
    assert frame["category"].to_list() == ["Shirt", "Dress", None, "T-shirt"]
    assert frame["neckline"].to_list() == ["Other", "Round", "V-shape", None]
    assert frame["sleeve_length"].to_list() == [None, "None", "Short", "Long"]
    assert frame["detail:skin_exposure"].to_list() == [0, 1, None, 1]
    assert frame["pattern:spot"].to_list() == [None, None, 1, 0]
    assert frame["colour:many_colors"].to_list() == [1, 0, 0, None]
    assert not {"split", "group"} & set(frame.columns)


def test_files_are_told_by_their_names_and_not_by_their_order(root: Path) -> None:
    binary = [path.name.removesuffix("_GT.mat") for path in sorted((root / "labels").iterdir())]
    binary = [name for name in binary if name not in ("category", "neckline", "sleevelength")]
    assert len(binary) == 23
    for number, name in enumerate(binary):  # a pattern of bits of its own
        codes(root, name, *(1 + (number >> bit & 1) for bit in range(4)), 1 + (number >> 4))
    for name in ("category", "neckline", "sleevelength"):
        codes(root, name, 1, 1, 1, 1, 1)
    (root / "images" / "000005.jpg").write_bytes(b"")
    frame = clothing_attributes(root).frame
    found = {column.partition(":")[2]: frame[column].to_list() for column in frame.columns if ":" in column}
    for number, name in enumerate(binary):
        assert found[name.removeprefix("pattern_")] == [number >> bit & 1 for bit in range(5)], name


def test_rows_are_images_by_number(root: Path) -> None:
    lost = root / "images" / "000002.jpg"
    lost.unlink()
    codes(root, "category", 1, 2, 3, 4)
    archive = clothing_attributes(root.parent)
    assert archive.frame.select("image", "category").rows() == [
        (str(root / "images" / "000001.jpg"), "Shirt"),
        (str(root / "images" / "000003.jpg"), "T-shirt"),
        (str(root / "images" / "000004.jpg"), "Outerwear"),
    ]
    assert f"1 of 4 listed images have no file and are left out; the first: {lost}." in archive.notes


def test_names_that_are_unconfirmed_are_told(root: Path) -> None:
    assert "the names are unconfirmed" in clothing_attributes(root).notes[1]


@pytest.mark.parametrize(("name", "count", "code"), [("category", 7, 8), ("scarf", 2, 0), ("neckline", 3, 1.5)])
def test_a_code_that_is_not_known(root: Path, name: str, count: int, code: float) -> None:
    codes(root, name, 1, NAN, code, 1)
    with pytest.raises(
        ValueError, match=rf"{name}_GT.mat, row 3 of `GT`, should be a code from 1 to {count}, or NaN. Found {code:g}."
    ):
        clothing_attributes(root)


def test_files_that_are_not_understood(root: Path) -> None:
    codes(root, "scarf", 1, 1, 1)
    with pytest.raises(ValueError, match=r"should have a row an image each. Found 4 rows for category and 3 for"):
        clothing_attributes(root)
    savemat(root / "labels" / "scarf_GT.mat", {"gt": np.ones((4, 1))})
    with pytest.raises(ValueError, match=r"scarf_GT.mat should be a MATLAB file with numbers in `GT`. Found 'GT'"):
        clothing_attributes(root)
    for content in (b"<html>" * 50, b""):
        (root / "labels" / "scarf_GT.mat").write_bytes(content)
        with pytest.raises(ValueError, match=r"scarf_GT.mat should be a MATLAB file with numbers in `GT`. Found "):
            clothing_attributes(root)
    (root / "labels" / "scarf_GT.mat").unlink()
    with pytest.raises(FileNotFoundError, match=r"should be a folder with scarf_GT.mat"):
        clothing_attributes(root)
