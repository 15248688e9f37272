"""Sources put together and split."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from conjoin.data import decode
from conjoin.sources import DataError, Prepared, annotations, prepare
from conjoin.tasks import MultiClass
from tests.shops import make_study, picture, write_csv, write_shop

from .tables import ROWS, TASKS, TRAIN

pytestmark = pytest.mark.usefixtures("_own_cache")


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


def test_text_that_says_nan_is_no_group(tmp_path: Path) -> None:
    """Of a table that pandas wrote; a code of `missing` may be the subject of that number."""
    rows = [{"article": ("shirt", "shoe")[n % 2], "who": who} for n, who in enumerate(("nan", " NaN", "", "9", "9"))]
    source = {"path": str(write_shop(tmp_path, rows)), "split": "train", "group": "who", "missing": [9]}
    prepared = prepare(make_study(TASKS, source | {"annotations": {"article": "article"}}), refuse=False)
    assert prepared.table["train"]["group"][:] == [None, None, None, "9", "9"]


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


def test_names_of_splits_are_spelled_as_cells_are(tmp_path: Path) -> None:
    apart = "e\N{COMBINING ACUTE ACCENT}preuve"
    path = write_shop(tmp_path, [{"article": "shoe", "part": part} for part in ("train", "2.0", "1", apart)])
    split = {"column": "part", "values": {"1.0": "validation", "2": "test", apart: "test"}}
    source = {"path": str(path), "split": split, "annotations": {"article": "article"}}
    found = prepare(make_study(TASKS, source)).table
    assert {name: len(table) for name, table in found.items()} == {"train": 1, "validation": 1, "test": 2}


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
    with pytest.raises(
        DataError, match=r"'article' should have at least two classes with 3 or more .* Found 'a' \(2 im"
    ):
        prepare(make_study({"article": {"classes": "collected", "at_least": 3}}, source))


def test_a_second_preparation_gives_the_same_tables(tmp_path: Path) -> None:
    source = {"path": str(write_shop(tmp_path, ROWS)), **TRAIN, "annotations": {"article": "article"}}
    one, two = (prepare(make_study(TASKS, source), refuse=False).table["train"] for _ in range(2))
    assert one.to_dict() == two.to_dict()
