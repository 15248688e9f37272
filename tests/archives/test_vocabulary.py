"""One vocabulary: expressions and action units are aligned by name, whatever their codes and lists."""

from pathlib import Path

import datasets
import pytest
from PIL import Image

from conjoin.datasets import ARCHIVES, aff_wild2, affectnet, raf_db, read_archive
from conjoin.datasets._vocabulary import EXPRESSION_NAMES, action_unit, expression
from conjoin.miniatures import write_miniature
from conjoin.relate import published
from conjoin.sources import annotations, prepare
from conjoin.study import Study

CODES = {  # of AffectNet, RAF-DB and Aff-Wild2; None where one has no such class
    "neutral": (0, 7, 0),
    "happiness": (1, 4, 4),
    "sadness": (2, 5, 5),
    "surprise": (3, 1, 6),
    "fear": (4, 2, 3),
    "disgust": (5, 3, 2),
    "anger": (6, 6, 1),
    "contempt": (7, None, None),
    "other": (None, None, 7),
}
UNITS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def picture(path: Path, shade: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (2, 2), shade).save(path)


@pytest.mark.parametrize("name", CODES)
def test_one_code_is_another_expression_elsewhere(name: str, tmp_path: Path) -> None:
    for place, code in enumerate(CODES[name]):
        root = tmp_path / str(place)
        if code is None:
            continue
        if place == 0:
            picture(root / "Manually_Annotated_Images" / "a.jpg")
            for part in ("training", "validation"):
                write(root / "Manually_Annotated_file_lists" / f"{part}.csv", f"a.jpg,1,1,9,9,1;1,{code},0,0")
            found = affectnet(root)
        elif place == 1:
            picture(root / "basic" / "Image" / "aligned" / "train_00001_aligned.jpg")
            write(root / "basic" / "EmoLabel" / "list_patition_label.txt", f"train_00001.jpg {code}")
            found = raf_db(root)
        else:
            picture(root / "cropped_aligned" / "a" / "00001.jpg")
            heading = "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other"
            write(root / "EXPR_Recognition_Challenge" / "Train_Set" / "a.txt", heading, str(code))
            (root / "EXPR_Recognition_Challenge" / "Validation_Set").mkdir()
            found = aff_wild2(root)
        assert set(found.frame["expression"]) == {name}, found.about.title


@pytest.mark.parametrize("name", sorted(ARCHIVES))
def test_names_are_those_of_the_vocabulary(name: str, tmp_path: Path) -> None:
    write_miniature(name, tmp_path)
    outputs = read_archive(name, tmp_path, {}).outputs
    assert set(outputs.get("expression", ())) <= set(EXPRESSION_NAMES)
    assert all(action_unit(unit) == unit for unit in outputs.get("action_units", ()))


def test_the_published_table_uses_it_too() -> None:
    table = published("du2014")
    assert set(table.classes) <= set(EXPRESSION_NAMES)
    assert all(action_unit(unit) == unit for unit in table.outputs)


def test_spellings() -> None:
    assert [expression(name) for name in (" Happy", "FEAR", "angry")] == ["happiness", "fear", "anger"]
    with pytest.raises(ValueError, match=r"should be an expression\. Found 'hapiness'\. Did you mean 'happiness'"):
        expression("hapiness")
    found = [action_unit(text) for text in ("'AU 01'", "au6", " 12 ", "AU_4", "0", "2440", "AU6_r", "frame", "")]
    assert found == ["AU1", "AU6", "AU12", "AU4", None, None, None, None, None]


def test_lists_of_units_that_differ_are_partly_annotated_labels_of_one_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    for unit in UNITS:
        write(tmp_path / "disfa" / "ActionUnit_Labels" / "SN001" / f"SN001_au{unit}.txt", "1,5", "2,0")
    write(tmp_path / "bp4d" / "AUCoding" / "AU_OCC" / "F001_T1.csv", "0,1,12,14", "1,1,0,1", "2,0,1,0", "3,9,1,1")
    for number in (1, 2, 3):
        picture(tmp_path / "disfa" / "SN001" / f"{number}.png", 10 * number)
        picture(tmp_path / "bp4d" / "F001" / "T1" / f"{number}.png", 10 * number + 100)
    sources = [
        {"name": name, "format": "archive", "archive": name, "path": str(tmp_path / name), "split": split}
        | {"annotations": {"action_units": "action_units"}}
        for name, split in (("disfa", "train"), ("bp4d", "test"))
    ]
    study = {"tasks": {"action_units": {"labels": ["AU1", "AU14", "AU26"]}}, "data": sources}
    table = prepare(Study.model_validate(study)).table
    found = {split: annotations(table[split])["action_units"].tolist() for split in ("train", "test")}
    assert found == {"train": [[1, -1, 1], [0, -1, 0]], "test": [[1, 1, -1], [0, 0, -1], [-1, 1, -1]]}
