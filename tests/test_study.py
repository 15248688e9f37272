"""The study file: what it holds, and what is said of a wrong one, with its line."""

import json
import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError
from typer.testing import CliRunner

from conjoin.cli import app
from conjoin.study import Classes, Column, Csv, Labels, Regime, Study, StudyError, Words

GOOD = """\
name: shop
tasks:
  article: {classes: [shirt, shoe]}
  pattern: {labels: [printed, striped]}
data:
  - name: till
    format: csv
    path: till.csv
    annotations:
      article: article
      pattern:
        text: title
        words: {printed: [print], striped: [stripe, stripes]}
relations:
  - {source: article, target: pattern, table: [[0.2, 0.3], [0.0, 0.1]]}
regime: {article: 10, pattern: 20, overlap: 0.5}
training: {steps: 10}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text)
    return path


def test_a_study_is_what_its_file_says(tmp_path: Path) -> None:
    study = Study.from_yaml(written(tmp_path, GOOD))
    assert study.tasks == {
        "article": Classes(classes=("shirt", "shoe")),
        "pattern": Labels(labels=("printed", "striped")),
    }
    (source,) = study.data
    assert isinstance(source, Csv)
    assert source.path == str(tmp_path / "till.csv")
    assert source.annotations["article"] == Column(column="article")
    assert isinstance(source.annotations["pattern"], Words)
    assert study.regime is not None
    assert study.regime.sets == {("article",): 10, ("pattern",): 20}
    assert (study.training.steps, study.arms[0], study.on_error) == (10, "single", "fail")


def test_it_survives_being_written(tmp_path: Path) -> None:
    study = Study.from_yaml(written(tmp_path, GOOD))
    assert Study.from_yaml(written(tmp_path, study.to_yaml())) == study


def test_the_same_names_in_python(tmp_path: Path) -> None:
    built = Study(
        name="shop",
        tasks={"article": Classes(classes=("shirt", "shoe")), "pattern": Labels(labels=("printed", "striped"))},
        data=(
            Csv(
                name="till",
                format="csv",
                path=str(tmp_path / "till.csv"),
                annotations={
                    "article": Column(column="article"),
                    "pattern": Words(text="title", words={"printed": ("print",), "striped": ("stripe", "stripes")}),
                },
            ),
        ),
        relations=({"source": "article", "target": "pattern", "table": [[0.2, 0.3], [0.0, 0.1]]},),
        regime=Regime(article=10, pattern=20, overlap=0.5),
        training={"steps": 10},
    )
    assert built == Study.from_yaml(written(tmp_path, GOOD))


def test_paths_are_relative_to_the_file_and_hold_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILL_FOLDER", str(tmp_path / "elsewhere"))
    text = GOOD.replace("path: till.csv", "path: {train: [a.csv, '${TILL_FOLDER}/b.csv'], test: /c.csv}")
    (source,) = Study.from_yaml(written(tmp_path, text)).data
    assert isinstance(source, Csv)
    assert source.path == {
        "train": (str(tmp_path / "a.csv"), str(tmp_path / "elsewhere" / "b.csv")),
        "test": "/c.csv",
    }


def test_another_path_may_be_given(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("till.csv", "${NOT_SET}/till.csv"))
    for given in ({"": "/x.csv"}, {"till": "/x.csv"}):
        (source,) = Study.from_yaml(path, data=given).data
        assert isinstance(source, Csv)
        assert source.path == "/x.csv"
    with pytest.raises(StudyError, match=r"variable NOT_SET of path '\$\{NOT_SET\}/till.csv' should be set.*--data"):
        Study.from_yaml(path)
    with pytest.raises(StudyError, match=r"`--data` should name a data source. Found 'til'. Did you mean 'till'\?"):
        Study.from_yaml(path, data={"til": "x"})


def test_a_path_by_split_has_no_other_path(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("path: till.csv", "path: {train: a.csv, test: b.csv}"))
    with pytest.raises(
        StudyError, match=r"Found 'x' for 'till', whose `path` is by split. Write its paths with a var"
    ) as told:
        Study.from_yaml(path, data={"till": "x"})
    (advice,) = re.findall(r"`(path: \{.*\})`", str(told.value))
    folder = {"path": {"train": "${FOLDER}/train.csv", "test": "${FOLDER}/test.csv"}}
    assert yaml.safe_load(f"- {{name: till, {advice}}}") == [{"name": "till"} | folder]


WRONG: dict[str, tuple[str, str, list[str]]] = {
    "unknown key": ("name: shop", "nam: shop", ["line 1: `nam` is not a key here. Did you mean 'name'?"]),
    "key of a source": (
        "    path: till.csv",
        "    path: till.csv\n    imag: x",
        ["line 9: `data[0].imag` is not a key here. Did you mean 'image'?"],
    ),
    "key of an annotation": (
        "article: article",
        "article: {column: article, mising: [9]}",
        ["line 10: `data[0].annotations.article.mising` is not a key here. Did you mean 'missing'?"],
    ),
    "key of a split": (
        "    path: till.csv",
        "    path: till.csv\n    split: {colum: s}",
        ["line 9: `data[0].split.colum` is not a key here. Did you mean 'column'?"],
    ),
    "key of augmentation": (
        "training:",
        "augmentation: {flips: 1}\ntraining:",
        ["line 17: `augmentation.flips` is not a key here. Did you mean 'flip'?"],
    ),
    "number": ("steps: 10", "steps: -5", ["line 17: `training.steps` should be greater than 0. Found -5."]),
    "type": ("steps: 10", "lr: fast", ["line 17: `training.lr` should be a number. Found 'fast'."]),
    "balance": (
        "steps: 10",
        "balance: upgrd",
        ["line 17: `training.balance` should be 'sum', 'random',", "Found 'upgrd'. Did you mean 'upgrad'?"],
    ),
    "balance of what is frozen": (
        "training: {steps: 10}",
        "backbone: {freeze: true}\ntraining: {balance: mgda}",
        ["line 18: `training.balance` should be a way to sum losses where the backbone,", "Found 'mgda'."],
    ),
    "several": (
        "name: shop",
        "nam: 1\nmargn: 2",
        ["line 1: `nam`", "line 2: `margn` is not a key here. Did you mean 'margin'?"],
    ),
    "missing": (
        "    path: till.csv\n",
        "",
        ["line 6: `data[0].path` should be given. Found nothing. Files, with wildcards"],
    ),
    "format": (
        "format: csv",
        "format: cvs",
        ["line 7: `data[0].format` should be one of csv, jsonl,", "Found 'cvs'. Did you mean 'csv'?"],
    ),
    "encoding": (
        "format: csv",
        "format: csv\n    encoding: uft-8",
        ["line 8: `data[0].encoding` should be an encoding of text that", "Found 'uft-8'. Did you mean 'utf-8'?"],
    ),
    "no encoding of text": ("format: csv", "format: csv\n    encoding: zzz", ["as latin-1. Found 'zzz'."]),
    "no format": ("    format: csv\n", "", ["`data[0].format` should be given: csv, jsonl, parquet"]),
    "yes is true": (
        "[shirt, shoe]",
        "[yes, no]",
        ["line 3: `tasks.article.classes[0]` should be text. Found True.", "quotes"],
    ),
    "one class": ("[shirt, shoe]", "[shirt]", ["line 3: `tasks.article.classes` should hold at least 2. Found 1."]),
    "names alike": (
        "[shirt, shoe]",
        "[1, 1.0]",
        ["line 3: `tasks.article` should have names that cells tell apart. Found '1' and '1.0'."],
    ),
    "no kind": (
        "{classes: [shirt, shoe]}",
        "{at_least: 3}",
        ["line 3: `tasks.article` should be a task with `classes` (one of them holds) or `labels`"],
    ),
    "list for text": ("[print]", "print", ["line 13:", "words.printed` should be a list. Found 'print'."]),
    "unknown task": (
        "article: article",
        "artikle: article",
        [
            "line 3: `tasks.article` should be annotated by a data source. Found none",
            "line 10: `data[0].annotations.artikle` should annotate a task of this study. Found 'artikle'. "
            "Did you mean 'article'?",
        ],
    ),
    "unknown label": (
        "{printed: [print], ",
        "{prints: [print], ",
        ["line 11:", "should name outputs of task 'pattern'. Found 'prints'. Did you mean 'printed'?"],
    ),
    "empty word": (
        "{printed: [print], ",
        "{printed: [print, ' '], ",
        ["line 11:", "should have words that are not empty. Found ['print', ' '] for 'printed'."],
    ),
    "overlapping groups": (
        "        text: title",
        "        groups: [[printed], [striped, printed]]\n        text: title",
        ["line 11:", "should have each label in one group. Found 'printed' 2 times."],
    ),
    "words for classes": (
        "article: article",
        "article: {text: t, words: {shirt: [s]}}",
        ["should be a column", "`words`"],
    ),
    "columns for classes": ("article: article", "article: {columns: [shirt, shoe]}", ["or `soft: true` columns"]),
    "relation end": (
        "{source: article, target: pattern,",
        "{source: pattern, target: patern,",
        [
            "line 15: `relations[0].target` should be a task of this study. Found 'patern'.",
            "line 15: `relations[0].source` should be a task with `classes`. Found 'pattern'.",
        ],
    ),
    "two origins": (
        "table: [[0.2",
        "counted: true, table: [[0.2",
        [
            "line 15: `relations[0]` should be one of `table`, `file`, `published`, `archive`, `counted` and "
            "`learned`. Found ['table', 'counted']."
        ],
    ),
    "part of a stated table": (
        "table: [[0.2",
        "partial: true, table: [[0.2",
        ["line 15: `relations[0]` should be `partial` with a `file` or a `published` table only."],
    ),
    "fill of a whole table": (
        "table: [[0.2",
        "fill: {shirt: 0.1}, table: [[0.2",
        ["line 15: `relations[0]` should be `fill` together with `partial: true` or an `archive` only."],
    ),
    "not a probability": (
        "0.2, 0.3",
        "20, 30",
        ["line 15: `relations[0].table[0][0]` should be less than or equal to 1. Found 20."],
    ),
    "regime": (
        "regime: {article",
        "regime: {articles",
        ["line 16: `regime.articles` should name tasks of this study. Found 'articles'. Did you mean 'article'?"],
    ),
    "regime size": (
        "{article: 10,",
        "{article: many,",
        ["line 16: `regime.article` should be a whole number. Found 'many'."],
    ),
    "same task twice": (
        "pattern: 20",
        "article+pattern: 20",
        ["line 16: `regime` should be each task in one set; 'article' is in"],
    ),
    "policy": (
        "name: shop",
        "on_error: skipp",
        ["line 1: `on_error` should be 'fail' or 'skip'. Found 'skipp'. Did you mean 'skip'?"],
    ),
    "twice the same key": (
        "name: shop",
        "name: a\nname: b",
        ["line 2: should be YAML. Found: the key 'name' a second time."],
    ),
    "no YAML": ("name: shop", "name: [", ["should be YAML. Found:"]),
    "no mapping": (GOOD, "hello", ["a study should be a mapping with `tasks` and `data`. Found 'hello'."]),
    "seeds": ("training:", "seeds: [1, 1]\ntraining:", ["line 17: `seeds` should not repeat. Found [1, 1]."]),
    "a seed that is too large": (
        "training:",
        "seeds: [0, 4294967296]\ntraining:",
        ["line 17: `seeds[1]` should be", "4294967296"],
    ),
    "split": (
        "    path: till.csv",
        "    path: till.csv\n    split: {validation: 0.6, test: 0.5}",
        ["line 9: `data[0].split`", "leave something to train on"],
    ),
    "a class twice": (
        "article: {classes: [",
        "article: {classes: [shoe, shoe, ",
        ["line 3: `tasks.article` should have each name once. Found 'shoe' a second time."],
    ),
    "two relations of one pair": (
        "regime:",
        "  - {source: article, target: pattern, learned: true}\nregime:",
        ["line 16: `relations[1]` should be the only one from 'article' to 'pattern'. Found it a second time."],
    ),
    "split in two ways": (
        "    path: till.csv",
        "    path: {train: a.csv, test: b.csv}\n    split: {validation: 0.1, test: 0.1}",
        [
            "line 6: `data[0]` should be split either by `path` or by `split`;",
            "Found splits train, test in `path`, and `split: {test: 0.1, validation: 0.1}`.",
        ],
    ),
    "name of a task": (
        "article: {classes",
        "art/icle: {classes",
        ["line 3: `tasks.art/icle` should be a name without '.', '/', '>' and '+'"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_said_of_a_wrong_file(case: str, tmp_path: Path) -> None:
    old, new, words = WRONG[case]
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(StudyError) as caught:
        Study.from_yaml(path)
    assert str(caught.value).startswith(str(path))
    for word in words:
        assert word in str(caught.value)


def test_relations_in_both_directions() -> None:
    data = yaml.safe_load(GOOD) | {"tasks": {"article": {"classes": ["a", "b"]}, "pattern": {"classes": ["c", "d"]}}}
    data["data"][0]["annotations"]["pattern"] = "title"
    ends = [("article", "pattern"), ("pattern", "article")]
    data["relations"] = [{"source": source, "target": target, "learned": True} for source, target in ends]
    with pytest.raises(
        ValidationError, match=r"`relations\[1\]` should relate 'pattern' and 'article' in one direction. Found both"
    ):
        Study.model_validate(data)


def test_two_sources_of_one_name() -> None:
    data = yaml.safe_load(GOOD)
    data["data"] *= 2
    with pytest.raises(
        ValidationError, match=r"`data\[1\].name` should be the source's own. Found 'till' a second time"
    ):
        Study.model_validate(data)


def test_a_source_whose_name_is_like_that_of_a_set() -> None:
    data = yaml.safe_load(GOOD)
    data["data"][0]["name"] = "till: article"
    with pytest.raises(
        ValidationError, match=r"`data\[0\].name` should be a name without ': '.* Found 'till: article'"
    ):
        Study.model_validate(data)


def test_a_missing_file() -> None:
    with pytest.raises(FileNotFoundError, match=r"`study` should be a YAML file. Found none at nowhere.yaml"):
        Study.from_yaml("nowhere.yaml")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_bytes(b"name: caf\xe9")
    with pytest.raises(StudyError, match="a study should be UTF-8 text"):
        Study.from_yaml(tmp_path / "s.yaml")


def test_a_study_cannot_be_changed(tmp_path: Path) -> None:
    study = Study.from_yaml(written(tmp_path, GOOD))
    with pytest.raises(ValidationError, match="frozen"):
        study.name = "other"  # type: ignore[misc]


def test_the_schema_is_for_editors() -> None:
    done = CliRunner().invoke(app, ["check", "--schema"])
    assert done.exit_code == 0
    schema = json.loads(done.stdout)
    assert set(schema["required"]) == {"tasks", "data"}
    assert schema["additionalProperties"] is False
    assert schema["properties"]["data"]["description"].startswith("Where images and annotations are.")
    assert {"Csv", "Words", "Regime", "TrainingSettings"} <= set(schema["$defs"])
