"""Folders of results: whose they are, and what is written there stays whole."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from conjoin.study import Study

_STUDY = "study.yaml"
_FREE = ("name", "arms", "seeds", "margin")
"""Keys that decide which runs there are and how they are judged, but nothing within a run."""


def claim(folder: Path, study: Study, *, overwrite: bool, go_on: bool) -> None:
    """Make a folder of results, or take one that holds results of the same study.

    Args:
        folder: the folder.
        study: what is run.
        overwrite: delete what is there.
        go_on: keep what is there, if it is of this study.

    Raises:
        FileExistsError: if the folder exists and is neither to be replaced nor gone on with; or is no folder of
            results.
        ValueError: if it holds results of another study.

    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _STUDY).is_file():
            raise FileExistsError(
                f"`{folder}` holds no earlier result and is left alone. Choose another with --folder."
            )
        if overwrite:
            shutil.rmtree(folder)
        elif not go_on:
            raise FileExistsError(
                f"`{folder}` exists. Go on with it by --resume, replace it by --overwrite, or choose another with "
                "--folder."
            )
        else:
            _same(folder, study)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / _STUDY, study.to_yaml())


def write(path: Path, text: str) -> None:
    """Write a text file that is whole or not there."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    part.replace(path)


def _same(folder: Path, study: Study) -> None:
    before = _flat(yaml.safe_load((folder / _STUDY).read_text("utf-8")))
    now = _flat(yaml.safe_load(study.to_yaml()))
    for key in sorted(before.keys() | now.keys()):
        if before.get(key) != now.get(key) and key.split(".")[0] not in _FREE:
            raise ValueError(
                f"`{key}` should be as in {folder / _STUDY}, whose runs would be gone on with: {before.get(key)!r}. "
                f"Found {now.get(key)!r}. Choose another folder with --folder, or replace it by --overwrite."
            )


def _flat(value: Any, at: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping) and value:
        return {k: v for key, part in value.items() for k, v in _flat(part, f"{at}.{key}" if at else str(key)).items()}
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return {k: v for place, part in enumerate(value) for k, v in _flat(part, f"{at}[{place}]").items()}
    return {at: value}
