"""Sources and columns that cannot be read: what is said."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import polars as pl
import pytest

from conjoin.sources import DataError, annotations, prepare
from tests.shops import make_study, picture, write_csv, write_shop

from .faulty import CLASSES, shop, source, touched

pytestmark = pytest.mark.usefixtures("_own_cache")


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
    "another delimiter": (
        lambda folder: source(touched(folder / "a.csv", "image;article;part\n0.png;shoe;train\n")),
        r"should be one of its columns. Found 'article'. Known: \['image;article;part'\]. Is it `delimiter: \";\"`\?",
    ),
    "tabs": (
        lambda folder: source(touched(folder / "a.csv", "image\tarticle\tpart\n0.png\tshoe\ttrain\n")),
        r"Is it `delimiter: \"\\t\"`\?",
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
    "no tar": (
        lambda folder: source(touched(folder / "a.tar", "x" * 700), format="webdataset"),
        r"Data source 'shop' should be readable as webdataset. Found",
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


def test_cells_that_are_not_understood_are_told_where_classes_are_missing(tmp_path: Path) -> None:
    path = shop(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"shoe", b"caf\xe9"))
    with pytest.raises(
        DataError,
        match=r"(?s)at least two classes .*Found none: no cell.*Rows left out.*shop.csv, row 1.*encoding",
    ):
        prepare(make_study({"article": {"classes": "collected"}}, source(path)))


TOO_FEW: dict[str, tuple[list[str], dict[str, Any], str]] = {
    "nothing": (
        ["", "nan"],
        {"classes": "collected"},
        "Found none: no cell that can be read names one.",
    ),
    "one": (["a", "a", ""], {"classes": "collected"}, "1 or more annotated images. Found only 'a' (2 images)."),
    "rare ones": (
        [*"aabcde"],
        {"classes": "collected", "at_least": 2},
        "2 or more annotated images. Found 'a' (2 images), 'b' (1 image), 'c' (1 image) and 2 more. Lower `at_least`?",
    ),
    "labels": (["a"], {"labels": "collected", "at_least": 3}, "Found only 'a' (1 image). Lower `at_least`?"),
}


@pytest.mark.parametrize("case", TOO_FEW)
def test_too_few_images_of_what_is_collected(case: str, tmp_path: Path) -> None:
    cells, task, words = TOO_FEW[case]
    path = write_shop(tmp_path, [{"article": cell, "part": "train"} for cell in cells])
    column = {"column": "article"} | ({"separator": ";"} if "labels" in task else {})
    with pytest.raises(DataError, match=re.escape(words)):
        prepare(make_study({"article": task}, source(path, annotations={"article": column})))


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


def test_a_group_that_is_a_list(tmp_path: Path) -> None:
    frame = pl.DataFrame({"image": [picture(0)], "part": ["train"], "article": ["shoe"], "who": [["a"]]})
    frame.write_parquet(tmp_path / "c.parquet")
    with pytest.raises(DataError, match=r"Column 'who' .* should hold one group in each cell. Found List"):
        prepare(make_study(CLASSES, source(tmp_path / "c.parquet", format="parquet", group="who")))


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
