"""What the documents say is what the code does."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "conjoin"

# From top to bottom: a module may import from those below it only.
LAYERS = [
    "cli",
    "demo",
    "tabulate",
    "runs",
    "report",
    "inspection",
    "evaluation",
    "training",
    "model",
    "sources",
    "miniatures",
    "study",
    "datasets",
    "data",
    "relate",
    "cells",
    "csv_shape",
    "network",
    "presets",
    "objective",
    "checks",
    "coupling",
    "base_rates",
    "relations",
    "distributed",
    "tasks",
    "names",
]


def python_blocks(document: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", document.read_text(), re.DOTALL)


@pytest.mark.parametrize("document", ["README.md", "docs/method.md"])
def test_code_in_documents_runs(document: str, tmp_path: Path) -> None:
    blocks = python_blocks(ROOT / document)
    assert blocks
    program = tmp_path / "blocks.py"
    program.write_text("\n".join(blocks))
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


FEWER = {"faces_to_parquet.py": ["faces.parquet", "300"]}
"""Arguments of examples that would otherwise take long."""


@pytest.mark.parametrize("example", sorted(path.name for path in (ROOT / "examples").glob("*.py")))
def test_examples_run(example: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / example, *FEWER.get(example, [])],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    if example != "plain_loop.py":
        return
    accuracy = re.search(r"digits read correctly: (0\.\d+)", done.stdout)
    assert accuracy
    assert float(accuracy[1]) > 0.95


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "conjoin":
            names = [alias.name for alias in node.names]
            found |= set(names if node.module == "conjoin" else [node.module.split(".")[1]])
    return found


def test_imports_run_downward() -> None:
    rooms = {path.stem if path.is_file() else path.name for path in PACKAGE.iterdir() if path.suffix != ".typed"}
    assert rooms - {"__init__", "__main__", "__pycache__"} == set(LAYERS)
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room.startswith("__"):
            continue
        below = LAYERS[LAYERS.index(room) :]
        assert imports(path) <= set(below), path


def test_the_architecture_document_names_every_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    shown = re.search(r"```\nsrc/conjoin/\n(.*?)```", text, re.DOTALL)
    assert shown
    rooms = [
        line.split()[0].rstrip("/").removesuffix(".py") for line in shown[1].splitlines() if re.match(r"  \w", line)
    ]
    assert rooms == LAYERS


def test_files_hold_one_idea() -> None:
    for path in ROOT.glob("src/**/*.py"):
        assert len(path.read_text().splitlines()) <= 350, path


def test_nothing_names_this_machine() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".txt", ".yaml", ".json", ".csv", ""} and path.is_file():
            assert str(Path.home()) + "/" not in path.read_text(), name
