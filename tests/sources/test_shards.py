"""WebDataset shards: their cells are read as they stand there."""

import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from conjoin.sources import DataError, annotations, prepare
from tests.shops import make_study, picture

from .tables import TASKS, TRAIN

pytestmark = pytest.mark.usefixtures("_own_cache")


def write_shard(file: Path, cells: list[Any], **more: bytes) -> None:
    files: dict[str, bytes] = {}
    for number, cell in enumerate(cells):
        files |= {f"{file.stem}{number}.png": picture(number)}
        files |= {f"{file.stem}{number}.json": json.dumps({"article": cell}).encode()}
    with tarfile.open(file, "w") as tar:
        for name, data in (files | more).items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


@pytest.mark.parametrize(
    ("first", "later", "became"),
    [
        (0, 0.7, "0"),
        ([0, 1], [0.3, 0.7], r"\[0, 0\]"),
        (True, 0.7, "True"),
        (False, 2, "True"),
    ],
)
def test_later_samples_of_shards_are_not_cast(first: Any, later: Any, became: str, tmp_path: Path) -> None:
    write_shard(tmp_path / "a.tar", [*[first] * 5, later])
    write_shard(tmp_path / "b.tar", [first] * 5)
    source = {"format": "webdataset", "path": str(tmp_path / "*.tar"), "image": "png", **TRAIN}
    told = rf"'json.article' .* one type. Found {re.escape(repr(later))} in a5.json of .*a.tar, .* read as {became}\. "
    with pytest.raises(DataError, match=told):
        prepare(make_study(TASKS, source | {"annotations": {"article": "json.article"}}))


@pytest.mark.parametrize(("first", "later"), [(["a", "b"], 1), (["a", "b"], 1.5), ([0, 1], 1.0), ([0, 1], None)])
def test_later_samples_of_shards_may_be_written_otherwise(first: list[Any], later: Any, tmp_path: Path) -> None:
    beside = {"a5.meta.json": b'{"article": 7}', "._a5.json": b"\xff"}  # a column of its own; what macOS adds
    write_shard(tmp_path / "a.tar", [*first, *first, first[0], later], **beside)
    source = {"format": "webdataset", "path": str(tmp_path / "*.tar"), "image": "png", **TRAIN}
    made = make_study({"article": {"classes": "collected"}}, source | {"annotations": {"article": "json.article"}})
    assert len(prepare(made, refuse=False).table["train"]) == 6


def test_shards_are_checked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_shard(tmp_path / "a.tar", ["shoe", "shirt"])
    source = {"format": "webdataset", "path": str(tmp_path / "*.tar"), "image": "png", **TRAIN}
    study = make_study(TASKS, source | {"annotations": {"article": "json.article"}})
    looked: list[str] = []
    monkeypatch.setattr("conjoin.sources._shards._check", lambda _, file, *__: looked.append(Path(file).name))
    for _ in range(2):
        prepare(study, refuse=False)
    assert looked == ["a.tar"]
    write_shard(tmp_path / "a.tar", ["shoe", "shirt", "shirt"])
    prepare(study, refuse=False)
    assert looked == ["a.tar", "a.tar"]


def test_webdataset_shards(tmp_path: Path) -> None:
    for shard in range(2):
        write_shard(tmp_path / f"{shard}.tar", ["shoe"] * 2)
    source = {
        "format": "webdataset",
        "path": str(tmp_path / "*.tar"),
        "image": "png",
        "id": "__key__",
        **TRAIN,
        "annotations": {"article": "json.article"},
    }
    prepared = prepare(make_study(TASKS, source), refuse=False)
    assert annotations(prepared.table["train"])["article"].tolist() == [1, 1, 1, 1]
    assert [Path(name).name for name in prepared.table["train"]["file"]] == ["0.tar", "0.tar", "1.tar", "1.tar"]
    assert prepared.table["train"]["row"][:] == [1, 2, 1, 2]
