"""Paths of a study file, made independent of where it is read."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conjoin.names import nearest
from conjoin.study._lines import StudyError
from conjoin.study._sources import Hub, Memory

if TYPE_CHECKING:
    from conjoin.study._study import Study


def resolved(study: "Study", folder: Path, overrides: Mapping[str, str]) -> "Study":
    """The study with absolute paths, `${VARIABLES}` filled in and paths of `overrides` (these relative to here).

    Raises:
        StudyError: if a variable is not set, or an override names no data source, or one whose path is by split.

    """
    names = [source.name for source in study.data if not isinstance(source, Memory)]
    if "" in overrides and len(names) != 1:
        raise StudyError(f"`--data` should say NAME=PATH, since there are several data sources: {', '.join(names)}.")
    for name in overrides:
        if name and name not in names:
            raise StudyError(f"`--data` should name a data source. Found {name!r}. {nearest(name, names)}")
    sources = []
    for source in study.data:
        new = overrides.get(source.name, overrides.get(""))
        changes: dict[str, Any] = {}
        if not isinstance(source, Memory):
            if new is not None and isinstance(source.path, Mapping):
                instead = ", ".join(f'{split}: "${{FOLDER}}/{split}.csv"' for split in source.path)
                raise StudyError(
                    f"`--data` should give the path of a source that has one. Found {new!r} for {source.name!r}, whose "
                    f"`path` is by split. Write its paths with a variable, as `path: {{{instead}}}`, and set FOLDER."
                )
            base = folder if new is None else Path()
            path = source.path if new is None else new
            changes["path"] = _hub(str(path), base) if isinstance(source, Hub) else _resolve(path, base)
        if getattr(source, "root", None):
            changes["root"] = _resolve(getattr(source, "root"), folder)  # noqa: B009 - not every source has it
        sources.append(source.model_copy(update=changes))
    relations = [r.model_copy(update={"file": _resolve(r.file, folder)}) if r.file else r for r in study.relations]
    backbone = study.backbone
    if backbone.weights:
        backbone = backbone.model_copy(update={"weights": _resolve(backbone.weights, folder)})
    return study.model_copy(update={"data": tuple(sources), "relations": tuple(relations), "backbone": backbone})


def _hub(path: str, folder: Path) -> str:
    """A local folder where there is one, else the name on the hub as it is."""
    local = _resolve(path, folder)
    return local if Path(local).is_dir() else _filled(path)


def _resolve(path: Any, folder: Path) -> Any:
    if isinstance(path, Mapping):
        return {split: _resolve(part, folder) for split, part in path.items()}
    if isinstance(path, tuple):
        return tuple(_resolve(part, folder) for part in path)
    return os.path.normpath(folder.absolute() / Path(_filled(path)).expanduser())


def _filled(path: str) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise StudyError(
                f"The environment variable {match[1]} of path {path!r} should be set. Found none. "
                f"Set it, or give the path with --data."
            )
        return os.environ[match[1]]

    return re.sub(r"\$\{(\w+)\}", value, path)
