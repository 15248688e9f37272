"""Rows read from files, tables written and read back, files that are wrong."""

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from conjoin import RelationTable, count_relation, published, read_table

from .rows import LABELLED, same, write


@pytest.mark.parametrize("kind", [".csv", ".parquet", ".jsonl"])
def test_rows_from_files(kind: str, tmp_path: Path) -> None:
    whole = write(LABELLED, tmp_path / f"whole{kind}")
    parts = [write(LABELLED[start:stop], tmp_path / f"part-{start}{kind}") for start, stop in ((0, 3), (3, 8))]
    table = count_relation(whole, "article", ["x", "y"])
    same(table, count_relation(LABELLED, "article", ["x", "y"]))
    same(count_relation(parts, "article", ["x", "y"]), table)
    same(count_relation(str(tmp_path / f"part-*{kind}"), "article", ["x", "y"]), table)
    origin = count_relation(parts, "article", ["x"]).origin
    assert origin == f"counted over article and 1 label in part-0{kind} and 1 more file: 5 rows annotated for both"


def test_files_of_different_integers(tmp_path: Path) -> None:
    small = write(LABELLED.cast({"x": pl.Int8}), tmp_path / "a.parquet")
    large = write(LABELLED, tmp_path / "b.parquet")
    assert count_relation([small, large], "article", ["x"]).count[0, 0] == 6


def test_it_reads_back_exactly(tmp_path: Path) -> None:
    rows = LABELLED.with_columns(article=pl.col("article").replace({"a": 'a, "b"\u2028# é', "b": "# note: x"}))
    counted = count_relation(rows, "article", ["x", "y"])
    noted = RelationTable(
        counted.classes, counted.outputs, "multi-label", counted.probability, 'said, "so" ', notes=("one,", "# two")
    )
    for table in (counted, noted, count_relation(rows, "article", "x"), published("du2014")):
        table.write_csv(tmp_path / "table.csv")
        back = read_table(tmp_path / "table.csv")
        same(back, table, exactly=True)
        assert (back.origin, back.notes) == (table.origin, table.notes)
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_a_spreadsheet_may_save_it_again(tmp_path: Path) -> None:
    table = count_relation(LABELLED, "article", ["x", "y"])
    table.write_csv(tmp_path / "table.csv")
    lines = (tmp_path / "table.csv").read_text().splitlines()
    padded = [line + ",,,,," if line.lstrip('"').startswith("#") else line for line in lines]
    (tmp_path / "again.csv").write_text("\r\n".join(padded) + "\r\n", encoding="utf-8-sig", newline="")
    back = read_table(tmp_path / "again.csv")
    same(back, table, exactly=True)
    assert back.origin == table.origin


def test_a_matrix(tmp_path: Path) -> None:
    frame = pl.DataFrame({"": ["a", "b"], "x": [0.25, 1.0], "y": [0.75, 0.0]})
    for name in ("m.csv", "m.parquet"):
        table = read_table(write(frame, tmp_path / name))
        assert (table.classes, table.outputs, table.kind) == (("a", "b"), ("x", "y"), "multi-class")
        np.testing.assert_array_equal(table.probability, [[0.25, 0.75], [1, 0]])
        assert np.isnan(table.count).all()
        assert table.origin == f"read from {name}"
    (tmp_path / "corner.csv").write_text("#class,x,y\na,0.25,0.75\nb,1,0\n")
    assert read_table(tmp_path / "corner.csv").outputs == ("x", "y")
    for note in ("# kind: multi-label", "# Kind:multi-label", "#kind: multi-label "):
        (tmp_path / "noted.csv").write_text(f"{note}\n# origin: Me 2020, p. 3\nc,x,y\na,0.5,0.5\n")
        noted = read_table(tmp_path / "noted.csv")
        assert (noted.kind, noted.origin) == ("multi-label", "Me 2020, p. 3")


CELLS = "class,output,probability,lower,upper,count\n"
FILES: dict[str, tuple[bytes, list[str]]] = {
    "percentages": (b"c,x\na,0.5\nb,51\n", ["row 3 ('b'), column 'x'", "Found 51", "Divide percentages by 100"]),
    "percent signs": (b"c,x\na,51%\n", ["row 2, column 'x'", "Found '51%'", "Divide percentages by 100"]),
    "negative": (b"c,x\na,-0.5\n", ["within [0, 1]. Found -0.5."]),
    "empty cell": (b"c,x,y\na,0.5,\n", ["row 2, column 'y', should be a number", "an empty cell", "base rate"]),
    "semicolons": (b"c;x\na;0.5\n", ["Found ['c;x']", "something other than a comma"]),
    "empty": (b"", ["should have a header", "Found nothing"]),
    "ragged": (b"c,x,y\na,0.5\n", ["row 2, should have 3 columns. Found 2"]),
    "repeated": (b"c,x\na,0.5\na,0.5\n", ["t.csv", "`classes` should be unique", "['a'] repeated"]),
    "not UTF-8": ("c,x\né,0.5\n".encode("latin-1"), ["should be UTF-8 text", "byte 4"]),
    "kind": (b"# kind: labels\nc,x\na,0.5\n", ["`kind` should be", "Found 'labels'"]),
    "second cell": ((CELLS + "a,x,0.5,,,\na,x,0.5,,,\n").encode(), ["row 3", "Found 'a', 'x' a second time"]),
    "no cell": (
        (CELLS + "a,x,0.5,,,\nb,y,0.5,,,\n").encode(),
        ["a line for every cell", "Found none for 'a', 'y' (2 missing)"],
    ),
    "no probability": ((CELLS + "a,x,,,,\n").encode(), ["row 2, column 'probability'", "an empty cell"]),
}


@pytest.mark.usefixtures("_as_a_user_runs_it")
@pytest.mark.parametrize("case", FILES)
def test_files_that_are_wrong(case: str, tmp_path: Path) -> None:
    content, words = FILES[case]
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"t\.csv") as caught:
        read_table(tmp_path / "t.csv")
    for word in words:
        assert word in str(caught.value)


def test_rows_of_files_in_several_folders(tmp_path: Path) -> None:
    """Wildcards as in a study; a file whose name looks like one is that file."""
    for name in ("a/1.csv", "b/c/2.csv", "b/[x].csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("kind,use\nshirt,home\nshoe,work\n")
    for pattern, images in (("*/*.csv", 4), ("**/*.csv", 6), ("b/[x].csv", 2)):
        assert count_relation(f"{tmp_path}/{pattern}", "kind", "use").count[:, 0].sum() == images
    (tmp_path / "b" / "[y].jsonl").write_text('{"kind": "shirt", "use": "home"}\n{"kind": "shoe", "use": "work"}\n')
    assert count_relation(f"{tmp_path}/b/[y].jsonl", "kind", "use").count[:, 0].sum() == 2
    with pytest.raises(FileNotFoundError, match=r"`rows` should be files. Found no file '.*/nowhere/\*\.csv'"):
        count_relation(f"{tmp_path}/nowhere/*.csv", "kind", "use")


def test_a_file_that_two_patterns_name_is_counted_once(tmp_path: Path) -> None:
    write(LABELLED, tmp_path / "rows.csv")
    (tmp_path / "link.csv").symlink_to("rows.csv")
    patterns: list[str | Path] = [
        f"{tmp_path}/*.csv",
        tmp_path / "rows.csv",
        tmp_path / ".." / tmp_path.name / "rows.csv",
    ]
    same(count_relation(patterns, "article", ["x"]), count_relation(LABELLED, "article", ["x"]), exactly=True)


def test_rows_of_another_length_than_the_header(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('\ufeffc,x,y\na,1,0,\n\n"b,\n",0,1,,\n', encoding="utf-8")  # empty cells beyond it are none
    assert count_relation(path, "c", ["x", "y"]).count.tolist() == [[1, 1], [1, 1]]
    for row, found in (("1,0", 2), ("b,1,0,1", 4)):
        path.write_text(f"c,x,y\na,1,0\n{row}\nb,0,1\n{row}\n")
        words = f"Found in rows.csv, row 2 (2 in all): a row should have 3 cells, as the header has. Found {found}."
        with pytest.raises(ValueError, match=re.escape(words)):
            count_relation(path, "c", ["x"])
    path.write_text("c,x,x\na,1,0\n")
    with pytest.raises(ValueError, match=r"The header of .*rows.csv should name each column once. Found 'x' twice"):
        count_relation(path, "c", ["x"])
    path.write_text(f"c,x\n{'a' * 200_000},1\n")
    with pytest.raises(ValueError, match=r"`rows` should be readable. Found in rows.csv: field larger than"):
        count_relation(path, "c", ["x"])


def test_keys_and_types_of_json_lines_are_those_of_all_lines(tmp_path: Path) -> None:
    lines = [{"c": 0, "x": 1}] * 150 + [{"c": 0.5, "x": 1}] * 150 + [{"c": 0, "x": 0, "y": 1}] * 50
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    table = count_relation(path, "c", ["x", "y"])
    assert (table.classes, table.count.tolist()) == (("0", "0.5"), [[200, 50], [150, 0]])


def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"no parquet")
    with pytest.raises(ValueError, match=r"`.*t.parquet` should be a Parquet file"):
        read_table(tmp_path / "t.parquet")
    with pytest.raises(ValueError, match=r"`rows` should be readable.*Found in t.parquet"):
        count_relation(tmp_path / "t.parquet", "a", "b")
    (tmp_path / "t.csv").write_bytes("a,b\né,0\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"`rows` should be readable.*Found in t.csv"):
        count_relation(tmp_path / "t.csv", "a", "b")
    (tmp_path / "t.xlsx").touch()
    with pytest.raises(ValueError, match=r"`rows` should be among .parquet, .csv.*Found 't.xlsx'"):
        count_relation(tmp_path / "t.xlsx", "a", "b")
    first = write(LABELLED, tmp_path / "first.parquet")
    other = write(LABELLED.with_columns(x=pl.lit([1])), tmp_path / "other.parquet")
    with pytest.raises(ValueError, match=r"of one type in all files. Found in first.parquet and 1 more file"):
        count_relation([first, other], "article", ["x"])
    wrong = write(LABELLED.with_columns(x=pl.col("x") * 5), tmp_path / "wrong.parquet")
    with pytest.raises(ValueError, match=r"Found 5 in column 'x', row 1 of wrong\.parquet"):
        count_relation([first, wrong], "article", ["x"])


def test_nothing_is_left_when_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(OSError, match=r"table\.csv"):
        count_relation(LABELLED, "article", "x").write_csv(tmp_path / "table.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
