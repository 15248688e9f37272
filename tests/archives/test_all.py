"""What holds of every adapter, seen on its miniature."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from conjoin.cli import app
from conjoin.datasets import ARCHIVES, Archive, read_archive
from conjoin.inspection import inspect_study
from conjoin.miniatures import MINIATURES, write_miniature
from conjoin.report import print_skipped
from conjoin.sources import Account
from conjoin.study import Study

pytestmark = pytest.mark.usefixtures("_own_cache")


def study_of(name: str, root: Path, archive: Archive) -> Study:
    tasks: dict[str, Any] = {
        annotation: {"labels" if archive.columns(annotation) else "classes": list(outputs)}
        for annotation, outputs in archive.outputs.items()
    }
    source = {"name": name, "format": "archive", "archive": name, "path": str(root)}
    source["annotations"] = {task: task for task in tasks}  # type: ignore[assignment]
    return Study.model_validate({"tasks": tasks, "data": [source]})


def test_every_adapter_has_a_miniature() -> None:
    assert set(MINIATURES) == set(ARCHIVES)


@pytest.mark.parametrize("name", sorted(ARCHIVES))
def test_a_miniature_is_read_whole(name: str, tmp_path: Path) -> None:
    write_miniature(name, tmp_path / "root", images=60)
    archive = read_archive(name, tmp_path / "root", {})
    frame = archive.frame
    assert len(frame) >= 50
    assert frame["image"].n_unique() == len(frame)
    assert all(Path(image).is_absolute() and Path(image).is_file() for image in frame["image"])
    if "split" in frame.columns:
        assert set(frame["split"]) <= {"train", "validation", "test"}
    for annotation, outputs in archive.outputs.items():
        columns = archive.columns(annotation)
        for column in columns.values():
            values = frame[column].drop_nulls()
            assert (values.dtype == pl.Int8 and set(values) <= {0, 1}) or values.dtype.is_float(), column
            assert values.is_between(0, 1).all(), column
        if columns:
            assert frame.select(pl.any_horizontal(pl.col(list(columns.values())) > 0.5)).to_series().any()
        else:
            assert frame[annotation].dtype == pl.String
            assert set(frame[annotation].drop_nulls()) <= set(outputs)
            assert frame[annotation].n_unique() > 1
    named = {column.partition(":")[0] for column in frame.columns}
    assert named == {"image", *archive.outputs} | (named & {"split", "group"})


@pytest.mark.parametrize("name", sorted(ARCHIVES))
def test_a_miniature_can_be_trained_on(name: str, tmp_path: Path) -> None:
    write_miniature(name, tmp_path / "root", images=60)
    archive = read_archive(name, tmp_path / "root", {})
    found = inspect_study(study_of(name, tmp_path / "root", archive))
    assert found.go, found.remarks
    assert sum(found.images[name].values()) == len(archive.frame)
    assert not found.duplicates["test_images"]
    told = [remark.text for remark in found.remarks]
    assert all(any(note in text for text in told) for note in archive.notes)


@pytest.mark.parametrize("name", sorted(ARCHIVES))
def test_a_root_that_is_empty_says_where_the_data_are_to_be_had(name: str, tmp_path: Path) -> None:
    write_miniature(name, tmp_path / "root", images=60)
    archive = read_archive(name, tmp_path / "root", {})
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError) as error:
        read_archive(name, tmp_path / "empty", {})
    assert f"`root` of {archive.about.title} should be a folder with" in str(error.value)
    assert "Found nothing in" in str(error.value)
    assert archive.about.access in str(error.value)
    with pytest.raises(FileNotFoundError, match="Found none at"):
        read_archive(name, tmp_path / "nowhere", {})
    found = inspect_study(study_of(name, tmp_path / "nowhere", archive))
    assert not found.go
    assert archive.about.access in found.remarks[0].text


@pytest.mark.parametrize("name", sorted(ARCHIVES))
def test_the_same_seed_writes_the_same_miniature(name: str, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_miniature(name, tmp_path / folder, images=20, seed=3)
    files = [sorted(p for p in (tmp_path / folder).rglob("*") if p.is_file()) for folder in ("a", "b")]
    assert [p.relative_to(tmp_path / "a") for p in files[0]] == [p.relative_to(tmp_path / "b") for p in files[1]]
    for one, other in zip(*files, strict=True):
        assert one.suffix == ".xlsx" or one.read_bytes() == other.read_bytes(), one


def test_miniatures_of_different_archives_have_different_pictures(tmp_path: Path) -> None:
    """Else a study of several would be told that its test images are among those it trains on."""
    owner: dict[bytes, str] = {}
    for name in ARCHIVES:
        write_miniature(name, tmp_path / name, images=15)
        for file in read_archive(name, tmp_path / name, {}).frame["image"]:
            picture = Image.open(file).convert("RGB")
            assert owner.setdefault(picture.tobytes() + repr(picture.size).encode(), name) == name


def test_an_unknown_option_is_refused(tmp_path: Path) -> None:
    write_miniature("raf_db", tmp_path / "root", images=10)
    with pytest.raises(ValueError, match="Option 'colour' of raf_db: Unexpected keyword argument"):
        read_archive("raf_db", tmp_path / "root", {"colour": True})
    with pytest.raises(ValueError, match=r"Option 'aligned' of raf_db: .*boolean.* Found 'perhaps'"):
        read_archive("raf_db", tmp_path / "root", {"aligned": "perhaps"})


def test_fixture_writes_and_refuses(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["fixture", "raf_db", str(tmp_path / "raf"), "--images", "7"])
    assert done.exit_code == 0, done.output
    assert len(read_archive("raf_db", tmp_path / "raf", {}).frame) == 7
    again = CliRunner().invoke(app, ["fixture", "raf_db", str(tmp_path / "raf")])
    assert again.exit_code == 1
    assert "should be a new or an empty folder" in again.output
    unknown = CliRunner().invoke(app, ["fixture", "rafdb", str(tmp_path / "x")])
    assert "`name` should be an archive. Found 'rafdb'. Did you mean 'raf_db'?" in unknown.output


def test_an_annotation_that_the_archive_lacks_is_refused(tmp_path: Path) -> None:
    write_miniature("raf_db", tmp_path / "root", images=10)
    archive = read_archive("raf_db", tmp_path / "root", {})
    study = study_of("raf_db", tmp_path / "root", archive).model_dump()
    study["data"][0]["annotations"]["age"] = {"column": "ages"}
    assert not (found := inspect_study(Study.model_validate(study))).go
    assert "should name an annotation of RAF-DB (basic). Found 'ages'. Did you mean 'age'?" in found.remarks[0].text


def test_an_optional_archive_may_be_missing(tmp_path: Path) -> None:
    write_miniature("raf_db", tmp_path / "root", images=60)
    archive = read_archive("raf_db", tmp_path / "root", {})
    study = study_of("raf_db", tmp_path / "root", archive).model_dump(exclude_defaults=True)
    more = study["data"][0] | {"name": "more", "path": str(tmp_path / "nowhere"), "optional": True}
    study["data"] = [study["data"][0], more]
    found = inspect_study(Study.model_validate(study))
    assert found.go
    assert list(found.images) == ["raf_db"]
    told = [remark.text for remark in found.remarks if remark.text.startswith("'more': Left out, being optional.")]
    assert len(told) == 1
    assert archive.about.access in told[0]
    found = inspect_study(Study.model_validate(study | {"data": [more]}))
    assert not found.go
    assert archive.about.access in found.remarks[0].text


def test_an_optional_archive_that_is_needed_or_is_something_else_stands_in_the_way(tmp_path: Path) -> None:
    for name in ("raf_db", "disfa"):
        write_miniature(name, tmp_path / name, images=60)
    raf_db = {"format": "archive", "archive": "raf_db", "path": str(tmp_path / "raf_db"), "name": "raf_db"}
    disfa = {"format": "archive", "archive": "disfa", "path": str(tmp_path / "nowhere"), "name": "disfa"}
    study: dict[str, Any] = {
        "tasks": {"expression": {"classes": ["happiness", "sadness"]}, "units": {"labels": "collected"}},
        "data": [
            raf_db | {"annotations": {"expression": "expression"}, "missing": ["surprise", "fear", "disgust", "anger"]},
            disfa | {"annotations": {"units": "action_units"}, "optional": True},
        ],
    }
    study["data"][0]["missing"].append("neutral")
    told = [remark.text for remark in inspect_study(Study.model_validate(study)).remarks if remark.kind == "no-go"]
    assert len(told) == 1
    assert told[0].startswith("Data source 'disfa': `root` of DISFA should be a folder with")

    study["data"].append(study["data"][1] | {"name": "there", "path": str(tmp_path / "disfa")})
    relation = {"source": "expression", "target": "units", "counted": "disfa"}
    counted = inspect_study(Study.model_validate(study | {"relations": [relation]}))
    assert counted.remarks[0].text == told[0]
    assert inspect_study(Study.model_validate(study)).go

    (tmp_path / "nowhere").mkdir()
    assert inspect_study(Study.model_validate(study)).go
    (tmp_path / "nowhere" / "DISFA.zip").touch()
    found = inspect_study(Study.model_validate(study))
    assert "Found DISFA.zip in" in found.remarks[0].text
    assert not found.go


def test_training_says_which_optional_archives_are_left_out() -> None:
    console = Console(record=True)
    print_skipped(Account(absent=("bp4d", "gft")), console)
    assert console.export_text() == "Not there and left out, being optional: 'bp4d', 'gft'.\n"
