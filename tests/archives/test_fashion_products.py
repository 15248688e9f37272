"""Fashion Product Images: what is easily got wrong."""

from pathlib import Path

import pytest

from conjoin.datasets import fashion_products

HEADER = "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,productDisplayName"
ROWS = (
    "15970,Men,Apparel,Topwear,Shirts,Navy Blue,Fall,2011,Casual,Turtle Check Men Navy Blue Shirt",
    "12369,Men,Apparel,Topwear,Shirts,Red,Summer,2012,Casual,Shirt, slim fit, red",
    "6394,Women,Home,Home Furnishing,Cushion Covers,,NA,,NA,",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    fill(tmp_path, *ROWS)
    return tmp_path


def fill(root: Path, *rows: str, header: str = HEADER) -> None:
    (root / "images").mkdir(parents=True, exist_ok=True)
    (root / "styles.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
    for row in rows:
        (root / "images" / f"{row.partition(',')[0]}.jpg").write_bytes(b"")


def test_names_by_hand(root: Path) -> None:
    archive = fashion_products(root)
    frame = archive.frame
    assert frame.row(0) == (
        str(root / "images" / "15970.jpg"),
        "Men",
        "Apparel",
        "Topwear",
        "Shirts",
        "Navy Blue",
        "Fall",
        "2011",
        "Casual",
    )
    assert archive.outputs["article_type"] == ("Cushion Covers", "Shirts")
    assert not {"split", "group"} & set(frame.columns)


def test_commas_of_a_name_shift_nothing(root: Path) -> None:
    archive = fashion_products(root)
    assert len(archive.frame) == 3
    assert archive.frame.row(1, named=True)["usage"] == "Casual"
    assert archive.notes[1] == "1 rows of styles.csv have commas within productDisplayName and are read whole."


def test_empty_cells_and_na_are_not_annotated(root: Path) -> None:
    archive = fashion_products(root)
    last = archive.frame.select("base_colour", "season", "year", "usage", "gender").row(2)
    assert last == (None, None, None, None, "Women")
    assert archive.outputs["usage"] == ("Casual",)


def test_missing_images_are_counted(root: Path) -> None:
    lost = root / "images" / "12369.jpg"
    lost.unlink()
    archive = fashion_products(root)
    assert len(archive.frame) == 2
    assert f"1 of 3 listed images have no file and are left out; the first: {lost}." in archive.notes


@pytest.mark.parametrize("folder", ["fashion-dataset", "fashion-dataset/fashion-dataset"])
def test_nested_folders(folder: str, tmp_path: Path) -> None:
    fill(tmp_path / folder, *ROWS)
    archive = fashion_products(tmp_path)
    assert archive.frame["image"][0] == str(tmp_path / folder / "images" / "15970.jpg")
    assert archive.notes[0].startswith(f"{folder}/styles.csv with images.")


def test_of_nested_duplicates_the_outer_is_read(tmp_path: Path) -> None:
    fill(tmp_path / "fashion-dataset", *ROWS)
    fill(tmp_path / "fashion-dataset" / "fashion-dataset", *ROWS[:1])
    assert len(fashion_products(tmp_path).frame) == 3


def test_ends_of_lines_within_and_after_names(root: Path) -> None:
    path = root / "styles.csv"
    path.write_bytes("\r\n".join([HEADER, ROWS[0] + "\x0bnew\x85", ROWS[1], ""]).encode() + b"\r\n\r\n")
    assert fashion_products(root).frame["usage"].to_list() == ["Casual", "Casual"]
    path.write_bytes("\n".join([HEADER, ROWS[0]]).encode() + b" \xe9t\xe9")
    assert len(fashion_products(root).frame) == 1


def test_lines_that_are_not_understood(root: Path) -> None:
    fill(root, *ROWS, "77,Men,Apparel")
    with pytest.raises(
        ValueError, match=r"styles.csv, line 5, should be a number and 9 further cells. Found '77,Men,Apparel'"
    ):
        fashion_products(root)
    fill(root, header=HEADER.replace("season,", ""))
    with pytest.raises(ValueError, match=r"styles.csv, line 1, should be id,gender,.* Found 'id,gender,"):
        fashion_products(root)
