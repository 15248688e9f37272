"""Rows that cannot be used: what is said, and what `on_error: skip` does."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from conjoin.data import load
from conjoin.sources import DataError, prepare
from tests.shops import make_study, picture, write_csv, write_shop

from .faulty import CLASSES, shop, source, touched

pytestmark = pytest.mark.usefixtures("_own_cache")


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


FAULTY: dict[str, tuple[Callable[[Path], dict[str, Any]], list[str], int]] = {
    "truncated": (
        truncated,
        ["image that cannot be read: 1 row\n", "shop.csv, row 4 (shop): `image` should be a whole", "truncated?"],
        5,
    ),
    "not an image": (
        no_image,
        ["row 4 (shop)", "Found in '", "3.png' 16 bytes that begin with b'<html>404</h': no image."],
        5,
    ),
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


def test_a_file_that_could_not_be_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its size nor its time say that its permissions were mended."""
    study, read = make_study(CLASSES, source(shop(tmp_path))), Path.read_bytes

    def refused(path: Path) -> bytes:
        if path.name == "3.png":
            raise PermissionError(13, "Permission denied")
        return read(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refused)
        with pytest.raises(DataError, match=r"row 4 \(shop\): .* a readable file. Found '.*3.png': Permission denied"):
            prepare(study)
    looked: list[str] = []

    def watched(data: str) -> Image.Image:
        looked.append(Path(data).name)
        return load(data)

    monkeypatch.setattr("conjoin.sources._images.load", watched)
    for _ in range(2):
        prepared = prepare(study)
        assert prepared.account.faults.counts == {}
        assert (prepared.content["train"] != 0).all()
    assert looked == ["3.png"] * 2  # and no other image is looked at


def test_another_version_of_pillow_looks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, cache = make_study(CLASSES, source(shop(tmp_path))), tmp_path / "cache"
    for version, looks in (("1.0", 1), ("1.0", 1), ("2.0", 2)):
        monkeypatch.setattr("PIL.__version__", version)
        prepare(study, cache=cache)
        assert len([*(cache / "looked").iterdir()]) == looks


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


COUNTED_FROM_ONE: dict[str, tuple[list[str], list[str]]] = {
    "from one": (
        ["1", "2", "", "2"],
        [
            "row 2",
            "Found '2'. No cell is 0 and some are 2: these codes count from 1. Write `values: {1: cat, 2: dog}`.",
        ],
    ),
    "and another": (
        ["1", "2", "9", "2"],
        ["No cell is 0 and some are 2", "Found '9'. Codes go from 0 to 1"],
    ),
    "from zero": (["0", "1", "2", "1"], ["row 3", "Found '2'. Codes go from 0 to 1; that of a missing annotation"]),
}


@pytest.mark.parametrize("kind", ["classes", "labels"])
@pytest.mark.parametrize("case", COUNTED_FROM_ONE)
def test_codes_that_count_from_one(case: str, kind: str, tmp_path: Path) -> None:
    """Declared as missing, the last would shift all the others."""
    cells, words = COUNTED_FROM_ONE[case]
    path = write_shop(tmp_path, [{"article": cell, "part": "train"} for cell in cells])
    column = {"column": "article"} | ({"separator": ";"} if kind == "labels" else {})
    with pytest.raises(DataError) as caught:
        prepare(make_study({"article": {kind: ["cat", "dog"]}}, source(path, annotations={"article": column})))
    for word in words:
        assert word in str(caught.value)


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
