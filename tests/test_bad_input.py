"""Data that cannot be used: what is said, and what `on_error: skip` does."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import polars as pl
import pytest
from PIL import Image

from conjoin.sources import DataError, annotations, prepare

from .shops import make_study, picture, write_csv, write_shop

CLASSES = {"article": {"classes": ["shirt", "shoe"]}}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def source(path: Path, **settings: Any) -> dict[str, Any]:
    return {
        "name": "shop",
        "path": str(path),
        "split": {"column": "part"},
        "annotations": {"article": "article"},
    } | settings


def shop(folder: Path, **changes: Any) -> Path:
    """Six good rows, of which the fourth is changed."""
    rows = [{"article": "shoe", "part": part, "id": str(n)} for n, part in enumerate(("train", "test") * 3)]
    rows[3] |= changes
    return write_shop(folder, rows)


def truncated(folder: Path) -> dict[str, Any]:
    path = shop(folder)
    (folder / "3.png").write_bytes(picture(3)[:90])
    return source(path)


def no_image(folder: Path) -> dict[str, Any]:
    path = shop(folder)
    (folder / "3.png").write_text("<html>404</html>")
    return source(path)


def missing_file(folder: Path) -> dict[str, Any]:
    path = shop(folder)
    (folder / "3.png").unlink()
    return source(path)


def not_utf8(folder: Path) -> dict[str, Any]:
    path = shop(folder, article="CAFE")
    path.write_bytes(path.read_bytes().replace(b"CAFE", b"caf\xe9"))
    return source(path)


def not_utf8_lines(folder: Path) -> dict[str, Any]:
    path = folder / "shop.jsonl"
    lines = pl.read_csv(shop(folder)).with_columns(pl.col("id").cast(pl.String)).to_dicts()
    lines[3]["article"] = "CAFE"
    path.write_bytes("\n".join(map(json.dumps, lines)).encode().replace(b"CAFE", b"caf\xe9"))
    return source(path, format="jsonl")


def not_utf8_parquet(folder: Path) -> dict[str, Any]:
    frame = pl.read_csv(shop(folder, article="CAFE"), infer_schema=False)
    frame.write_parquet(folder / "shop.parquet", compression="uncompressed", statistics=False)
    data = (folder / "shop.parquet").read_bytes()
    assert b"CAFE" in data
    (folder / "shop.parquet").write_bytes(data.replace(b"CAFE", b"caf\xe9"))
    return source(folder / "shop.parquet", format="parquet")


def disagreeing(folder: Path) -> dict[str, Any]:
    return source(shop(folder, article="shirt", id="1", image="1.png"), id="id")


def disagreeing_splits(folder: Path) -> dict[str, Any]:
    return source(shop(folder, id="2", image="2.png"), id="id")


def disagreeing_images(folder: Path) -> dict[str, Any]:
    return source(shop(folder, id="1"), id="id")


def changed_line(folder: Path, change: Callable[[str], str]) -> dict[str, Any]:
    """The fourth row changed, after a blank line that is no row."""
    lines = shop(folder).read_text().splitlines()
    lines[4] = change(lines[4])
    return source(touched(folder / "shop.csv", "\n".join([*lines[:3], "", *lines[3:]])))


def touched(path: Path, text: str = "") -> Path:
    path.write_text(text)
    return path


FAULTY: dict[str, tuple[Callable[[Path], dict[str, Any]], list[str], int]] = {
    "truncated": (
        truncated,
        ["image that cannot be read: 1 row\n", "shop.csv, row 4 (shop): `image` should be a whole", "truncated?"],
        5,
    ),
    "not an image": (no_image, ["row 4 (shop)", "Found 16 bytes that begin with b'<html>404</h': no image."], 5),
    "missing file": (
        missing_file,
        [
            "image file that is missing: 1 row\n",
            "row 4 (shop): `image` should be an existing file. Found none at '",
            "3.png'",
        ],
        5,
    ),
    "empty cell": (
        lambda folder: source(shop(folder, image="")),
        ["row 4 (shop): `image` should be bytes or a path. Found an empty cell."],
        5,
    ),
    "unknown label": (
        lambda folder: source(shop(folder, article="shoes")),
        [
            "label unknown to the task: 1 row\n",
            "row 4 (shop): `article` should be one of the classes of the task. Found 'shoes'. Did you mean 'shoe'?",
        ],
        5,
    ),
    "a row cut short": (
        lambda folder: changed_line(folder, lambda line: line.rpartition(",")[0]),
        [
            "row of another length than the header: 1 row\n",
            "shop.csv, row 4 (shop): a row should have 4 cells, as the header has. Found 3.",
        ],
        5,
    ),
    "more cells than the header": (
        lambda folder: changed_line(folder, lambda line: line + ",x,y"),
        ["shop.csv, row 4 (shop): a row should have 4 cells, as the header has. Found 6."],
        5,
    ),
    "unknown code": (
        lambda folder: source(shop(folder, article="9")),
        ["Found '9'. Codes go from 0 to 1; that of a missing annotation is declared: `missing: [9]`."],
        5,
    ),
    "rows that disagree": (
        disagreeing,
        [
            "rows of one image that disagree: 1 row\n",
            "row 2 (shop): `article` of image '1' should be the same in all its rows. Found 'shoe' in ",
            "shop.csv row 2, 'shirt' in ",
            "shop.csv row 4.",
        ],
        4,
    ),
    "images that disagree": (
        disagreeing_images,
        [
            "rows of one image that disagree: 1 row\n",
            "row 2 (shop): `pixels` of image '1' should be the same in all its rows. Found ",
            "shop.csv row 2, ",
            "shop.csv row 4.",
        ],
        4,
    ),
    "splits that disagree": (
        disagreeing_splits,
        ["`split` of image '2' should be the same in all its rows. Found train in ", "row 3, test in "],
        4,
    ),
    "unknown split": (
        lambda folder: source(shop(folder, part="trian")),
        [
            "split that is none: 1 row\n",
            "row 4 (shop): column 'part' should hold a split",
            "Found 'trian'. Did you mean 'train'?",
        ],
        5,
    ),
    "text that is not UTF-8": (
        not_utf8,
        [
            "text that is not UTF-8: 1 row\n",
            "row 4 (shop): 'caf�', which annotates 'article', should be UTF-8",
            "latin-1",
        ],
        5,
    ),
    "Parquet that is not UTF-8": (
        not_utf8_parquet,
        ["text that is not UTF-8: 1 row\n", "shop.parquet, row 4 (shop): 'caf�', which"],
        5,
    ),
    "JSON lines that are not UTF-8": (
        not_utf8_lines,
        ["text that is not UTF-8: 1 row\n", "shop.jsonl, row 4 (shop)"],
        5,
    ),
}


@pytest.mark.parametrize("case", FAULTY)
def test_faulty_rows_are_refused_or_skipped_and_reported(case: str, tmp_path: Path) -> None:
    make, words, left = FAULTY[case]
    settings = make(tmp_path)
    with pytest.raises(DataError) as caught:
        prepare(make_study(CLASSES, settings))
    assert "`data` should hold rows that can be used. Found" in str(caught.value)
    assert "`on_error: skip`" in str(caught.value)
    prepared = prepare(make_study(CLASSES, settings, on_error="skip"))
    assert sum(len(table) for table in prepared.table.values()) == left
    told = prepared.account.faults.text()
    for word in words:
        assert word in str(caught.value)
        assert word in told


def test_the_first_ten_of_each_kind_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    path = write_shop(tmp_path, [{"article": "shoe" if n % 2 else "hat", "part": "train"} for n in range(30)])
    (tmp_path / "1.png").unlink()
    with pytest.raises(DataError) as caught:
        prepare(make_study(CLASSES, source(path)))
    text = str(caught.value)
    assert "Found 16 faults" in text
    assert "label unknown to the task: 15 rows, the first 10\n" in text
    assert text.count("Found 'hat'") == 10
    assert "row 19 (shop)" in text
    assert "row 21 (shop)" not in text
    assert "image file that is missing: 1 row\n" in text


def test_rows_of_two_sources_that_disagree(tmp_path: Path) -> None:
    a = write_shop(tmp_path, [{"id": "x", "article": "shoe", "part": "train"}], "a.csv")
    b = write_shop(tmp_path, [{"id": "x", "article": "shirt", "part": "train"}], "b.csv")
    study = make_study(CLASSES, source(a, id="id", name="one"), source(b, id="id", name="two"))
    with pytest.raises(DataError, match=r"Found 'shoe' in .*a.csv row 1, 'shirt' in .*b.csv row 1"):
        prepare(study)


def test_sources_that_are_both_numbered_from_zero(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    rows = [{"id": str(n), "article": "shoe", "part": ("train", "test")[n % 2]} for n in range(10)]
    a, b = write_shop(tmp_path, rows), write_shop(tmp_path / "b", rows)
    for n in range(10):
        (tmp_path / "b" / f"{n}.png").write_bytes(picture(50 + n))
    sources = [source(path, id="id", name=name) for path, name in ((a, "one"), (b, "two"))]
    with pytest.raises(DataError, match=r"Found 10 faults") as caught:
        prepare(make_study(CLASSES, *sources))
    assert re.search(
        r"shop.csv, row 3 \(one\): `pixels` of image '2' should be the same in all its rows. "
        r"Found \w{16} in .*shop.csv row 3, \w{16} in .*b/shop.csv row 3\. Images that are not the same need",
        str(caught.value),
    )
    for n in range(10):
        (tmp_path / "b" / f"{n}.png").write_bytes(picture(n, "BMP"))  # other bytes, the same pixels
    assert prepare(make_study(CLASSES, *sources)).account.merged == 10


def test_rows_of_one_file_that_disagree_without_an_id(tmp_path: Path) -> None:
    rows = [{"article": name, "part": "train", "image": "0.png"} for name in ("shoe", "shirt")]
    (tmp_path / "0.png").write_bytes(picture(0))
    with pytest.raises(DataError, match=r"`article` of image '.*0.png' should be the same"):
        prepare(make_study(CLASSES, source(write_csv(tmp_path / "a.csv", rows))))


def test_labels_that_disagree(tmp_path: Path) -> None:
    cells = ((1, ""), ("", 0), (0, 0))
    rows = [{"id": "x", "image": "0.png", "red": red, "soft": soft, "part": "train"} for red, soft in cells]
    settings = source(write_shop(tmp_path, rows), id="id", annotations={"t": {"columns": ["red", "soft"]}})
    tasks = {"t": {"labels": ["red", "soft"]}}
    with pytest.raises(
        DataError, match=r"`t` of image 'x' .* Found 'red' in .* row 1, 'not soft' in .* row 2, 'not red, not soft'"
    ):
        prepare(make_study(tasks, settings))


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_odd_images_are_converted_and_counted(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    images = [
        encoded(Image.new("CMYK", (4, 4)), "JPEG"),
        encoded(Image.new("L", (4, 4), 7)),
        encoded(Image.fromarray(np.full((4, 4), 40000, np.uint16))),
        encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        encoded(Image.new("RGB", (4, 2), "red"), exif=exif),
        picture(0),
    ]
    pl.DataFrame({"image": images, "article": ["shoe"] * 6, "part": ["train", "test"] * 3}).write_parquet(
        tmp_path / "a.parquet"
    )
    prepared = prepare(make_study(CLASSES, source(tmp_path / "a.parquet", format="parquet")))
    converted = dict(prepared.account.converted["shop"])
    assert {key: converted[key] for key in ("CMYK", "grey", "16 bits", "animated", "rotated")} == dict.fromkeys(
        ("CMYK", "grey", "16 bits", "animated", "rotated"), 1
    )


def parquet_of_numbers(folder: Path) -> dict[str, Any]:
    pl.DataFrame({"image": [1], "article": ["shoe"], "part": ["train"]}).write_parquet(folder / "a.parquet")
    return source(folder / "a.parquet", format="parquet")


def headers_differ(folder: Path) -> dict[str, Any]:
    shop(folder)
    write_csv(folder / "z.csv", [{"image": "0.png", "part": "train"}])
    return source(folder / "*.csv")


def empty_folder(folder: Path) -> dict[str, Any]:
    (folder / "none").mkdir()
    return source(folder / "none", format="folder")


BROKEN: dict[str, tuple[Callable[[Path], dict[str, Any]], str]] = {
    "no column": (
        lambda folder: source(shop(folder), annotations={"article": "artikel"}),
        r"`annotations.article` of data source 'shop' should be one of its columns. "
        r"Found 'artikel'. Did you mean 'article'\?",
    ),
    "no column of images": (
        lambda folder: source(shop(folder), image="picture"),
        r"`image` of data source 'shop' should be one of its columns. Found 'picture'. Known: \['image', 'article'",
    ),
    "no column of splits": (
        lambda folder: source(shop(folder), split={"column": "prt"}),
        r"`split` of data source 'shop' should be one of its columns. Found 'prt'. Did you mean 'part'\?",
    ),
    "no column of a Parquet file": (
        lambda folder: parquet_of_numbers(folder) | {"group": "parts"},
        r"`group` of data source 'shop' should be one of its columns. Found 'parts'. Did you mean 'part'",
    ),
    "numbers for images": (
        parquet_of_numbers,
        r"Column 'image' of data source 'shop' should hold images: bytes, paths",
    ),
    "an empty file": (
        lambda folder: source(touched(folder / "a.csv")),
        r"Data source 'shop' should hold rows. Found .*a.csv, which is empty",
    ),
    "a header alone": (
        lambda folder: source(touched(folder / "a.csv", "image,article,part\n")),
        r"Data source 'shop' should hold rows. Found none in .*a.csv",
    ),
    "no file": (
        lambda folder: source(folder / "x*.csv"),
        r"`path` of data source 'shop' should name files. Found none at .*x\*.csv",
    ),
    "no folder": (
        lambda folder: source(folder / "x", format="folder"),
        r"Data source 'shop' should be a folder. Found none at .*x",
    ),
    "an empty folder": (empty_folder, r"Data source 'shop' should be readable as folder"),
    "no Parquet": (
        lambda folder: source(touched(folder / "a.parquet", "x,y" * 9), format="parquet"),
        r"Data source 'shop' should be readable as parquet. Found.*Parquet magic bytes",
    ),
    "no JSON": (
        lambda folder: source(touched(folder / "a.jsonl", "x,y"), format="jsonl"),
        r"Data source 'shop' should be readable as jsonl. Found in .*a.jsonl: ",
    ),
    "a column twice": (
        lambda folder: source(touched(folder / "a.csv", "image,article,article\na,b,c\n")),
        r"The header of .*a.csv should name each column once. Found 'article' twice",
    ),
    "an open quotation mark": (
        lambda folder: source(touched(folder / "a.csv", 'image,article\na,"b\na,b\n')),
        r"Data source 'shop' should be readable as csv. Found in .*a.csv: ",
    ),
    "other headers": (
        headers_differ,
        r"z.csv should have the columns of .*shop.csv. Found none called \['article', 'id'\]",
    ),
    "lists for a class": (
        lambda folder: source(
            touched(folder / "a.jsonl", '{"image": "0.png", "article": ["shoe"], "part": "train"}'), format="jsonl"
        ),
        r"should hold one class of 'article' in each cell. Found lists. Give the task `labels`",
    ),
}


@pytest.mark.parametrize("policy", ["fail", "skip"])
@pytest.mark.parametrize("case", BROKEN)
def test_what_is_said_of_a_source_that_cannot_be_read(case: str, policy: str, tmp_path: Path) -> None:
    make, message = BROKEN[case]
    with pytest.raises(DataError, match=message):
        prepare(make_study(CLASSES, make(tmp_path), on_error=policy))


def test_text_without_a_separator(tmp_path: Path) -> None:
    settings = source(shop(tmp_path, article="a;b"))
    with pytest.raises(
        DataError, match=r"should hold lists of labels of 'article'. Found String. .* needs `separator: ;`"
    ):
        prepare(make_study({"article": {"labels": ["shoe"]}}, settings))


def test_an_encoding_may_be_declared(tmp_path: Path) -> None:
    path = shop(tmp_path, article="CAFE")
    path.write_bytes(path.read_bytes().replace(b"CAFE", b"caf\xe9"))
    prepared = prepare(make_study({"article": {"classes": ["shoe", "café"]}}, source(path, encoding="latin-1")))
    assert annotations(prepared.table["test"])["article"].tolist() == [0, 1, 0]


WRONG_CELLS: dict[str, tuple[dict[str, Any], str]] = {
    "label": ({"red": "2"}, r"column 'red' should be 0, 1 or be empty. Found '2'. Another code .* `missing`"),
    "word": ({"red": "maybe"}, r"Found 'maybe'"),
    "probability": ({"red": "1.5"}, r"column 'red' should be a probability within \[0, 1\], or be empty. Found '1.5'"),
}


@pytest.mark.parametrize("case", WRONG_CELLS)
def test_cells_of_a_column_for_each_label(case: str, tmp_path: Path) -> None:
    cells, message = WRONG_CELLS[case]
    path = write_shop(tmp_path, [{**cells, "part": "train"}])
    settings = {"columns": ["red"], "soft": case == "probability"}
    with pytest.raises(DataError, match=message):
        prepare(make_study({"t": {"labels": ["red"]}}, source(path, annotations={"t": settings})))


def test_distributions_that_do_not_sum_to_one(tmp_path: Path) -> None:
    path = write_shop(tmp_path, [{"a": "0.5", "b": b, "part": "train"} for b in ("0.6", "")])
    settings = {"columns": {"shirt": "a", "shoe": "b"}, "soft": True}
    with pytest.raises(
        DataError, match=r"(?s)'article' should sum to 1, or all be empty. Found \[0.5, 0.6\].*\[0.5, nan\]"
    ):
        prepare(make_study(CLASSES, source(path, annotations={"article": settings})))


OF_LISTS: dict[str, tuple[dict[str, Any], str]] = {
    "labels": ({"columns": ["c"]}, r"'c' of data source 'shop' should hold 0, 1 or nothing in each cell. Found List"),
    "probabilities": ({"columns": ["c"], "soft": True}, r"'c' .* a probability or nothing in each cell. Found List"),
    "text": ({"text": "c", "words": {"c": ["a"]}}, r"'c' of data source 'shop' should hold text in each cell. Found L"),
    "bytes": ({"columns": {"c": "image"}}, r"Column 'image' .* 0, 1 or nothing in each cell. Found Binary"),
    "lists of lists": ({"column": "d"}, r"should hold lists of labels of 't'. Found List\(List"),
}


@pytest.mark.parametrize("case", OF_LISTS)
def test_a_column_of_something_else(case: str, tmp_path: Path) -> None:
    annotation, message = OF_LISTS[case]
    frame = pl.DataFrame({"image": [picture(0)], "part": ["train"], "c": [["a"]], "d": [[["a"]]]})
    frame.write_parquet(tmp_path / "c.parquet")
    settings = source(tmp_path / "c.parquet", format="parquet", annotations={"t": annotation})
    with pytest.raises(DataError, match=message):
        prepare(make_study({"t": {"labels": ["c"]}}, settings))


def test_no_test_images(tmp_path: Path) -> None:
    path = write_shop(tmp_path, [{"article": "shoe", "part": "train"}])
    with pytest.raises(DataError, match=r"`data` should hold images of split 'test'. Found none of 1 rows"):
        prepare(make_study(CLASSES, source(path)))


def test_splits_of_another_name() -> None:
    table = datasets.Dataset.from_dict({"image": [picture(0)], "article": ["shoe"]})
    given = {"shop": datasets.DatasetDict({"train": table, "extra": table})}
    settings = {"name": "shop", "format": "memory", "annotations": {"article": "article"}}
    with pytest.raises(DataError, match=r"Splits of data source 'shop' should be train.* Found \['extra'\]"):
        prepare(make_study(CLASSES, settings), given)
