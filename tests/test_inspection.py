"""`conjoin check` as its user runs it."""

import io
import json
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import polars as pl
import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner, Result

from conjoin.cli import app
from conjoin.inspection import inspect_study
from conjoin.relate import count_relation, read_table
from conjoin.report import print_inspection
from conjoin.sources import DataError, prepare
from conjoin.study import Study

from .shops import make_study, picture, write_shop

TASKS = {"article": {"classes": ["shirt", "shoe"]}, "tags": {"labels": ["red", "soft"]}}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Twenty rows: articles everywhere, tags on every other row."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setenv("COLUMNS", "80")
    parts = ["train", "train", "train", "validation", "test"]
    rows = [
        {
            "article": ("shoe", "shirt")[n % 3 == 0],
            "tags": "red" if n % 4 == 0 else "soft;red" if n % 2 == 0 else "",
            "who": f"g{n % 5}",
            "part": parts[n % 5],
        }
        for n in range(20)
    ]
    return {
        "name": "till",
        "format": "csv",
        "path": str(write_shop(tmp_path, rows)),
        "split": {"column": "part"},
        "annotations": {"article": "article", "tags": {"column": "tags", "separator": ";"}},
    }


def check(folder: Path, *arguments: str, **study: Any) -> Result:
    (folder / "study.yaml").write_text(yaml.safe_dump({"name": "shop", "tasks": TASKS} | study))
    return CliRunner().invoke(app, ["check", str(folder / "study.yaml"), *arguments])


def test_go(tmp_path: Path, shop: dict[str, Any]) -> None:
    relation = {"source": "article", "target": "tags", "counted": True}
    done = check(tmp_path, data=[shop], relations=[relation])
    assert done.exit_code == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "GO: shop can be trained."
    for words in (
        "Relation article->tags, counted from training images: 5 rows annotated for both",
        "note: Every image decodes, and every annotation is understood.",
        "note: 3 of 12 training images are set aside from couplings: how far relations are trusted is measured there.",
        "note: None of 4 test images is also in train or validation, pixel by pixel.",
        "note: Split of 'till': column 'part'.",
    ):
        assert words in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_numbers_worked_out_by_hand(tmp_path: Path, shop: dict[str, Any]) -> None:
    done = check(tmp_path, "--json", data=[shop])
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["go"] is True
    assert found["images"] == {"till": {"train": 12, "validation": 4, "test": 4}}
    # rows 0 1 2 5 6 7 10 11 12 15 16 17 are in train: 0, 6, 12 and 15 are shirts, the even ones have tags
    assert found["annotated"]["article"] == {"train": 12, "validation": 4, "test": 4}
    assert found["annotated"]["tags"] == {"train": 6, "validation": 2, "test": 2}
    assert {name: counts["train"] for name, counts in found["balance"]["article"].items()} == {"shirt": 4, "shoe": 8}
    assert found["balance"]["tags"]["red"]["train"] == 6
    assert found["balance"]["tags"]["soft"]["train"] == 3  # rows 2, 6 and 10
    assert found["label_counts"]["tags"]["soft"] == {"train": 6, "validation": 2, "test": 2}
    assert found["overlap"] == {"article": {"article": 12, "tags": 6}, "tags": {"article": 6, "tags": 6}}
    assert found["account"]["split"] == {"till": "column 'part'"}


def test_a_counted_relation_is_shown(tmp_path: Path, shop: dict[str, Any]) -> None:
    relation = {"source": "article", "target": "tags", "counted": "till"}
    found = json.loads(check(tmp_path, "--json", data=[shop], relations=[relation]).stdout)
    table = found["relations"]["article->tags"]
    # of rows with tags 0, 6, 12 are shirts, 2, 10, 16 shoes; all are red, soft are 2, 6, 10; 12 is set aside
    assert table["rows"] == ["shirt", "shoe"]
    rows = pl.DataFrame({"article": ["shirt", "shoe"] * 2 + ["shoe"], "red": [1] * 5, "soft": [0, 1, 1, 1, 0]})
    expected = count_relation(rows, "article", ["red", "soft"]).probability
    assert np.array(table["table"]) == pytest.approx(expected, abs=5e-5)  # four digits are given
    assert table["origin"] == "counted from training images: 5 rows annotated for both"


def test_a_relation_whose_target_hardly_any_image_has_is_never_trusted(tmp_path: Path, shop: dict[str, Any]) -> None:
    frame = pl.read_csv(tmp_path / "shop.csv", infer_schema=False).with_row_index()
    few = pl.when((pl.col("index") < 8) | (pl.col("index") % 5 > 2)).then("tags").otherwise(pl.lit(""))
    frame.with_columns(few.alias("tags")).drop("index").write_csv(tmp_path / "shop.csv")
    relation = {"source": "article", "target": "tags", "table": [[0.5, 0.1], [0.5, 0.9]]}
    words = " ".join(check(tmp_path, data=[shop], relations=[relation]).stdout.split())
    assert "five training images for red, soft of task 'tags': none is set aside, and relations are never" in words
    assert "five training images for task 'article'" not in words


@pytest.mark.parametrize(("images", "told"), [(24, True), (25, False)])
def test_a_source_that_few_images_are_annotated_for_is_never_trusted(images: int, told: bool, tmp_path: Path) -> None:
    parts = ["train"] * images + ["validation", "test"]
    rows = [{"article": ("shoe", "shirt")[n % 2], "tags": "red;soft", "part": part} for n, part in enumerate(parts)]
    till = {"name": "till", "format": "csv", "path": str(write_shop(tmp_path, rows)), "split": {"column": "part"}}
    till |= {"annotations": {"article": "article", "tags": {"column": "tags", "separator": ";"}}}
    relation = {"source": "article", "target": "tags", "table": [[0.5, 0.1], [0.5, 0.9]]}
    words = " ".join(check(tmp_path, data=[till], relations=[relation]).stdout.split())
    few = "Of the images that are set aside 4 are annotated for task 'article', fewer than 5: relations from it"
    assert (few in words) == told


@pytest.mark.parametrize(("balance", "told"), [("upgrad", True), ("random", False), ("sum", False)])
def test_a_source_of_one_image_a_batch(balance: str, told: bool, tmp_path: Path, shop: dict[str, Any]) -> None:
    (tmp_path / "b").mkdir()
    rows = [{"article": "shoe", "part": "train", "who": "x", "tags": "red"}]
    other = shop | {"name": "b", "path": str(write_shop(tmp_path / "b", rows, start=100))}
    done = check(tmp_path, data=[shop, other], training={"balance": balance, "batch_size": 4})
    assert ("of one of them a batch of 4 holds one image" in " ".join(done.stdout.split())) == told


def test_a_relation_is_counted_from_the_source_that_it_names(tmp_path: Path, shop: dict[str, Any]) -> None:
    """And from no other whose name begins like it, after a colon or not."""
    rows = pl.read_csv(tmp_path / "shop.csv", infer_schema=False).drop("image").to_dicts()
    (tmp_path / "b").mkdir()
    other = shop | {"name": "till:b", "path": str(write_shop(tmp_path / "b", rows))}
    for name in ("till", "till:b"):
        relation = {"source": "article", "target": "tags", "counted": name}
        found = json.loads(check(tmp_path, "--json", data=[shop, other], relations=[relation]).stdout)
        assert found["relations"]["article->tags"]["origin"].endswith(": 5 rows annotated for both")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_relation_from_a_file(suffix: str, tmp_path: Path, shop: dict[str, Any]) -> None:
    frame = pl.DataFrame({"article": ["shoe", "shirt"], "soft": [0.25, 0.5], "red": [0.75, 0.125]})
    path = tmp_path / f"table.{suffix}"
    frame.write_csv(path) if suffix == "csv" else frame.write_parquet(path)
    relation = {"source": "article", "target": "tags", "file": path.name}
    found = json.loads(check(tmp_path, "--json", data=[shop], relations=[relation]).stdout)
    assert found["relations"]["article->tags"]["table"] == [[0.125, 0.5], [0.75, 0.25]]
    read_table(path).write_csv(tmp_path / "counted.csv")  # as `conjoin relate` writes it
    again = json.loads(check(tmp_path, "--json", data=[shop], relations=[relation | {"file": "counted.csv"}]).stdout)
    assert again["relations"] == found["relations"]
    frame.drop("red").write_csv(tmp_path / "less.csv")
    done = check(tmp_path, "--json", data=[shop], relations=[relation | {"file": "less.csv"}])
    assert done.exit_code == 1
    assert "should have a column for every output of task 'tags'. Found none for 'red'" in done.stdout


def test_faults_are_shown_with_file_and_row(tmp_path: Path, shop: dict[str, Any]) -> None:
    (tmp_path / "3.png").write_bytes(picture(3)[:90])
    done = check(tmp_path, data=[shop])
    assert done.exit_code == 1
    text = " ".join(done.stdout.split())
    assert "image that cannot be read: 1 " in text
    assert "shop.csv,row4(till):`image`shouldbeawholepicture" in text.replace(" ", "")  # a long path is folded
    assert "no-go: 1 fault in rows that cannot be used (see above)" in text
    assert text.endswith("NO-GO: one thing stands in the way of training shop.")
    assert max(map(len, done.stdout.splitlines())) <= 80
    skipped = check(tmp_path, data=[shop], on_error="skip")
    assert skipped.exit_code == 0
    assert "caution: 1 fault in rows that cannot be used and are skipped" in " ".join(skipped.stdout.split())


DOUBTFUL: dict[str, tuple[list[str], Any, dict[str, Any], list[str]]] = {
    "codes of which none is 0": (
        ["1", "2", "", "2"],
        ["cat", "dog", "owl"],
        {},
        [
            "'till': `a` is annotated by codes, and no cell is 0, which is 'cat'. If they count from 1, write "
            "`values: {1: cat, 2: dog, 3: owl}`."
        ],
    ),
    "codes from 0": (["0", "2"], ["cat", "dog", "owl"], {}, []),
    "names": (["dog", "owl"], ["cat", "dog", "owl"], {}, []),
    "numbers that are names": (["1", "2"], ["1", "2", "3"], {}, []),
    "new names for what no cell holds": (
        ["crimson", "blue"],
        "collected",
        {"values": {"crimsn": "red", "navy": "blue"}},
        ["'till': `values` of 'a' names 'crimsn', which no cell holds (2 such in all). Did you mean 'crimson'?"],
    ),
    "new names for codes that no cell holds": (
        ["1", "2"],
        "collected",
        {"values": {"1": "red", "3": "blue"}},
        ["'till': `values` of 'a' names '3', which no cell holds."],
    ),
}


@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize("case", DOUBTFUL)
def test_cells_that_can_be_read_but_are_doubtful(case: str, lists: bool, tmp_path: Path, shop: dict[str, Any]) -> None:
    cells, names, settings, told = DOUBTFUL[case]
    rows = [{"a": cells[n % len(cells)], "part": ("train", "test")[n // 8]} for n in range(16)]
    column = {"column": "a", **settings} | ({"separator": ";"} if lists else {})
    source = shop | {"path": str(write_shop(tmp_path, rows)), "annotations": {"a": column}}
    found = inspect_study(make_study({"a": {"labels" if lists else "classes": names}}, source))
    assert [text for kind, text in found.remarks if kind == "caution" and text.startswith("'till'")] == told


def test_a_code_of_missing_that_is_a_group(tmp_path: Path, shop: dict[str, Any]) -> None:
    """It may be subject 9, and scattering that over the splits would leak."""
    rows = [{"article": ("shoe", "shirt")[n % 2], "who": "9" if n < 3 else f"g{n}"} for n in range(40)]
    source = shop | {"path": str(write_shop(tmp_path, rows)), "split": None, "group": "who", "missing": [9]}
    found = inspect_study(make_study({"article": TASKS["article"]}, source | {"annotations": {"article": "article"}}))
    assert (
        "caution",
        "'till': `group` 'who' holds '9', a code of `missing`, and takes such rows for one group. Where it means that "
        "there is none, leave the cells empty.",
    ) in found.remarks


NOTHING_LEFT: dict[str, dict[str, Any]] = {
    "images missing": {"root": "elsewhere"},
    "one unknown code everywhere": {"annotations": {"article": "who"}},
    "images missing, and class frequencies to be changed": {
        "root": "elsewhere",
        "shift": {"class_prior": {"article": {"shirt": 1, "shoe": 2}}},
    },
}


@pytest.mark.parametrize("regime", [None, {"article": 5}])
@pytest.mark.parametrize("split", [{"column": "part"}, None])
@pytest.mark.parametrize("case", NOTHING_LEFT)
def test_every_row_is_bad(case: str, split: Any, regime: Any, tmp_path: Path, shop: dict[str, Any]) -> None:
    source = shop | {"split": split} | NOTHING_LEFT[case]
    study = {"data": [source], "regime": regime, "tasks": {name: TASKS[name] for name in source["annotations"]}}
    done = check(tmp_path, "--json", **study)
    assert done.exit_code == 1, done.stdout
    found = json.loads(done.stdout)
    assert found["go"] is False
    (kind,) = found["faults"].values()
    assert kind["rows"] == 20
    assert [fault["row"] for fault in kind["first"]] == list(range(1, 11))
    assert all(fault["file"] == shop["path"] for fault in kind["first"])
    shown = check(tmp_path, **study)
    assert shown.exit_code == 1
    assert "row10(till):" in "".join(shown.stdout.split())
    assert shown.stdout.splitlines()[-1].startswith("NO-GO: ")
    with pytest.raises(DataError, match=r"(?s)shop.csv, row 10 \(till\): "):
        prepare(Study.from_yaml(tmp_path / "study.yaml").model_copy(update={"on_error": "skip"}))


def test_the_same_picture_in_train_and_test(tmp_path: Path, shop: dict[str, Any]) -> None:
    (tmp_path / "4.png").write_bytes(picture(0, "BMP"))  # other bytes, the same pixels
    done = check(tmp_path, data=[shop])
    assert done.exit_code == 0
    text = " ".join(done.stdout.split())
    assert "caution: 1 of 4 test images (25.0%) are also in train or validation, pixel by pixel" in text
    found = json.loads(check(tmp_path, "--json", data=[shop]).stdout)
    (twin,) = found["duplicates"]["first"]
    assert twin.startswith("test: ")
    assert "shop.csv, row 5; train: " in twin
    assert twin.endswith("shop.csv, row 1")


def test_a_shifted_copy_is_the_same_picture(tmp_path: Path, shop: dict[str, Any]) -> None:
    (tmp_path / "copy").mkdir()
    copies = write_shop(tmp_path / "copy", [{"article": "shoe"}, {"article": "shirt"}])
    shift = {"contrast": 0.5, "blur": 1}
    other = {"name": "copies", "format": "csv", "path": str(copies), "split": "test", "shift": shift}
    found = json.loads(check(tmp_path, "--json", data=[shop, other | {"annotations": {"article": "article"}}]).stdout)
    assert found["duplicates"]["test_images"] == 2
    assert found["images"]["copies"]["test"] == 2


def test_groups_that_cross_the_split(tmp_path: Path, shop: dict[str, Any]) -> None:
    fine = check(tmp_path, data=[shop | {"group": "who"}])
    assert fine.exit_code == 0
    text = Path(shop["path"]).read_text()
    Path(shop["path"]).write_text(text.replace("19.png,shoe,,g4", "19.png,shoe,,g0"))
    done = check(tmp_path, data=[shop | {"group": "who"}])
    assert done.exit_code == 1
    assert "no-go: A group should be in one split. Found 1 in several. Mend the split" in " ".join(done.stdout.split())
    told = json.loads(check(tmp_path, "--json", data=[shop | {"group": "who"}]).stdout)
    (remark,) = [remark["text"] for remark in told["remarks"] if remark["kind"] == "no-go"]
    assert remark.endswith(f"\n  'g0': train in {shop['path']} row 1, test in {shop['path']} row 20")


def test_a_regime_is_shown(tmp_path: Path, shop: dict[str, Any]) -> None:
    relation = {"source": "article", "target": "tags", "counted": True}
    done = check(tmp_path, data=[shop], regime={"article": 5, "tags": 4}, relations=[relation])
    assert done.exit_code == 1
    text = " ".join(done.stdout.split())
    assert "till: article" in text
    assert "(+ hidden by the regime)" in text
    assert "note: The regime draws other images for each seed; this is seed 0." in text
    assert "no-go: Relation article->tags should be counted from training images that are annotated for both" in text
    assert "a regime with more `overlap`" in text


OTHER: dict[str, tuple[dict[str, Any], str]] = {
    "arms": ({"arms": ["single", "copled"]}, "no-go: `arms` should be among"),
    "published": (
        {"relations": [{"source": "article", "target": "tags", "published": "du2015"}]},
        "`published` of relation article->tags: `name` should be a published table. Found 'du2015'. Did you mean",
    ),
    "published of other tasks": (
        {"relations": [{"source": "article", "target": "tags", "published": "du2014"}]},
        "`published` of relation article->tags: The table should have a row for every class of task 'article'",
    ),
    "part of a published table": (
        {"relations": [{"source": "article", "target": "tags", "published": "du2014", "partial": True}]},
        "`published` of relation article->tags: `fill` should give a probability for every class that the table lacks.",
    ),
    "table": (
        {"relations": [{"source": "article", "target": "tags", "table": [[0.5, 0.5]]}]},
        "`table` of relation article->tags should have shape (2, 2)",
    ),
    "file": (
        {"relations": [{"source": "article", "target": "tags", "file": "x.csv"}]},
        "`file` of relation article->tags: `path` should be a CSV or Parquet file. Found no file",
    ),
}


@pytest.mark.parametrize("case", OTHER)
def test_other_reasons_not_to_go(case: str, tmp_path: Path, shop: dict[str, Any]) -> None:
    settings, words = OTHER[case]
    done = check(tmp_path, data=[shop], **settings)
    assert done.exit_code == 1
    assert words in " ".join(done.stdout.split())


@pytest.mark.parametrize("settings", [{"arms": ["joint", "coupled"]}, {"seeds": [3]}])
def test_what_trains_and_cannot_be_compared(settings: dict[str, Any], tmp_path: Path, shop: dict[str, Any]) -> None:
    done = check(tmp_path, data=[shop], **settings)
    assert done.exit_code == 0
    words = "caution: `conjoin compare` would refuse this: `arms` of a comparison should hold `single`"
    assert words in " ".join(done.stdout.split())


def test_a_balance_that_is_not_installed(tmp_path: Path, shop: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conjoin.training._balances.find_spec", lambda _: None)
    done = check(tmp_path, data=[shop], training={"balance": "upgrad"})
    assert done.exit_code == 1
    assert "no-go: `balance: upgrad` should have TorchJD installed" in " ".join(done.stdout.split())


@pytest.mark.parametrize("part", ["train", "test"])
def test_no_label_is_present(part: str, tmp_path: Path, shop: dict[str, Any]) -> None:
    """`prepare` refuses what `check` refuses."""
    rows = [
        {"article": ("shoe", "shirt")[n % 2], "red": int(n % 3 == 0 and where != part), "part": where}
        for where in ("train", "validation", "test")
        for n in range(6)
    ]
    source = shop | {"path": str(write_shop(tmp_path, rows)), "annotations": {"tags": {"columns": ["red"]}}}
    tasks = {"tags": {"labels": ["red"]}}
    done = check(tmp_path, data=[source], tasks=tasks)
    assert done.exit_code == 1
    assert f"no-go: No {part} image has a label of task 'tags'." in " ".join(done.stdout.split())
    with pytest.raises(DataError, match=rf"split '{part}', with a label that is present. Found none"):
        prepare(make_study(tasks, source))


def test_a_regime_that_leaves_nothing_of_a_task(shop: dict[str, Any]) -> None:
    """Which images it keeps depends on the seed, so that every seed is looked at before anything trains."""
    study = make_study(TASKS, shop | {"split": {"validation": 0.4, "test": 0.2}}, regime={"article": 2, "tags": 6})
    left = {}
    for seed in range(12):
        try:
            prepare(study, seed=seed)
        except DataError as error:
            left[seed] = str(error)
    assert 0 < len(left) < 12
    seed, text = next(iter(left.items()))
    assert (
        f"'article' should be annotated on images of split 'train'. Found none after the regime, seed {seed}." in text
    )
    found = inspect_study(study.model_copy(update={"seeds": (seed,)}))
    assert "No train image is annotated for task 'article'." in [r.text for r in found.remarks if r.kind == "no-go"]


def test_more_sources_than_places_in_a_batch(tmp_path: Path, shop: dict[str, Any]) -> None:
    more = write_shop(tmp_path, [{"article": "shoe", "tags": "red", "part": "train"}], "more.csv", 20)
    done = check(tmp_path, data=[shop, shop | {"name": "more", "path": str(more)}], training={"batch_size": 1})
    assert done.exit_code == 1
    assert "no-go: `batch_size` should be at least the number of sources, 2. Found 1." in done.stdout


def test_names_are_no_markup(tmp_path: Path, shop: dict[str, Any]) -> None:
    rows = [{"article": ("[/x]", "[red]u", ":smile:")[n % 3], "part": ("train", "test")[n % 2]} for n in range(12)]
    source = shop | {"path": str(write_shop(tmp_path, rows)), "annotations": {"[b]": "article"}}
    done = check(tmp_path, data=[source], tasks={"[b]": {"classes": "collected"}})
    assert done.exit_code == 0, done.output
    for name in ("[/x]", "[red]u", ":smile:", "[b] (3)"):
        assert name in done.stdout


def test_no_test_images(tmp_path: Path, shop: dict[str, Any]) -> None:
    done = check(tmp_path, data=[shop | {"split": "train"}])
    assert done.exit_code == 1
    assert "no-go: No image is in split 'test'." in done.stdout
    assert "caution: No image is in split 'validation'." in done.stdout


def test_data_that_cannot_be_read(tmp_path: Path, shop: dict[str, Any]) -> None:
    done = check(tmp_path, "--data", "till=nowhere.csv", data=[shop])
    assert done.exit_code == 1
    assert "no-go: `path` of data source 'till' should name files. Found none at" in " ".join(done.stdout.split())


def test_a_study_file_that_is_wrong(tmp_path: Path, shop: dict[str, Any]) -> None:
    done = check(tmp_path, data=[shop], margn=1)
    assert done.exit_code == 1
    assert "`margn` is not a key here. Did you mean 'margin'?" in done.stderr
    assert done.stderr.endswith("NO-GO: the study file should be mended first.\n")
    told = check(tmp_path, "--json", data=[shop], margn=1)
    assert json.loads(told.stdout)["go"] is False
    missing = CliRunner().invoke(app, ["check"])
    assert missing.exit_code == 2
    assert "`study` should be a study file. Found none" in missing.stderr


def test_many_classes_fit_a_narrow_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    rows = [{"article": f"a class with quite a long name {n}", "part": ("train", "test")[n % 2]} for n in range(40)]
    source = {
        "path": str(write_shop(tmp_path, rows)),
        "split": {"column": "part"},
        "annotations": {"article": "article"},
    }
    study = make_study({"article": {"classes": "collected"}}, source)
    file = io.StringIO()
    print_inspection(inspect_study(study), Console(width=80, file=file))
    assert "... 28 more" in file.getvalue()
    assert "caution: 20 classes of 'article' have no training image" in " ".join(file.getvalue().split())
    assert max(map(len, file.getvalue().splitlines())) <= 80


def test_the_example_study_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASHION", "/fashion")
    study = Study.from_yaml(Path(__file__).parents[1] / "examples" / "fashion.yaml")
    assert set(study.tasks) == {"article", "colour", "usage", "gender", "pattern"}
