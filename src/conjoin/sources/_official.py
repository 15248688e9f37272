"""Official distributions as data sources: an adapter reads them, names of annotations become columns."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets
import polars as pl

from conjoin.datasets import Archive, read_archive
from conjoin.names import nearest
from conjoin.sources._faults import DataError
from conjoin.sources._open import Opened
from conjoin.study import AnnotationSettings, Column, Columns, Labels, Official, Study, TaskSettings


def with_what_is_there(study: Study) -> tuple[Study, dict[str, tuple[str, ...]]]:
    """The study without optional archives that are not there, and for each of those what is missing.

    Those that a task or a relation cannot do without stay, so that reading them says what is missing.
    """
    absent = {source.name: source for source in study.data if isinstance(source, Official) and _is_absent(source)}
    told = {task for source in study.data if source.name not in absent for task in source.annotations}
    named = {name for relation in study.relations for name in (relation.archive, relation.counted)}
    missing: dict[str, tuple[str, ...]] = {}
    for name, source in absent.items():
        if name not in named and told.issuperset(source.annotations):
            try:
                read_archive(source.archive, source.path, source.options)
            except FileNotFoundError as error:
                missing[name] = (f"Left out, being optional. {error}",)
            except ValueError:
                pass  # an option that is not understood: reading it says which
    left = tuple(source for source in study.data if source.name not in missing)
    return study.model_copy(update={"data": left}), missing


def _is_absent(source: Official) -> bool:
    """Whether an optional archive has no folder, or an empty one: one that holds something else is a mistake."""
    folder = Path(source.path)
    return source.optional and not (folder.is_dir() and any(folder.iterdir()))


def missing_archives(study: Study) -> list[str]:
    """What is wrong with each archive of a study that cannot be read, and where it is to be had."""
    found = []
    for source in study.data:
        if isinstance(source, Official):
            try:
                _read(source)
            except DataError as error:
                found.append(error.message)
    return found


def open_official(source: Official, tasks: Mapping[str, TaskSettings]) -> tuple[Official, Opened, tuple[str, ...]]:
    """Read an archive.

    Returns:
        The source with the columns of each annotation written out, its rows, and notes of the adapter.

    Raises:
        DataError: if it is not there, not understood, or has no annotation of a name that the study uses.

    """
    archive = _read(source)
    written = {name: _written(settings, archive, source, tasks[name]) for name, settings in source.annotations.items()}
    changes: dict[str, Any] = {"annotations": written}
    if source.group is None and "group" in archive.frame.columns:
        changes["group"] = "group"
    return source.model_copy(update=changes), _opened(archive.frame, source), archive.notes


def _read(source: Official) -> Archive:
    try:
        return read_archive(source.archive, source.path, source.options)
    except (OSError, ValueError) as error:
        raise DataError(f"Data source {source.name!r}: {error}") from error


def _written(settings: AnnotationSettings, archive: Archive, source: Official, task: TaskSettings) -> Column | Columns:
    if not isinstance(settings, Column) or settings.column not in archive.outputs:
        named = settings.column if isinstance(settings, Column) else settings.model_dump(exclude_defaults=True)
        hint = nearest(str(named), list(archive.outputs))
        raise DataError(
            f"`annotations` of data source {source.name!r} should name an annotation of {archive.about.title}. "
            f"Found {named!r}. {hint}"
        )
    columns, renamed = archive.columns(settings.column), settings.values or {}
    if bool(columns) is not isinstance(task, Labels):
        raise DataError(
            f"Annotation {settings.column!r} of {archive.about.title} has {'labels' if columns else 'classes'}: a task "
            f"with `{'labels' if columns else 'classes'}` should read it. Found one with "
            f"`{'labels' if isinstance(task, Labels) else 'classes'}`."
        )
    if not columns:
        return settings
    used = {renamed.get(label, label): column for label, column in columns.items()}
    wanted = {label: column for label, column in used.items() if task.names is None or label in task.names}
    if not wanted:
        raise DataError(
            f"Annotation {settings.column!r} of {archive.about.title} should have labels of its task: "
            f"{', '.join(task.names or ())}. Found {', '.join(used)}."
        )
    soft = any(archive.frame.schema[column].is_float() for column in wanted.values())
    return Columns(columns=wanted, soft=soft, missing=settings.missing)


def _opened(frame: pl.DataFrame, source: Official) -> Opened:
    if not len(frame):
        raise DataError(f"Data source {source.name!r} should hold rows. Found none at {source.path}.")
    parts = {"": frame}
    if "split" in frame.columns:
        parts = {str(split): part for (split,), part in frame.partition_by("split", as_dict=True).items()}
    return Opened(
        datasets.concatenate_datasets([datasets.Dataset.from_polars(part) for part in parts.values()]),
        [f"{source.path} {split}".strip() for split in parts],
        [len(part) for part in parts.values()],
        [split or None for split in parts],
    )
