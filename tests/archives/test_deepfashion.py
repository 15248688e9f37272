"""DeepFashion: what is easily got wrong."""

from pathlib import Path

import pytest

from conjoin.datasets import deepfashion
from conjoin.miniatures import write_miniature

IMAGES = [f"img/Some_Blouse/img_0000000{number}.jpg" for number in (1, 2, 3)]


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def listed(path: Path, *rows: str) -> None:
    write(path, str(len(rows)), "name   code", *rows)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for image in IMAGES:
        write(tmp_path / "Img" / image)
    for place in ("Anno_coarse", "Anno_fine"):
        listed(tmp_path / place / "list_category_cloth.txt", "Anorak   1", "Cape   3", "Dress    3")
    coarse, fine = tmp_path / "Anno_coarse", tmp_path / "Anno_fine"
    listed(coarse / "list_category_img.txt", *(f"{i}      {c}" for i, c in zip(IMAGES, (3, 1, 3), strict=True)))
    listed(coarse / "list_attr_cloth.txt", "abstract animal print       1", "abstract    1", "a-line   3", "sweet  5")
    values = ("1 -1  0  1", " -1  -1   1 -1 ", "0 0 0 -1")
    listed(coarse / "list_attr_img.txt", *(f"{i}          {v}" for i, v in zip(IMAGES, values, strict=True)))
    listed(
        tmp_path / "Eval" / "list_eval_partition.txt",
        *(f"{i}    {s}" for i, s in zip(IMAGES, ("val", "train", "test"), strict=True)),
    )
    listed(
        fine / "list_attr_cloth.txt", "floral 1", "long_sleeve 2", "maxi_length 3", "no_neckline 4", "knit 5", "tight 6"
    )
    for number, split in enumerate(("train", "val", "test")):
        write(fine / f"{split}.txt", IMAGES[number])
        write(fine / f"{split}_cate.txt", "3")
        write(fine / f"{split}_attr.txt", " ".join("1" if place == number else "0" for place in range(6)))
    return tmp_path


def test_coarse_codes_by_hand(root: Path) -> None:
    archive = deepfashion(root)
    frame = archive.frame
    assert frame["image"].to_list() == [str(root / "Img" / image) for image in IMAGES]
    assert frame["split"].to_list() == ["validation", "train", "test"]
    assert frame["category"].to_list() == ["Dress", "Anorak", "Dress"]
    assert frame["texture:abstract animal print"].to_list() == [1, 0, None]  # 0 is unknown
    assert frame["texture:abstract"].to_list() == [0, 0, None]
    assert frame["shape:a-line"].to_list() == [None, 1, None]
    assert frame["style:sweet"].to_list() == [1, 0, 0]
    assert archive.outputs["texture"] == ("abstract animal print", "abstract")  # names with spaces, their order


def test_categories_without_an_image_are_left_out(root: Path) -> None:
    archive = deepfashion(root)
    assert archive.outputs["category"] == ("Anorak", "Dress")
    assert archive.notes[1] == "Categories without an image are left out: Cape."


def test_lists_in_another_order_and_with_gaps(root: Path) -> None:
    coarse = root / "Anno_coarse"
    listed(coarse / "list_category_img.txt", f"{IMAGES[2]} 1", f"{IMAGES[0]} 3")
    listed(coarse / "list_attr_img.txt", f"{IMAGES[1]} 1 1 1 1", f"{IMAGES[0]} -1 -1 -1 -1")
    frame = deepfashion(root).frame
    assert frame["category"].to_list() == ["Dress", None, "Anorak"]
    assert frame["style:sweet"].to_list() == [0, 1, None]


def test_images_in_no_part_of_the_partition_are_told(root: Path) -> None:
    listed(root / "Eval" / "list_eval_partition.txt", f"{IMAGES[0]} val")
    archive = deepfashion(root)
    assert len(archive.frame) == 1
    assert "2 annotated images are in no part of the official partition and are left out." in archive.notes[0]


def test_older_names_of_folders(root: Path) -> None:
    (root / "Anno_coarse").rename(root / "Anno")
    (root / "Img" / "img").rename(root / "img")
    archive = deepfashion(root)
    assert archive.frame["image"][0] == str(root / IMAGES[0])
    assert "annotations in Anno" in archive.notes[0]


def test_listed_images_without_a_file_are_counted(root: Path) -> None:
    lost = root / "Img" / IMAGES[1]
    lost.unlink()
    archive = deepfashion(root)
    assert archive.frame["style:sweet"].to_list() == [1, 0]
    assert f"1 of 3 listed images have no file and are left out; the first: {lost}." in archive.notes


def test_the_fine_set(root: Path) -> None:
    archive = deepfashion(root, fine=True)
    frame = archive.frame
    assert frame["split"].to_list() == ["train", "validation", "test"]
    assert frame["category"].to_list() == ["Dress"] * 3
    assert list(archive.outputs) == ["category", "texture", "sleeve", "length", "neckline", "fabric", "fit"]
    assert frame["texture:floral"].to_list() == [1, 0, 0]  # without any -1, 0 is absent
    assert frame["sleeve:long_sleeve"].to_list() == [0, 1, 0]
    assert frame["fit:tight"].to_list() == [0, 0, 0]
    assert "codes 0 and 1: 0 is absent" in archive.notes[0]
    write(root / "Anno_fine" / "val_attr.txt", "1 -1 0 0 0 1")
    archive = deepfashion(root, fine=True)
    assert archive.frame["sleeve:long_sleeve"].to_list() == [None, 0, None]
    assert archive.frame["texture:floral"].to_list() == [1, 1, None]
    assert "codes -1, 0 and 1: 0 is unknown" in archive.notes[0]


def test_the_fine_set_of_the_miniature_has_26_attributes(tmp_path: Path) -> None:
    write_miniature("deepfashion", tmp_path)
    archive = deepfashion(tmp_path, fine=True)
    assert sum(len(names) for name, names in archive.outputs.items() if name != "category") == 26
    assert set(archive.frame["split"]) == {"train", "validation", "test"}
    assert len(archive.frame) == 60


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("Anno_coarse/list_category_img.txt", f"{IMAGES[0]} 4", "be a name and one of .* Found 'img/"),
        ("Anno_coarse/list_attr_cloth.txt", "sweet", "be a name and one of .* Found 'sweet'"),
        (
            "Anno_coarse/list_attr_img.txt",
            f"{IMAGES[0]} 1 1 1",
            "have 4 values of 1, -1 or 0. Found b'1 1 1",
        ),
        (
            "Anno_coarse/list_attr_img.txt",
            f"{IMAGES[0]} 1 1 1 2",
            "have 4 values of 1, -1 or 0. Found b'1 1 1 2",
        ),
        (
            "Eval/list_eval_partition.txt",
            f"{IMAGES[0]} query",
            "be a name and one of train, val, test. Found",
        ),
    ],
)
def test_a_line_that_is_not_understood(root: Path, name: str, line: str, message: str) -> None:
    listed(root / name, line)
    with pytest.raises(ValueError, match=rf"{name}, line 3, should {message}"):
        deepfashion(root)


@pytest.mark.parametrize("name", ["Eval/list_eval_partition.txt", "Anno_coarse/list_attr_img.txt"])
def test_a_list_that_was_cut_short(root: Path, name: str) -> None:
    lines = (root / name).read_text().splitlines()
    write(root / name, *lines[:-1])
    with pytest.raises(ValueError, match=r"line 1, should be the number of rows. Found '3', and 2 rows"):
        deepfashion(root)


def test_fine_lists_that_are_not_aligned(root: Path) -> None:
    write(root / "Anno_fine" / "val_cate.txt", "3", "3")
    with pytest.raises(ValueError, match=r"val_attr.txt should have a line an image each. Found 1, 2 and 1"):
        deepfashion(root, fine=True)
    write(root / "Anno_fine" / "val_cate.txt", "9")
    with pytest.raises(ValueError, match=r"val_cate.txt, line 1, should be a code from 1 to 3. Found '9'"):
        deepfashion(root, fine=True)


def test_an_attribute_that_is_named_twice(root: Path) -> None:
    listed(root / "Anno_coarse" / "list_attr_cloth.txt", "a  1", "b 1", "a 1", "a 2")
    with pytest.raises(ValueError, match=r"list_attr_cloth.txt should name each attribute once. Found 'a' twice"):
        deepfashion(root)
