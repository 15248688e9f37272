"""Folders of images: which files are read, what is said of the others, and how rows are called."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from conjoin.inspection import inspect_study
from conjoin.sources import DataError, annotations, prepare
from tests.shops import make_study, picture

from .tables import TASKS, TRAIN, codes

pytestmark = pytest.mark.usefixtures("_own_cache")


def folder(root: Path, *names: str, start: int = 0) -> Path:
    for number, name in enumerate(names, start):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(picture(number))
    return root


def source(path: Path, **settings: Any) -> dict[str, Any]:
    return {"name": "s", "format": "folder", "path": str(path), "annotations": {"article": "label"}} | settings


def test_rows_are_called_by_their_image(tmp_path: Path) -> None:
    names = ("train/shirt/0.png", "train/shoe/1.png", "test/shirt/2.png", "test/shoe/3.png", "test/hat/4.png")
    root = folder(tmp_path / "img", *names)
    (root / "train" / "shoe" / "1.png").write_text("<html>")
    (root / "test" / "shoe" / "3.png").write_bytes(picture(0))
    study = make_study(TASKS, source(root), on_error="skip")
    prepared = prepare(study)
    told = prepared.account.faults.text()
    assert f"  {root}/train/shoe/1.png (s): `image` should be" in told
    assert f"  {root}/test/hat/4.png (s): `article` should be one of the classes" in told
    assert prepared.table["test"]["file"][:] == [f"{root}/test/shirt/2.png", f"{root}/test/shoe/3.png"]
    assert prepared.table["test"]["row"][:] == [0, 0]
    twin = f"test: {root}/test/shoe/3.png; train: {root}/train/shirt/0.png"
    assert inspect_study(study, None).duplicates["first"] == [twin]


def test_a_group_in_two_splits_is_called_by_its_images(tmp_path: Path) -> None:
    root = folder(tmp_path / "img", "train/shirt/0.png", "train/shoe/1.png", "test/shirt/2.png", "test/shoe/3.png")
    with pytest.raises(DataError, match=r"'shoe': test in \S+/test/shoe/3.png, train in \S+/train/shoe/1.png$"):
        prepare(make_study(TASKS, source(root, group="label")))


def test_links_are_followed(tmp_path: Path) -> None:
    root = folder(tmp_path / "img", "shirt/0.png")
    folder(tmp_path / "else", "1.png", "2.png", start=1)
    (root / "shoe").symlink_to(tmp_path / "else")
    (tmp_path / "else" / "again").symlink_to(root / "shoe")  # not without end
    assert codes(make_study(TASKS, source(root, **TRAIN))) == [0, 1, 1]


def test_a_link_to_nothing_is_a_missing_image(tmp_path: Path) -> None:
    root = folder(tmp_path / "img", "shirt/0.png", "shoe/1.png")
    (root / "shoe" / "2.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(DataError, match=r"file that is missing: 1 row\n  \S+/shoe/2.png \(s\): .* existing file"):
        prepare(make_study(TASKS, source(root, **TRAIN)))


def test_formats_that_pillow_reads_and_others(tmp_path: Path) -> None:
    root = folder(
        tmp_path / "img", "shirt/0.png", "shoe/1.JPG", *(f"shoe/{n}.heic" for n in range(3)), "shoe/x", ".x.png"
    )
    Image.fromarray(np.array([[0, 1]], np.float32)).save(root / "shoe" / "2.pfm")  # which `datasets` does not list
    prepared = prepare(make_study(TASKS, source(root, **TRAIN)), refuse=False)
    assert [Path(file).name for file in prepared.table["train"]["file"]] == ["0.png", "1.JPG", "2.pfm"]
    assert prepared.account.notes == {
        "s": ("4 files left out, of no type that Pillow reads: shoe/0.heic, shoe/1.heic, shoe/2.heic and 1 more.",)
    }


def test_a_folder_without_images(tmp_path: Path) -> None:
    root = folder(tmp_path / "img", "shoe/1.heic")
    message = r"'s' should be readable as folder. Found no images in \S+/img. 1 file left out, of .*: shoe/1.heic.$"
    with pytest.raises(DataError, match=message):
        prepare(make_study(TASKS, source(root)))


def test_images_beside_splits_are_told(tmp_path: Path) -> None:
    root = folder(
        tmp_path / "img", "train/shirt/0.png", "train/shoe/1.png", "test/shirt/2.png", "test/shoe/3.png", "x.png"
    )
    prepared = prepare(make_study(TASKS, source(root)))
    assert prepared.account.notes == {"s": ("1 file left out, in no folder of a split: x.png.",)}


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_metadata_of_every_kind(kind: str, tmp_path: Path) -> None:
    root = folder(tmp_path / "img", "0.png", "more/1.png", "2.png", "3.png")
    frame = pl.DataFrame({"file_name": ["0.png", "more/1.png"], "article": ["shoe", "shirt"]})
    write = {"csv": "write_csv", "jsonl": "write_ndjson", "parquet": "write_parquet"}[kind]
    getattr(frame, write)(root / f"metadata.{kind}")
    prepared = prepare(make_study(TASKS, source(root, **TRAIN, annotations={"article": "article"})), refuse=False)
    assert annotations(prepared.table["train"])["article"].tolist() == [1, 0]
    assert prepared.table["train"]["file"][:] == [f"{root}/metadata.{kind}"] * 2
    assert prepared.table["train"]["row"][:] == [1, 2]
    assert prepared.account.notes == {"s": ("2 files left out, which no metadata name: 2.png, 3.png.",)}


def test_metadata_where_it_is_not_read(tmp_path: Path) -> None:
    root = folder(tmp_path / "img", "train/0.png", "test/1.png")
    (root / "metadata.csv").write_text("file_name,article\ntrain/0.png,shoe\ntest/1.png,shirt\n")
    settings = source(root, annotations={"article": "article"})
    message = (
        r"Metadata of data source 's' should lie in .* splits.* Found \S+/img/metadata.csv. Divide it among .*test"
    )
    with pytest.raises(DataError, match=message):
        prepare(make_study(TASKS, settings))
    (root / "metadata.csv").rename(root / "train" / "metadata.csv")
    (root / "test" / "metadata.jsonl").write_text(json.dumps({"file_name": "1.png", "article": "shirt"}))
    message = (
        r"Metadata of data source 's' should be of one kind. Found \S+test/metadata.jsonl and \S+train/metadata.csv"
    )
    with pytest.raises(DataError, match=message):
        prepare(make_study(TASKS, settings))


@pytest.mark.parametrize("stray", ["img/stray.png", "img/shoe/more/stray.png"])
def test_an_image_at_another_depth_has_no_label(stray: str, tmp_path: Path) -> None:
    folder(tmp_path, "img/shirt/0.png", "img/shoe/1.png", stray)
    message = rf"Images of data source 's' should all lie one folder deep.* to have a `label`. Found \S+/{stray}\."
    with pytest.raises(DataError, match=message):
        prepare(make_study(TASKS, source(tmp_path / "img")))


def test_a_source_of_one_class_has_a_label(tmp_path: Path) -> None:
    assert codes(make_study(TASKS, source(folder(tmp_path / "img", "shoe/0.png", "shoe/1.png"), **TRAIN))) == [1, 1]


def test_odd_names_and_links(tmp_path: Path) -> None:
    root = folder(tmp_path / "img", "__none__/0.png", "shirt/1.png", "shirt/2.png")
    (root / "shirt" / "itself.png").symlink_to("itself.png")
    study = make_study({"article": {"classes": "collected"}}, source(root), on_error="skip")
    prepared = prepare(study, refuse=False)
    assert prepared.tasks[0].outputs == ("__none__", "shirt")
    assert prepared.account.faults.counts.total() == 1  # the link to itself is a missing image
    (root / "shirt" / "caf\udce9.png").write_bytes(picture(3))
    with pytest.raises(DataError, match=r"of data source 's' should be UTF-8\. Found b'.*/caf\\xe9\.png': rename it\."):
        prepare(study)
