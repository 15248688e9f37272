"""`conjoin relate` as its users run it, and its picture."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matplotlib.text import Text

from conjoin import RelationTable, count_relation, read_table
from conjoin.report import draw_relation, save

from .rows import LABELLED, same, write


def test_heat_map() -> None:
    small = draw_relation(count_relation(LABELLED, "article", ["x", "y"], prior=1.0), "small")
    axis, bar = small.axes
    texts = [text.get_text() for text in axis.texts]
    assert "0.65" in texts  # P(x | a)
    assert len(texts) == 2 * 6  # numbers and intervals
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a  3", "b  2", "c  0"]
    assert bar.get_ylabel() == "P(output | class)"
    rng = np.random.default_rng(0)
    count = np.arange(70.0)[:, None] * np.ones(50)
    probability = rng.uniform(size=(70, 50))
    wide = RelationTable(
        tuple(f"c{i}" for i in range(70)),
        tuple(f"o{i}" for i in range(50)),
        "multi-label",
        probability,
        "me",
        count,
        np.where(count < 12, 0.0, probability),
        np.where(count < 12, 1.0, probability),
    )
    axis = draw_relation(wide, "large").axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()][::59] == ["c10  10", "c69  69"]
    assert len(axis.get_xticklabels()) == 40
    assert np.shape(axis.collections[0].get_offsets()) == (2 * 40, 2)  # c10 and c11 are uncertain


def test_dollars_are_no_formula(tmp_path: Path) -> None:
    frame = pl.DataFrame({"price": ["$0 to $9", "$10 to $99"], "$5 \\frac $": [0, 1]})
    figure = draw_relation(count_relation(frame, "price", ["$5 \\frac $"]), "price in $, sale in $")
    save(figure, tmp_path, "price")
    assert {"$0 to $9  1", "$5 \\frac $", "price in $, sale in $"} <= {text.get_text() for text in figure.findobj(Text)}
    assert not any(text.get_parse_math() for text in figure.findobj(Text))


def conjoin(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"COLUMNS": "80", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "conjoin", "relate", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_counting_from_the_command_line(tmp_path: Path) -> None:
    rows = pl.concat([LABELLED.with_columns(colour=pl.col("x").cast(pl.String).fill_null("9"))] * 20)
    write(rows, tmp_path / "rows.parquet")
    arguments = ["--rows", "rows.parquet", "--source", "article", "--target", "colour", "--missing", "colour=9"]
    done = conjoin(*arguments, "--out", "runs/relations/ac.csv", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("Most informative cells", "100 rows annotated for both", "Fewer than 30 rows, so uncertain: c (0)"):
        assert words in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80
    folder = tmp_path / "runs" / "relations"
    assert {path.name for path in folder.iterdir()} == {"ac.csv", "ac.png", "ac.svg"}
    same(read_table(folder / "ac.csv"), count_relation(rows, "article", "colour", missing=["9"]), exactly=True)

    (folder / "ac.csv").write_text("mine")
    again = conjoin(*arguments, "--out", "runs/relations/ac.csv", cwd=tmp_path)
    assert again.returncode == 1
    assert again.stderr.startswith("Error: `runs/relations/ac.csv` exists.")
    assert (folder / "ac.csv").read_text() == "mine"
    labels = ["--label", "x", "--label", "y", "--out", "runs/relations/ac.csv", "--overwrite"]
    assert conjoin(*arguments[:4], *labels, cwd=tmp_path).returncode == 0
    same(read_table(folder / "ac.csv"), count_relation(rows, "article", ["x", "y"]), exactly=True)


def test_published_and_matrix_from_the_command_line(tmp_path: Path) -> None:
    done = conjoin("--published", "du2014", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Note: 0 = not listed" in done.stdout
    table = tmp_path / "runs" / "relations" / "du2014.csv"
    done = conjoin("--matrix", str(table), "--out", "copy.csv", cwd=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "copy.csv").read_bytes() == table.read_bytes()


WRONG = {
    "nothing": ([], "should say where the table comes from. Found 0 of them"),
    "two": (["--published", "du2014", "--matrix", "m.csv"], "Found 2 of them"),
    "no target": (["--rows", "r.csv", "--source", "a"], "--rows should come with --source, and with either"),
    "both": (["--published", "du2014", "--source", "a"], "should come with --rows"),
    "out": (["--published", "du2014", "--out", "x.png"], "--out should be a .csv file"),
    "mixed codes": (
        ["--rows", "r.csv", "--source", "a", "--target", "b", "--missing", "9", "--missing", "a=9"],
        "--missing should be codes, or COLUMN=CODE throughout. Found ['9', 'a=9']",
    ),
    "no folder": (["--archive", "cub"], "--archive should be NAME=FOLDER, such as cub=CUB_200_2011. Found 'cub'"),
    "no such table": (["--archive", "disfa=x"], "An archive with a table should be one of"),
    "unknown": (["--published", "du"], "`name` should be a published table. Found 'du'"),
    "no file": (["--matrix", "m.csv"], "Found no file 'm.csv'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_commands(case: str, tmp_path: Path) -> None:
    arguments, words = WRONG[case]
    done = conjoin(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_relating_needs_no_torch() -> None:
    program = "import conjoin.tabulate, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
