"""Tables and images of every format."""

import io
import json
import os
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from conjoin.data import Preprocessing, StoredImages, decode
from conjoin.sources import DataError, annotations, prepare
from tests.relate.rows import write
from tests.shops import make_study, picture, write_csv, write_shop

from .tables import ROWS, TASKS, TRAIN, codes

pytestmark = pytest.mark.usefixtures("_own_cache")


def columns(folder: Path, format: str, paths: bool) -> dict[str, Any]:
    """The same four rows in a format."""
    images = [str(folder / f"{n}.png") if paths else picture(n) for n in range(4)]
    for number in range(4) if paths else ():
        (folder / f"{number}.png").write_bytes(picture(number))
    articles = [row["article"] or None for row in ROWS]
    if format == "csv":
        return {"path": str(write_shop(folder, ROWS))}
    if format == "jsonl":
        lines = [json.dumps({"image": i, "article": a}) for i, a in zip(images, articles, strict=True)]
        (folder / "a.jsonl").write_text("\n".join(lines))
        return {"path": str(folder / "a.jsonl")}
    pl.DataFrame({"image": images, "article": articles}).write_parquet(folder / "a.parquet")
    return {"path": str(folder / "*.parquet")}


@pytest.mark.parametrize(("format", "paths"), [("csv", True), ("jsonl", True), ("parquet", True), ("parquet", False)])
def test_tables_of_every_format(format: str, paths: bool, tmp_path: Path) -> None:
    source = {"format": format, **columns(tmp_path, format, paths), **TRAIN, "annotations": {"article": "article"}}
    prepared = prepare(make_study(TASKS, source), refuse=False)
    table = prepared.table["train"]
    assert annotations(table)["article"].tolist() == [0, 1, -1, 1]
    assert table["row"][:] == [1, 2, 3, 4]
    assert len(set(table["file"][:])) == 1
    assert table.features["task:article"] == datasets.Value("int32")
    assert table.features["source"] == datasets.Value("int16")
    assert table.features["image"] == datasets.Image(decode=False)
    encoded = table["image"][3]
    assert np.array_equal(np.array(decode(encoded["bytes"] or encoded["path"])), np.array(decode(picture(3))))


def test_structs_of_images_name_files_beside_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, settings in {"beside": {}, "root": {"root": str(tmp_path / "root")}}.items():
        place = tmp_path / name
        (place / "img").mkdir(parents=True)
        (place / "img" / "1.png").write_bytes(picture(1))
        held = [{"bytes": picture(0), "path": "0.png"}, {"bytes": None, "path": "img/1.png"}]
        pl.DataFrame({"image": held, "article": ["shoe", "shirt"]}).write_parquet(tmp_path / "beside" / "a.parquet")
        source = {"format": "parquet", "path": str(tmp_path / "beside" / "a.parquet"), **TRAIN, **settings}
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / "elsewhere")
        table = prepare(make_study(TASKS, source | {"annotations": {"article": "article"}}), refuse=False).table[
            "train"
        ]
        assert [image["bytes"] for image in table["image"]] == [picture(0), None]
        assert table["image"][1]["path"] == str(place / "img" / "1.png")


@pytest.mark.parametrize("paths", [True, False])
def test_columns_of_views(paths: bool, tmp_path: Path) -> None:
    columns(tmp_path, "csv", paths=True)
    cells = [f"{n}.png" if paths else picture(n) for n in range(4)]
    images = pa.array(cells, pa.string_view() if paths else pa.binary_view())
    pq.write_table(pa.table({"image": images, "article": ["shoe"] * 4}), tmp_path / "a.parquet")
    source = {"format": "parquet", "path": str(tmp_path / "a.parquet"), **TRAIN, "annotations": {"article": "article"}}
    table = prepare(make_study(TASKS, source), refuse=False).table["train"]
    assert [image["path"] if paths else image["bytes"] for image in table["image"]] == [
        str(tmp_path / f"{n}.png") if paths else picture(n) for n in range(4)
    ]


def test_training_reads_the_table(tmp_path: Path) -> None:
    source = {"path": str(write_shop(tmp_path, ROWS)), **TRAIN, "annotations": {"article": "article"}}
    stored = StoredImages(prepare(make_study(TASKS, source), refuse=False).table["train"], Preprocessing(size=(6, 8)))
    assert stored.annotation("article").tolist() == [0, 1, -1, 1]
    expected = torch.from_numpy(np.array(decode(picture(2)))).permute(2, 0, 1)
    assert torch.equal(stored.read([2]).images[0], expected)


def test_a_file_that_two_patterns_name_is_read_once(tmp_path: Path) -> None:
    pl.DataFrame({"image": [picture(0)], "article": ["shoe"]}).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "link.parquet").symlink_to("a.parquet")
    patterns = [str(tmp_path / name) for name in ("*.parquet", "a.parquet")]
    source = {"format": "parquet", "path": patterns, **TRAIN, "annotations": {"article": "article"}}
    assert codes(make_study(TASKS, source)) == [1]


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_a_file_that_was_replaced_is_read_anew(format: str, tmp_path: Path) -> None:
    """Of the same size and time, as a copy that keeps times may be: `datasets` alone would read its old rows."""
    found = []
    for articles in (["shoe", "pump"], ["pump", "shoe"]):
        frame = pl.DataFrame({"image": [str(tmp_path / f"{n}.png") for n in range(2)], "article": articles})
        path = write(frame, tmp_path / f"a.{format}")
        os.utime(path, (1_600_000_000, 1_600_000_000))
        for number in range(2):
            (tmp_path / f"{number}.png").write_bytes(picture(number))
        source = {"format": format, "path": str(path), **TRAIN, "annotations": {"article": "article"}}
        found.append(codes(make_study({"article": {"classes": ["pump", "shoe"]}}, source)))
    assert found == [[1, 0], [0, 1]]


@pytest.mark.parametrize("header", ["article,image,note", "article,image,note,", "article,image,note,,"])
@pytest.mark.parametrize("end", ["", ",", ",,"])
def test_a_trailing_delimiter_shifts_no_column(header: str, end: str, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(picture(number))
    rows = ["shoe,0.png,shirt", '"shirt",1.png,"a\nb"', ",2.png,"]
    (tmp_path / "a.csv").write_text("\n".join([header, *(row + end for row in rows)]) + "\n\n")
    source = {"path": str(tmp_path / "a.csv"), **TRAIN, "annotations": {"article": "article"}}
    assert codes(make_study(TASKS, source)) == [1, 0, -1]


def test_files_whose_columns_are_in_another_order(tmp_path: Path) -> None:
    write_shop(tmp_path, [{"article": "shoe"}], "a.csv")
    (tmp_path / "1.png").write_bytes(picture(1))
    write_csv(tmp_path / "b.csv", [{"": 0, "article": "shirt", "more": "x", "image": "1.png"}])
    source = {"path": str(tmp_path / "*.csv"), **TRAIN, "annotations": {"article": "article"}}
    assert codes(make_study(TASKS, source)) == [1, 0]


def test_folders_with_metadata_and_splits_of_their_own(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "train", "validation", "test")):
        (tmp_path / "shop" / split).mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / split / f"{number}.png").write_bytes(picture(number))
        with (tmp_path / "shop" / split / "metadata.jsonl").open("a") as file:
            file.write(json.dumps({"file_name": f"{number}.png", "article": ("shirt", "shoe")[number % 2]}) + "\n")
    source = {"format": "folder", "path": str(tmp_path / "shop"), "annotations": {"article": "article"}}
    prepared = prepare(make_study(TASKS, source))
    found = {split: annotations(table)["article"].tolist() for split, table in prepared.table.items()}
    assert found == {"train": [0, 1], "validation": [0], "test": [1]}
    assert prepared.account.split == {"source0": "the source's own"}


def test_cells_of_metadata_csv_are_those_of_any_csv(tmp_path: Path) -> None:
    """pandas alone would lose None and NA, and read 007 as 7."""
    for number, split in enumerate(("train", "train", "train", "test")):
        folder = tmp_path / "shop [1]" / split / "more"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.png").write_bytes(picture(number))
    cells = ["more/0.png,None,007", "more/1.png,NA,7", "more/2.png,,"], ["more/3.png,NA,007"]
    for split, rows in zip(("train", "test"), cells, strict=True):
        (tmp_path / "shop [1]" / split / "metadata.csv").write_text("\n".join(["file_name,pattern,agent", *rows]))
    source = {
        "format": "folder",
        "path": str(tmp_path / "shop [1]"),
        "split": {"validation": 0.01},
        "annotations": {"pattern": "pattern", "agent": "agent"},
    }
    tasks = {"pattern": {"classes": ["None", "NA"]}, "agent": {"classes": ["007", "7"]}}
    prepared = prepare(make_study(tasks, source), refuse=False)
    parts = [annotations(prepared.table[split]) for split in ("train", "validation", "test")]
    found = {name: np.concatenate([part[name] for part in parts]).tolist() for name in tasks}
    assert found == {"pattern": [0, 1, -1, 1], "agent": [0, 1, -1, 0]}
    assert prepared.account.split == {"source0": "the source's own; of train 1% made validation here, seed 0"}


def test_a_relative_root_names_the_same_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = {"path": str(write_shop(tmp_path, ROWS)), **TRAIN, "annotations": {"article": "article"}}
    study = make_study(TASKS, source, source | {"root": "."})
    assert prepare(study, refuse=False).account.merged == len(ROWS)


def test_a_row_of_metadata_csv_without_its_image_is_told(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "0.png").write_bytes(picture(0))
    (tmp_path / "shop" / "metadata.csv").write_text("file_name,article\n0.png,shoe\n1.png,shirt\n")
    source = {"format": "folder", "path": str(tmp_path / "shop"), **TRAIN, "annotations": {"article": "article"}}
    with pytest.raises(DataError, match=r"metadata.csv, row 2 .*existing file"):
        prepare(make_study(TASKS, source))


def test_a_folder_for_each_class(tmp_path: Path) -> None:
    for number, name in enumerate(("shirt", "shoe", "shoe")):
        (tmp_path / "shop" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / name / f"{number}.png").write_bytes(picture(number))
    source = {"format": "folder", "path": str(tmp_path / "shop"), **TRAIN, "annotations": {"article": "label"}}
    assert sorted(codes(make_study(TASKS, source))) == [0, 1, 1]


def test_files_and_classes_whose_names_hold_that_of_a_split(tmp_path: Path) -> None:
    """`datasets` by itself would keep those alone, as splits."""
    for number, name in enumerate(("bus/1.png", "bus/test-2.png", "train/3.png", "train/x-train.png", "tram/4.png")):
        (tmp_path / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / name).write_bytes(picture(number))
    source = {"format": "folder", "path": str(tmp_path / "shop"), **TRAIN, "annotations": {"article": "label"}}
    tasks = {"article": {"classes": ["bus", "train", "tram"]}}
    assert sorted(codes(make_study(tasks, source))) == [0, 0, 1, 1, 2]


def test_folders_of_splits_beside_others_are_refused(tmp_path: Path) -> None:
    """They would be left out, or be taken for classes and the test images drawn anew."""
    for number, name in enumerate(("train", "test", "extra")):
        for other, article in enumerate(("shirt", "shoe")):
            (tmp_path / "shop [1]" / name / article).mkdir(parents=True)
            (tmp_path / "shop [1]" / name / article / "1.png").write_bytes(picture(2 * number + other))
    source = {"format": "folder", "path": str(tmp_path / "shop [1]"), "annotations": {"article": "label"}}
    with pytest.raises(
        DataError, match=r"'source0' should have folders of splits alone.*Found test, train and 'extra'"
    ):
        prepare(make_study(TASKS, source))
    (tmp_path / "shop [1]" / "test").rename(tmp_path / "shop [1]" / "more")
    with pytest.raises(DataError, match=r"folders of splits alone.*Found train and 'extra'"):  # it holds folders
        prepare(make_study(TASKS, source))
    (tmp_path / "shop [1]" / "more").rename(tmp_path / "shop [1]" / "Testing")
    (tmp_path / "shop [1]" / ".ipynb_checkpoints").mkdir()
    (tmp_path / "shop [1]" / "extra").rename(tmp_path / "shop [1]" / "val")
    table = prepare(make_study(TASKS, source)).table
    assert {split: len(rows) for split, rows in table.items()} == {"train": 2, "validation": 2, "test": 2}


def test_a_file_whose_name_looks_like_a_wildcard_is_that_file(tmp_path: Path) -> None:
    for number, (name, article) in enumerate((("x1.csv", "shoe"), ("x[1].csv", "shirt"))):
        write_shop(tmp_path, [{"article": article}], name, start=number)
    for path, found in (("x*.csv", [1, 0]), ("x[1].csv", [0])):
        source = {"path": str(tmp_path / path), **TRAIN, "annotations": {"article": "article"}}
        assert codes(make_study(TASKS, source)) == found


def test_an_image_in_two_spellings_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "img"
    (tmp_path / "disk").mkdir()
    folder.symlink_to(tmp_path / "disk")
    for number in range(2):
        (folder / f"{number}.png").write_bytes(picture(number))
    sources = []
    for number, spelling in enumerate(("img/", "./img//", "img/../img/", f"{tmp_path}/./img/")):
        write_csv(tmp_path / f"{number}.csv", [{"image": f"{spelling}{n}.png", "article": "shoe"} for n in range(2)])
        source = {"path": str(tmp_path / f"{number}.csv"), **TRAIN, "annotations": {"article": "article"}}
        sources.append(source)
    prepared = prepare(make_study(TASKS, *sources), refuse=False)
    assert (len(prepared.table["train"]), prepared.account.merged) == (2, 6)


PARTS: dict[str, tuple[list[Any], list[Any], list[float]]] = {
    "whole and broken numbers": ([0, 1], [0.25, 0.5], [0, 1, 0.25, 0.5]),
    "none at first": ([None, None], [0.25, 0.5], [np.nan, np.nan, 0.25, 0.5]),
}


@pytest.mark.parametrize("case", PARTS)
def test_files_of_different_types(case: str, tmp_path: Path) -> None:
    """The first would decide, and the others be cast to it."""
    *parts, expected = PARTS[case]
    for number, cells in enumerate(parts):
        images = [picture(2 * number + n) for n in range(2)]
        pl.DataFrame({"image": images, "soft": cells}).write_parquet(tmp_path / f"{number}.parquet")
    how = {"columns": {"soft": "soft"}, "soft": True}
    source = {"format": "parquet", "path": str(tmp_path / "*.parquet"), **TRAIN, "annotations": {"tags": how}}
    found = codes(make_study({"tags": {"labels": ["soft"]}}, source), "tags")
    assert np.array(found).flatten() == pytest.approx(expected, nan_ok=True)


def test_class_names_of_files_that_differ_in_another_column(tmp_path: Path) -> None:
    """Codes are by the names that the files have, whatever the order of the declared classes."""
    tasks = {"article": {"classes": ["shirt", "shoe"]}}
    for names, found in ((["shoe", "shirt"], [1, 0, 1, 0]), (["shirt", "shoe"], None)):
        for number, (kind, given) in enumerate((("int64", ["shoe", "shirt"]), ("int32", names))):
            features = {"image": datasets.Value("binary"), "who": datasets.Value(kind)}
            features["article"] = datasets.ClassLabel(names=given)
            cells = {"image": [picture(2 * number + n) for n in range(2)], "who": [1, 2], "article": [0, 1]}
            table = datasets.Dataset.from_dict(cells, features=datasets.Features(features))
            table.to_parquet(tmp_path / f"{number}.parquet")
        source = {"format": "parquet", "path": str(tmp_path / "*.parquet"), "group": "who", **TRAIN}
        study = make_study(tasks, source | {"annotations": {"article": "article"}})
        if found:
            assert codes(study) == found
        else:
            with pytest.raises(DataError, match=r"'article' of .* should have the same class names in all files"):
                prepare(study)


def test_files_of_types_that_do_not_go_together(tmp_path: Path) -> None:
    for number, cells in enumerate(([True, False], [0.25, 0.5])):
        pl.DataFrame({"image": [picture(0)] * 2, "soft": cells}).write_parquet(tmp_path / f"{number}.parquet")
    how = {"columns": {"soft": "soft"}, "soft": True}
    source = {"format": "parquet", "path": str(tmp_path / "*.parquet"), **TRAIN, "annotations": {"tags": how}}
    with pytest.raises(DataError, match=r"columns of one type in all files. Found: .*soft.* bool vs double"):
        prepare(make_study({"tags": {"labels": ["soft"]}}, source))


def test_a_key_of_a_column_that_has_none(tmp_path: Path) -> None:
    source = {"path": str(write_shop(tmp_path, ROWS)), **TRAIN, "annotations": {"article": "article.kind"}}
    with pytest.raises(DataError, match=r"should be one of its columns. Found 'article.kind'"):
        prepare(make_study(TASKS, source))


def test_a_folder_laid_out_like_a_data_set_of_the_hub(tmp_path: Path) -> None:
    (tmp_path / "hub" / "data").mkdir(parents=True)
    for split, size in {"train": 3, "test": 2}.items():
        frame = pl.DataFrame({"image": [picture(n + size) for n in range(size)], "article": ["shoe"] * size})
        frame.write_parquet(tmp_path / "hub" / "data" / f"{split}-00000-of-00001.parquet")
    source = {"format": "hub", "path": str(tmp_path / "hub"), "annotations": {"article": "article"}}
    prepared = prepare(make_study(TASKS, source))
    assert {split: len(table) for split, table in prepared.table.items()} == {"train": 3, "validation": 0, "test": 2}


def test_data_sets_in_memory_with_class_names_of_their_own() -> None:
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["shoe", "shirt"])})
    pictures = [Image.open(io.BytesIO(picture(n))) for n in range(3)]
    table = datasets.Dataset.from_dict({"image": pictures, "label": [0, 1, 0]}, features=features)
    source = {"name": "mine", "format": "memory", **TRAIN, "annotations": {"article": "label"}}
    assert codes(make_study(TASKS, source), given={"mine": table}) == [1, 0, 1]
    for given, what in (({}, "none"), ({"other": table}, r"\['other'\]"), ({"mine": [1]}, "a list")):
        message = (
            rf"'mine' is of format memory: the caller should give .* by name, as \{{'mine': data\}}. Found {what}\."
        )
        with pytest.raises(DataError, match=message):
            prepare(make_study(TASKS, source), given)
