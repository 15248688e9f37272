"""From files of every format to the tables that training reads."""

import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conjoin.data import Preprocessing, StoredImages, decode
from conjoin.sources import DataError, Prepared, annotations, prepare, write_soft
from conjoin.study import Words
from conjoin.tasks import MultiClass, MultiLabel

from .shops import make_study, picture, write_csv, write_shop

TASKS: dict[str, Any] = {"article": {"classes": ["shirt", "shoe"]}}
TRAIN = {"split": "train"}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def codes(study: Any, task: str = "article", given: Any = None) -> Any:
    """Annotations of all images, which are all in train."""
    prepared = prepare(study.model_copy(update={"data": study.data}), given, refuse=False)
    prepared.account.faults.refuse()
    assert len(prepared.table["train"]) > 0
    return annotations(prepared.table["train"])[task].tolist()


ROWS = [{"article": name} for name in ("shirt", "shoe", "", "shoe")]


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


def test_training_reads_the_table(tmp_path: Path) -> None:
    source = {"path": str(write_shop(tmp_path, ROWS)), **TRAIN, "annotations": {"article": "article"}}
    stored = StoredImages(prepare(make_study(TASKS, source), refuse=False).table["train"], Preprocessing(size=(6, 8)))
    assert stored.annotation("article").tolist() == [0, 1, -1, 1]
    expected = torch.from_numpy(np.array(decode(picture(2)))).permute(2, 0, 1)
    assert torch.equal(stored.read([2]).images[0], expected)


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


def test_a_folder_for_each_class(tmp_path: Path) -> None:
    for number, name in enumerate(("shirt", "shoe", "shoe")):
        (tmp_path / "shop" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / name / f"{number}.png").write_bytes(picture(number))
    source = {"format": "folder", "path": str(tmp_path / "shop"), **TRAIN, "annotations": {"article": "label"}}
    assert sorted(codes(make_study(TASKS, source))) == [0, 1, 1]


def test_webdataset_shards(tmp_path: Path) -> None:
    for shard in range(2):
        with tarfile.open(tmp_path / f"{shard}.tar", "w") as tar:
            for number in range(2):
                parts = {"png": picture(2 * shard + number), "json": json.dumps({"article": "shoe"}).encode()}
                for extension, data in parts.items():
                    info = tarfile.TarInfo(f"{shard}{number}.{extension}")
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
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
    with pytest.raises(DataError, match=r"'mine' is of format memory: .* should be given by the caller. Found none"):
        prepare(make_study(TASKS, source))


def one_column(folder: Path, cells: list[Any], annotation: Any, task: Any, **source: Any) -> Any:
    """Annotations read from one column of JSON lines."""
    lines = []
    for number, cell in enumerate(cells):
        (folder / f"{number}.png").write_bytes(picture(number))
        lines.append(json.dumps({"image": f"{number}.png"} | (cell if isinstance(cell, dict) else {"x": cell})))
    (folder / "x.jsonl").write_text("\n".join(lines))
    settings = {"format": "jsonl", "path": str(folder / "x.jsonl"), **TRAIN, "annotations": {"t": annotation}, **source}
    return codes(make_study({"t": task}, settings), "t")


AB: dict[str, Any] = {"classes": ["a", "b"]}
RS: dict[str, Any] = {"labels": ["red", "soft"]}
CELLS: dict[str, tuple[list[Any], Any, Any, list[Any]]] = {
    "names": (["a", " b ", None, ""], "x", AB, [0, 1, -1, -1]),
    "codes": ([0, 1, None, 1], "x", AB, [0, 1, -1, 1]),
    "declared codes for missing": ([0, 9, -1, 999], {"column": "x", "missing": [9, -1, 999]}, AB, [0, -1, -1, -1]),
    "a word for missing": (["a", "NA"], {"column": "x", "missing": ["NA"]}, AB, [0, -1]),
    "decimals that are whole": ([0.0, 1.0, 9.0], {"column": "x", "missing": [9]}, AB, [0, 1, -1]),
    "other names": ([3, 4], {"column": "x", "values": {"3": "b", "4": "a"}}, AB, [1, 0]),
    "numbers as names": ([10, 2], "x", {"classes": ["2", "10"]}, [1, 0]),
    "collected": (["b", "c", "b", "a", "c"], "x", {"classes": "collected", "at_least": 2}, [0, 1, 0, -1, 1]),
    "a number too rare to be collected": (
        [*["cat"] * 3, *["dog"] * 3, "1"],
        "x",
        {"classes": "collected", "at_least": 3},
        [0, 0, 0, 1, 1, 1, -1],
    ),
    "a label that is a number too rare to be collected": (
        [["cat"], ["cat", "dog"], ["dog"], ["1"]],
        "x",
        {"labels": "collected", "at_least": 2},
        [[1, 0], [1, 1], [0, 1], [0, 0]],
    ),
    "lists": ([["soft"], [], None, ["red", "soft"]], "x", RS, [[0, 1], [0, 0], [-1, -1], [1, 1]]),
    "lists as text": (["soft;red", "", "red"], {"column": "x", "separator": ";"}, RS, [[1, 1], [-1, -1], [1, 0]]),
    "lists of codes": ([[1], [0, 1], [9]], {"column": "x", "missing": [9]}, RS, [[0, 1], [1, 1], [-1, -1]]),
    "collected labels": ([["u"], ["v", "u"]], "x", {"labels": "collected", "at_least": 2}, [[1], [1]]),
    "lists of nothing": ([[None], ["nan", "red"], [""], []], "x", RS, [[-1, -1], [1, 0], [-1, -1], [0, 0]]),
    "lists of other names": (
        [["3"], ["3.0", "9"]],
        {"column": "x", "values": {3: "soft"}, "missing": [9]},
        RS,
        [[0, 1], [-1, -1]],
    ),
    "text that says nan for a label": ([{"red": "nan", "soft": "1"}], {"columns": ["red", "soft"]}, RS, [[-1, 1]]),
    "a column for each label": (
        [{"red": 1, "soft": 0}, {"red": None, "soft": 1}, {"red": 9, "soft": 0}],
        {"columns": ["red", "soft"], "missing": [9]},
        RS,
        [[1, 0], [-1, 1], [-1, 0]],
    ),
    "some of the labels": ([{"S": True}, {"S": False}], {"columns": {"soft": "S"}}, RS, [[-1, 1], [-1, 0]]),
}


@pytest.mark.parametrize("case", CELLS)
def test_what_cells_mean(case: str, tmp_path: Path) -> None:
    cells, annotation, task, expected = CELLS[case]
    assert one_column(tmp_path, cells, annotation, task) == expected


def test_missing_codes_of_a_whole_source(tmp_path: Path) -> None:
    assert one_column(tmp_path, [0, 9], "x", AB, missing=[9]) == [0, -1]


def test_probabilities(tmp_path: Path) -> None:
    cells = [{"p": 0.25, "q": 0.75}, {"p": None, "q": None}]
    soft = {"columns": {"a": "p", "b": "q"}, "soft": True}
    found = np.array(one_column(tmp_path, cells, soft, AB))
    assert found[0].tolist() == [0.25, 0.75]
    assert np.isnan(found[1]).all()
    partly = np.array(
        one_column(tmp_path, [{"p": 0.5, "q": None}], {"columns": {"red": "p", "soft": "q"}, "soft": True}, RS)
    )
    assert partly[0, 0] == 0.5
    assert np.isnan(partly[0, 1])


def test_probabilities_of_some_of_the_classes(tmp_path: Path) -> None:
    cells = [{"p": 0.25, "q": 0.75}, {"p": 1, "q": 0}, {"p": None, "q": None}]
    soft = {"columns": {"c": "p", "a": "q"}, "soft": True}
    found = np.array(one_column(tmp_path, cells, soft, {"classes": ["a", "b", "c"]}))
    assert found[:2].tolist() == [[0.75, 0, 0.25], [0, 0, 1]]
    assert np.isnan(found[2]).all()
    with pytest.raises(DataError, match=r"'t' should sum to 1, or all be empty. Found \[0.5, 0.25\]"):
        one_column(tmp_path, [*cells, {"p": 0.5, "q": 0.25}], soft, {"classes": ["a", "b", "c"]})


def test_what_a_rare_class_takes_of_a_distribution_is_counted(tmp_path: Path) -> None:
    cells: list[list[Any]] = [[0.9, 0.1, 0, 0], [0.2, 0.8, 0, 0], [0.5, 0.2, 0.3, 0], [0.1, 0.3, 0, 0.6], [""] * 4]
    rows = [dict(zip("abcd", row, strict=True)) for row in cells]
    annotation = {"t": {"columns": list("abcd"), "soft": True}}
    source = {"path": str(write_shop(tmp_path, rows)), **TRAIN, "annotations": annotation}
    prepared = prepare(make_study({"t": {"classes": "collected"}}, source), refuse=False)
    assert prepared.tasks[0].outputs == ("a", "b", "d")
    assert prepared.account.left_out == {"t": {"c": 1}}
    found = np.array(annotations(prepared.table["train"])["t"])
    np.testing.assert_allclose(found[[0, 1, 3]], [[0.9, 0.1, 0], [0.2, 0.8, 0], [0.1, 0.3, 0.6]], rtol=1e-6)
    assert np.isnan(found[[2, 4]]).all()


def test_a_task_that_one_source_annotates_with_probabilities_has_them_everywhere(tmp_path: Path) -> None:
    write_shop(tmp_path, [{"article": "shoe"}, {"article": ""}], "hard.csv")
    write_shop(tmp_path, [{"p": "0.25", "q": "0.75"}], "soft.csv", start=2)
    study = make_study(
        TASKS,
        {"path": str(tmp_path / "hard.csv"), **TRAIN, "annotations": {"article": "article"}},
        {
            "path": str(tmp_path / "soft.csv"),
            **TRAIN,
            "annotations": {"article": {"columns": {"shirt": "p", "shoe": "q"}, "soft": True}},
        },
    )
    found = np.array(codes(study))
    assert found[[0, 2]].tolist() == [[0, 1], [0.25, 0.75]]
    assert np.isnan(found[1]).all()


def test_what_is_written_soft_is_read_back(tmp_path: Path) -> None:
    tasks = [MultiClass("article", ["shirt", "shoe"]), MultiLabel("t", ["red", "soft"])]
    given = {
        "article": torch.tensor([[0.5, 0.5], [torch.nan, torch.nan]]),
        "t": torch.tensor([[0.5, torch.nan], [1.0, 0.0]]),
    }
    for number in range(2):
        (tmp_path / f"{number}.png").write_bytes(picture(number))
    write_soft(tmp_path / "soft.parquet", tasks, given, image=["0.png", "1.png"])
    settings = {
        task.name: {"columns": {name: f"{task.name}:{name}" for name in task.outputs}, "soft": True} for task in tasks
    }
    study = make_study(
        TASKS | {"t": RS},
        {"format": "parquet", "path": str(tmp_path / "soft.parquet"), **TRAIN, "annotations": settings},
    )
    for name, values in given.items():
        assert np.array_equal(np.array(codes(study, name)), values.numpy(), equal_nan=True)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".soft")) == []
    with pytest.raises(ValueError, match=r"one entry for each image. Found \{'image': 1, 'article:shirt': 2"):
        write_soft(tmp_path / "x.parquet", tasks, given, image=["0.png"])


TITLES = ["Printed shirt", "Print and STRIPES", "polka  dot dress", "Blueprint", "plain", None]
WORDS = {"printed": ["print", "printed"], "striped": ["stripes"], "dotted": ["polka dot"], "plain": ["plain"]}


def test_words_settle_their_group_and_nothing_else(tmp_path: Path) -> None:
    task = {"labels": list(WORDS)}
    together = one_column(tmp_path, TITLES, {"text": "x", "words": WORDS}, task)
    assert together == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [-1] * 4, [0, 0, 0, 1], [-1] * 4]
    apart = {"text": "x", "words": WORDS, "groups": [["printed", "plain"]]}
    assert one_column(tmp_path, TITLES[:2], apart, task) == [[1, -1, -1, 0], [1, 1, -1, 0]]


def test_a_text_may_be_missing(tmp_path: Path) -> None:
    words = {"text": "x", "words": {"red": ["red", "unknown"], "soft": ["soft"]}}
    assert one_column(tmp_path, ["Red", "unknown", "soft"], words, RS, missing=["unknown"]) == [
        [1, 0],
        [-1] * 2,
        [0, 1],
    ]


@given(st.lists(st.sampled_from(["print", "stripes", "blue", "dress"]), max_size=4))
def test_a_label_is_absent_only_where_another_is_present(words: list[str]) -> None:
    from conjoin.sources._words import from_words  # noqa: PLC0415

    settings = Words(text="x", words={"printed": ("print",), "striped": ("stripes",)})
    found = {label: int(v[0]) for label, v in from_words(pl.Series([" ".join(words)]), settings).items()}
    present = {"printed": "print" in words, "striped": "stripes" in words}
    assert found == {label: 1 if here else 0 if any(present.values()) else -1 for label, here in present.items()}


def test_images_of_two_sources_are_one_where_an_id_says_so(tmp_path: Path) -> None:
    write_shop(tmp_path, [{"id": "p", "article": "shoe"}, {"id": "q", "article": ""}], "a.csv")
    same = {"id": "q", "image": "1.png", "article": "shirt", "c": "x"}
    write_shop(tmp_path, [same, {"id": "r", "article": "shoe", "c": "y"}], "b.csv", 2)
    a = {"path": str(tmp_path / "a.csv"), "id": "id", **TRAIN, "annotations": {"article": "article"}}
    b = {"path": str(tmp_path / "b.csv"), "id": "id", **TRAIN, "annotations": {"article": "article", "c": "c"}}
    study = make_study(TASKS | {"c": {"classes": ["x", "y"]}}, a, b)
    prepared = prepare(study, refuse=False)
    assert not prepared.account.faults.counts
    assert prepared.account.merged == 1
    found = annotations(prepared.table["train"])
    assert found["article"].tolist() == [1, 0, 1]
    assert found["c"].tolist() == [-1, 0, 1]
    assert prepared.table["train"]["source"][:] == [0, 0, 1]


def fractions(folder: Path, size: int, group: str | None, seed: int = 0) -> Prepared:
    rows = [{"article": "shoe", "who": f"g{number % 40}" if number % 7 else ""} for number in range(size)]
    write_csv(folder / "g.csv", [{"image": "0.png", "id": str(n), **row} for n, row in enumerate(rows)])
    (folder / "0.png").write_bytes(picture(0))
    source = {
        "path": str(folder / "g.csv"),
        "id": "id",
        "group": group,
        "split": {"validation": 0.2, "test": 0.3, "seed": seed},
        "annotations": {"article": "article"},
    }
    return prepare(make_study(TASKS, source))


def test_groups_stay_together(tmp_path: Path) -> None:
    prepared = fractions(tmp_path, 400, "who")
    groups = {split: {g for g in table["group"] if g is not None} for split, table in prepared.table.items()}
    assert all(groups.values())
    assert sum(map(len, groups.values())) == 40
    assert len(set.union(*groups.values())) == 40


def two_sources(folder: Path, first: Any, second: Any) -> Any:
    """Different images of the same twenty groups in two sources."""
    sources = []
    for start, split in ((0, first), (100, second)):
        rows = [{"article": "shoe", "who": f"g{n % 20}"} for n in range(60)]
        path = write_shop(folder, rows, f"{start}.csv", start=start)
        sources.append({"path": str(path), "group": "who", "split": split, "annotations": {"article": "article"}})
    return make_study(TASKS, *sources)


@pytest.mark.parametrize("first", [{"test": 0.3, "seed": 0}, "train", "test"])
def test_rows_take_the_split_that_their_group_has_in_another_source(first: Any, tmp_path: Path) -> None:
    for study in (two_sources(tmp_path, first, {"test": 0.3, "seed": 1}), two_sources(tmp_path, {"seed": 1}, first)):
        prepared = prepare(study, refuse=False)
        groups = [set(table["group"]) for table in prepared.table.values()]
        assert sum(map(len, groups)) == len(set.union(*groups)) == 20
        if isinstance(first, str):
            assert len(prepared.table[first]) == 120


@pytest.mark.parametrize("policy", ["fail", "skip"])
def test_a_group_in_two_splits_is_refused(policy: str, tmp_path: Path) -> None:
    study = two_sources(tmp_path, "train", "test").model_copy(update={"on_error": policy})
    with pytest.raises(
        DataError, match=r"A group should be in one split. Found 20 in several, the first 10\."
    ) as caught:
        prepare(study)
    assert re.search(r"\n  'g3': train in .*/0.csv row 4, test in .*100.csv row 4\n", str(caught.value))
    assert str(caught.value).count("\n") == 10


def test_fractions_are_about_what_was_asked_and_follow_the_seed(tmp_path: Path) -> None:
    prepared = fractions(tmp_path, 2000, None)
    sizes = {split: len(table) for split, table in prepared.table.items()}
    assert sum(sizes.values()) == 2000
    assert sizes["validation"] == pytest.approx(400, abs=60)  # three standard deviations
    assert sizes["test"] == pytest.approx(600, abs=62)
    again, other = fractions(tmp_path, 2000, None), fractions(tmp_path, 2000, None, seed=1)
    assert again.table["test"]["row"][:] == prepared.table["test"]["row"][:]
    assert other.table["test"]["row"][:] != prepared.table["test"]["row"][:]


def pixels(prepared: Prepared) -> dict[str, set[bytes]]:
    """Images of each split."""
    return {
        split: {np.array(decode(e["bytes"] or e["path"])).tobytes() for e in table["image"]}
        for split, table in prepared.table.items()
    }


@pytest.mark.parametrize("kind", ["paths", "bytes"])
def test_neither_another_folder_nor_rows_added_before_move_a_split(kind: str, tmp_path: Path) -> None:
    found = []
    for name in ("here", "elsewhere"):
        folder = tmp_path / name
        folder.mkdir()
        if kind == "paths":
            write_shop(folder, [{"article": "shoe"}] * 60, "b.csv")
        else:
            images = {"image": [picture(n) for n in range(60)], "article": ["shoe"] * 60}
            pl.DataFrame(images).write_parquet(folder / "b.parquet")
        path = str(folder / ("*.csv" if kind == "paths" else "*.parquet"))
        source = {"format": "csv" if kind == "paths" else "parquet", "path": path, "split": {"test": 0.3}}
        study = make_study(TASKS, source | {"annotations": {"article": "article"}})
        found.append(pixels(prepare(study)))
    assert found[0] == found[1]
    if kind == "paths":
        write_shop(folder, [{"article": "shoe"}], "a.csv", start=60)
    else:
        pl.DataFrame({"image": [picture(60)], "article": ["shoe"]}).write_parquet(folder / "a.parquet")
    more = pixels(prepare(study))
    assert sum(len(images) for images in more.values()) == 61
    assert all(images <= more[split] for split, images in found[0].items())


def test_splits_by_column_and_by_path(tmp_path: Path) -> None:
    write_shop(tmp_path, [{"article": "shoe", "part": part} for part in ("train", "dev", "test")])
    split = {"column": "part", "values": {"dev": "validation"}}
    by_column = {"path": str(tmp_path / "shop.csv"), "split": split, "annotations": {"article": "article"}}
    by_path = {
        "path": {"train": str(tmp_path / "shop.csv"), "test": str(tmp_path / "t.csv")},
        "annotations": {"article": "article"},
    }
    write_shop(tmp_path, [{"article": "shirt", "part": ""}], "t.csv", 9)
    one, two = (prepare(make_study(TASKS, source)) for source in (by_column, by_path))
    assert {s: len(t) for s, t in one.table.items()} == {"train": 1, "validation": 1, "test": 1}
    assert {s: len(t) for s, t in two.table.items()} == {"train": 3, "validation": 0, "test": 1}


def test_validation_may_be_drawn_from_a_train_split_of_the_source_itself(tmp_path: Path) -> None:
    write_shop(tmp_path, [{"article": "shoe"}] * 60, "a.csv")
    write_shop(tmp_path, [{"article": "shirt"}] * 20, "t.csv", 60)
    source = {
        "path": {"train": str(tmp_path / "a.csv"), "test": str(tmp_path / "t.csv")},
        "split": {"validation": 0.3},
        "annotations": {"article": "article"},
    }
    prepared = prepare(make_study(TASKS, source))
    found = {split: annotations(table)["article"].tolist() for split, table in prepared.table.items()}
    assert found["test"] == [0] * 20
    assert set(found["train"]) == set(found["validation"]) == {1}
    assert len(found["train"]) + len(found["validation"]) == 60
    assert 8 <= len(found["validation"]) <= 30
    assert prepared.account.split == {"source0": "the source's own; of train 30% made validation here, seed 0"}


def test_a_folder_with_splits_is_not_split_anew(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "validation", "test")):
        for name in ("shirt", "shoe"):
            (tmp_path / "shop" / split / name).mkdir(parents=True)
            (tmp_path / "shop" / split / name / "0.png").write_bytes(picture(number + 3 * (name == "shoe")))
    source = {
        "format": "folder",
        "path": str(tmp_path / "shop"),
        "split": {"validation": 0.3},
        "annotations": {"article": "label"},
    }
    with pytest.raises(DataError, match=r"`split` of data source 'source0', which has the splits .* should be one of"):
        prepare(make_study(TASKS, source))


def test_rare_classes_are_counted(tmp_path: Path) -> None:
    write_shop(tmp_path, [{"article": name} for name in ["a", "a", "b", "b", "c"]])
    source = {"path": str(tmp_path / "shop.csv"), **TRAIN, "annotations": {"article": "article"}}
    prepared = prepare(make_study({"article": {"classes": "collected", "at_least": 2}}, source), refuse=False)
    assert prepared.tasks == (MultiClass("article", ["a", "b"]),)
    assert prepared.account.left_out == {"article": {"c": 1}}
    with pytest.raises(DataError, match=r"'article' should have at least two classes with 3 or more .* Found 0 of 3"):
        prepare(make_study({"article": {"classes": "collected", "at_least": 3}}, source))


def test_a_second_preparation_gives_the_same_tables(tmp_path: Path) -> None:
    source = {"path": str(write_shop(tmp_path, ROWS)), **TRAIN, "annotations": {"article": "article"}}
    one, two = (prepare(make_study(TASKS, source), refuse=False).table["train"] for _ in range(2))
    assert one.to_dict() == two.to_dict()
