"""Tables of attributes by class that distributions come with, as relations of a study."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from conjoin.cli import app
from conjoin.datasets import read_archive_relation
from conjoin.inspection import inspect_study
from conjoin.miniatures import write_miniature
from conjoin.relate import read_table
from conjoin.runs._origin import data_fingerprint
from conjoin.sources import prepare
from conjoin.study import Study

pytestmark = pytest.mark.usefixtures("_own_cache")


def birds(root: Path, name: str, classes: list[str], table_of: str = "birds") -> Study:
    write_miniature(name, root)
    labels = list(read_archive_relation(name, root).outputs)[:3]
    relation = {"source": "species", "target": "attributes", "archive": table_of}
    return Study.model_validate(
        {
            "tasks": {"species": {"classes": classes}, "attributes": {"labels": labels}},
            "data": [
                {
                    "name": "birds",
                    "format": "archive",
                    "archive": name,
                    "path": str(root),
                    "annotations": {"species": "species", "attributes": "attributes"},
                }
            ],
            "relations": [relation],
        }
    )


def test_labels_of_the_task_are_taken_from_the_table(tmp_path: Path) -> None:
    classes = list(read_classes(tmp_path / "names", "cub"))
    found = inspect_study(birds(tmp_path / "root", "cub", classes))
    assert found.go, found.remarks
    relation = found.relations["species->attributes"]
    assert "class_attribute_labels_continuous.txt of CUB-200-2011" in relation["origin"]
    assert relation["columns"] == [
        "has_bill_shape::curved_(up_or_down)",
        "has_bill_shape::dagger",
        "has_bill_shape::hooked",
    ]
    assert relation["table"][0] == [0.95, 0.025, 0.025]


def read_classes(root: Path, archive: str) -> tuple[str, ...]:
    write_miniature(archive, root)
    return read_archive_relation(archive, root).classes


def test_a_class_that_the_table_lacks(tmp_path: Path) -> None:
    classes = [*read_classes(tmp_path / "names", "awa2"), "unicorn"]
    found = inspect_study(birds(tmp_path / "root", "awa2", classes))
    told = [remark.text for remark in found.remarks if remark.kind == "no-go"]
    assert "`archive` of relation species->attributes: `fill` should give a probability for every class" in told[0]
    assert "Found none for 'unicorn'" in told[0]


def test_another_table_is_other_data(tmp_path: Path) -> None:
    study = birds(tmp_path / "root", "cub", list(read_classes(tmp_path / "names", "cub")))
    before = data_fingerprint(study, None, prepare(study))
    (path,) = (tmp_path / "root").rglob("class_attribute_labels_continuous.txt")
    rows = [[float(cell) for cell in line.split()] for line in path.read_text("utf-8").splitlines()]
    path.write_text("".join(" ".join(f"{100 - cell:g}" for cell in row) + "\n" for row in rows), "utf-8")
    assert data_fingerprint(study, None, prepare(study)) != before


def test_what_is_no_archive_with_a_table(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"name a data source of format archive\. Found 'bird'\. Did you mean"):
        birds(tmp_path / "root", "awa2", ["antelope", "beaver"], table_of="bird")
    with pytest.raises(ValueError, match=r"An archive with a table should be one of awa2, cub\. Found 'raf_db'"):
        read_archive_relation("raf_db", tmp_path)


@pytest.mark.parametrize("name", ["cub", "awa2"])
def test_the_table_of_an_archive_is_shown_and_drawn(name: str, tmp_path: Path) -> None:
    write_miniature(name, tmp_path / "root")
    told = read_archive_relation(name, tmp_path / "root")
    out = tmp_path / "table.csv"
    done = CliRunner().invoke(app, ["relate", "--archive", f"{name}={tmp_path / 'root'}", "--out", str(out)])
    assert done.exit_code == 0, done.output
    written = read_table(out)
    assert (written.classes, written.outputs) == (told.classes, told.outputs)
    np.testing.assert_allclose(written.probability, told.probability, atol=1e-6)
    assert out.with_suffix(".png").is_file()
    assert "table.csv, table.png, table.svg" in done.output
