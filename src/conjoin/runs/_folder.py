"""Folders of results: whose they are, and what is written there stays whole."""

import json
import multiprocessing
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from conjoin.report import write
from conjoin.study import Study

_STUDY, _ORIGIN, _LOCK = "study.yaml", "origin.json", ".lock"
_CLAIM = (_LOCK, ".origin.json.part")
"""What is there before the folder is claimed."""
_FREE = ("name", "arms", "seeds", "margin")
"""Keys that decide which runs there are and how they are judged, but nothing within a run."""
_WRITTEN = (
    *("metrics.csv", "metrics.json", "validation.csv", "test.parquet", "report.html", _STUDY, _ORIGIN),
    *("differences.png", "differences.svg", "evidence-[0-9]*.png", "evidence-[0-9]*.svg"),
)
"""Results, beside the tables of the study's relations."""
_FOLDERS = ("runs", "model", "checkpoints", "logs", "alone")


@contextmanager
def claimed(folder: Path, study: Study, origin: Mapping[str, Any], *, overwrite: bool, go_on: bool) -> Iterator[None]:
    """Make a folder of results, or take one that holds results of the same study and data; locked meanwhile.

    Args:
        folder: the folder.
        study: what is run.
        origin: what beside the study file decides a run (what is done, fingerprint of the data, ...).
        overwrite: delete results that are there, and nothing else.
        go_on: keep what is there, if it is of this study and origin.

    Raises:
        FileExistsError: if the folder exists and is neither to be replaced nor gone on with, is no folder of
            results, or another process writes to it.
        ValueError: if it holds results of another study or other data.

    """
    found = [path for path in folder.iterdir() if path.name not in _CLAIM] if folder.exists() else []
    if found and not (folder / _ORIGIN).is_file():
        raise FileExistsError(f"`{folder}` holds no earlier result and is left alone. Choose another with --folder.")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / _LOCK, timeout=0):
            if found and overwrite:
                _delete_results(folder)
            elif found and not go_on:
                raise FileExistsError(
                    f"`{folder}` exists. Go on with it by --resume, replace it by --overwrite, or choose another "
                    "with --folder."
                )
            elif found:
                _same(folder, study, origin)
            write(folder / _ORIGIN, json.dumps(dict(origin), indent=2) + "\n")  # first: it says that the rest is ours
            write(folder / _STUDY, study.to_yaml())
            yield
    except Timeout:
        raise FileExistsError(f"`{folder}` is being written to by another process. Wait for it to end.") from None


def _delete_results(folder: Path) -> None:
    tables = [f"{relation['source']}-{relation['target']}" for relation in _relations(folder)]
    for name in _FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    for table in tables:
        for ending in (".csv", "-corrected.csv"):
            (folder / f"{table}{ending}").unlink(missing_ok=True)
    for pattern in _WRITTEN:
        for path in folder.glob(pattern):
            path.unlink()


def _relations(folder: Path) -> list[dict[str, Any]]:
    """Of the study whose results are there."""
    path = folder / _STUDY  # not there where it was killed at once
    study = (yaml.safe_load(path.read_text("utf-8")) if path.exists() else None) or {}
    return list(study.get("relations") or ())


def _same(folder: Path, study: Study, origin: Mapping[str, Any]) -> None:
    if not (folder / _STUDY).exists():  # killed before anything was run
        return
    before = _flat(yaml.safe_load((folder / _STUDY).read_text("utf-8")))
    now = _flat(yaml.safe_load(study.to_yaml()))
    changed = [key for key in sorted(before.keys() | now.keys()) if before.get(key) != now.get(key)]
    for key in changed:
        if key.split(".")[0] not in _FREE:
            raise _other(key, before.get(key), now.get(key), folder / _STUDY)
    said = json.loads((folder / _ORIGIN).read_text("utf-8"))
    for key, value in origin.items():
        if said.get(key) != value:
            raise _other(key, said.get(key), value, folder / _ORIGIN)


def _other(key: str, before: Any, now: Any, path: Path) -> ValueError:
    return ValueError(
        f"`{key}` should be as in {path}, whose runs would be gone on with: {before!r}. Found {now!r}. Choose another "
        "folder with --folder, or replace its results by --overwrite."
    )


def _flat(value: Any, at: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping) and value:
        return {k: v for key, part in value.items() for k, v in _flat(part, f"{at}.{key}" if at else str(key)).items()}
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return {k: v for place, part in enumerate(value) for k, v in _flat(part, f"{at}[{place}]").items()}
    return {at: value}


def listed(folder: Path) -> list[str]:
    """Names of what a person finds there."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def not_imported_by_a_child() -> None:
    """Refuse a script that compares when the processes that it starts import it.

    Raises:
        RuntimeError: if this process is being started, and imports the script that started it.

    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):  # as multiprocessing itself finds out
        raise RuntimeError(
            '`compare` should be called under `if __name__ == "__main__":` in a script, since the processes that it '
            "starts import the script. Found a call in one of these. `processes=1` starts none."
        )


def in_one_process(verb: str) -> None:
    """Refuse several ranks, which would all write the same files.

    Raises:
        ValueError: if torchrun has started several.

    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ValueError(
            f"`conjoin {verb}` should run in one process. Found {os.environ['WORLD_SIZE']} of torchrun: use "
            "`conjoin.fit` there."
        )
