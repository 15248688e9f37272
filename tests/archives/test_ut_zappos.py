"""UT-Zappos50K: what is easily got wrong."""

from pathlib import Path

import pytest

from conjoin.datasets import ut_zappos
from conjoin.miniatures import write_miniature

HEADER = "CID,Category,SubCategory,HeelHeight,Insole,Closure,Gender,Material,ToeStyle"
ROWS = (
    "100627-72,Shoes,Oxfords,,,Lace up,Men,Leather;Suede,",
    '100627-255,Shoes,Oxfords,"1in - 1 3/4in",,,Men,NaN,Round Toe',
    "8-1,Boots,Over the Knee,,,Zipper,Women;Girls,Rubber,",
)
BINARY = (
    "CID,Category.Boots,Category.Shoes,SubCategory.Oxfords,SubCategory.Over.the.Knee,HeelHeight.Flat,Insole.Padded,"
    "Closure.Zipper,Gender.Men,Gender.Women,Material.Leather,Material.Suede,ToeStyle.Round.Toe",
    "100627-72,0,1,1,0,0,0,0,1,0,1,1,0",
    "100627-255,0,1,1,0,1,0,0,1,0,0,0,1",
    "8-1,1,0,0,1,0,0,1,0,1,0,1,0",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "ut-zap50k-data").mkdir()
    (tmp_path / "ut-zap50k-data" / "meta-data.csv").write_text("\n".join([HEADER, *ROWS]) + "\n")
    place(tmp_path, "Shoes/Oxfords/Bostonian/100627.72.jpg")
    place(tmp_path, "Shoes/Oxfords/L.A.M.B%2E/100627.255.jpg")
    place(tmp_path, "Boots/Over the Knee/L.A.M.B/8.1.jpg")  # the period vanished
    return tmp_path


def place(root: Path, name: str, folder: str = "ut-zap50k-images") -> None:
    (root / folder / name).parent.mkdir(parents=True, exist_ok=True)
    (root / folder / name).write_bytes(b"")


def binary(root: Path, *lines: str) -> None:
    (root / "ut-zap50k-data" / "meta-data.csv").unlink()
    (root / "ut-zap50k-data" / "meta-data-bin.csv").write_text("\n".join(lines) + "\n")


def test_names_by_hand(root: Path) -> None:
    archive = ut_zappos(root)
    frame = archive.frame
    assert frame["category"].to_list() == ["Shoes", "Shoes", "Boots"]
    assert frame["sub_category"].to_list() == ["Oxfords", "Oxfords", "Over the Knee"]
    assert archive.outputs["material"] == ("Leather", "Rubber", "Suede")
    assert frame["material:Leather"].to_list() == [1, None, 0]
    assert frame["material:Suede"].to_list() == [1, None, 0]
    assert frame["closure:Zipper"].to_list() == [0, None, 1]
    assert frame["gender:Girls"].to_list() == [0, 0, 1]
    assert frame["heel_height:1in - 1 3/4in"].to_list() == [None, 1, None]
    assert "insole" not in archive.outputs  # nothing is annotated
    assert "split" not in frame.columns


def test_images_are_found_by_number_whatever_the_folder_of_the_brand(root: Path) -> None:
    images = [Path(image).relative_to(root).as_posix() for image in ut_zappos(root).frame["image"]]
    assert images == [
        "ut-zap50k-images/Shoes/Oxfords/Bostonian/100627.72.jpg",
        "ut-zap50k-images/Shoes/Oxfords/L.A.M.B%2E/100627.255.jpg",
        "ut-zap50k-images/Boots/Over the Knee/L.A.M.B/8.1.jpg",
    ]


def test_colours_of_a_product_are_a_group(root: Path) -> None:
    assert ut_zappos(root).frame["group"].to_list() == ["100627", "100627", "8"]


def test_rows_and_images_without_the_other_are_counted(root: Path) -> None:
    (root / "ut-zap50k-images/Shoes/Oxfords/Bostonian/100627.72.jpg").unlink()
    place(root, "Shoes/Flats/Keds/9.9.jpg")
    place(root, "Shoes/Flats/Keds/.DS_Store")
    archive = ut_zappos(root)
    assert archive.frame["group"].to_list() == ["100627", "8"]
    assert archive.notes[1:] == (
        "1 of 3 rows of meta-data.csv have no image and are left out; the first: 100627-72.",
        "1 images have no row of meta-data.csv and are left out.",
    )


def test_square_images(root: Path) -> None:
    (root / "ut-zap50k-images").rename(root / "ut-zap50k-images-square")
    archive = ut_zappos(root)
    assert len(archive.frame) == 3
    assert "images of ut-zap50k-images-square" in archive.notes[0]


def test_binary_columns_of_a_group_that_are_all_zero_are_not_annotated(root: Path) -> None:
    binary(root, *BINARY)
    archive = ut_zappos(root)
    frame = archive.frame
    assert frame["category"].to_list() == ["Shoes", "Shoes", "Boots"]
    assert frame["sub_category"].to_list() == ["Oxfords", "Oxfords", "Over the Knee"]
    assert frame["material:Leather"].to_list() == [1, None, 0]
    assert frame["material:Suede"].to_list() == [1, None, 1]
    assert frame["toe_style:Round Toe"].to_list() == [None, 1, None]
    assert "meta-data-bin.csv" in archive.notes[0]


def test_both_forms_of_the_metadata_say_the_same(tmp_path: Path) -> None:
    write_miniature("ut_zappos", tmp_path)
    cells = ut_zappos(tmp_path).frame
    (tmp_path / "ut-zap50k-data" / "meta-data.csv").unlink()
    columns = ut_zappos(tmp_path).frame
    assert cells.select("image", "category", "sub_category", "group", "material:Leather").equals(
        columns.select("image", "category", "sub_category", "group", "material:Leather")
    )
    assert cells.width == columns.width


def test_several_names_of_a_class_are_no_class(root: Path) -> None:
    rows = [ROWS[0].replace("Oxfords", "Oxfords;Flats"), *ROWS[1:]]
    (root / "ut-zap50k-data" / "meta-data.csv").write_text("\n".join([HEADER, *rows]))
    archive = ut_zappos(root)
    assert archive.frame["sub_category"].to_list() == [None, "Oxfords", "Over the Knee"]
    assert archive.notes[-1] == "1 images with several names in SubCategory are not annotated for sub_category."


def test_a_table_that_is_not_understood(root: Path) -> None:
    path = root / "ut-zap50k-data" / "meta-data.csv"
    path.write_text("\n".join([HEADER, ROWS[0], "9-1,Shoes"]))
    with pytest.raises(ValueError, match=r"meta-data.csv, line 3, should have 9 cells. Found 2: '9-1,Shoes'"):
        ut_zappos(root)
    path.write_text(HEADER.replace("Material,", "") + "\n")
    with pytest.raises(ValueError, match=r"line 1, should name the columns of UT-Zappos50K. Found none for Material"):
        ut_zappos(root)
    binary(root, BINARY[0], BINARY[1], BINARY[2].replace(",0,", ",-1,", 1))
    with pytest.raises(ValueError, match=r"meta-data-bin.csv, line 3, should have 13 cells of 0 or 1. Found 13: '100"):
        ut_zappos(root)
