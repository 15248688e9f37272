"""All rows of all sources, with what is wrong with them."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import polars as pl
from numpy.typing import NDArray

from conjoin.cells import spell
from conjoin.sources._cells import annotated, as_text, column, single
from conjoin.sources._faults import DataError, Faults
from conjoin.sources._folder import open_folder
from conjoin.sources._images import Seen, image_column, image_files, look
from conjoin.sources._official import open_official
from conjoin.sources._open import Given, Opened, open_source
from conjoin.sources._outputs import collect, doubtful_codes, encode, soften
from conjoin.sources._read_annotations import Read, Wrong, read_annotations
from conjoin.sources._rows import Rows
from conjoin.sources._shift import shift_images
from conjoin.sources._split import Draw, Split, read_split, unknown_split
from conjoin.study import Folder, Official, SourceSettings, SplitColumn, Study
from conjoin.tasks import MultiClass, Task


@dataclass(eq=False)
class Gathered:
    """Rows of all sources in order.

    Args:
        images: images of all sources, in order.
        rows: a row for each of them.
        tasks: tasks with their outputs.
        bad: rows that cannot be used.
        draws: how splits are drawn, by source.

    The rest is as in `Account`.

    """

    images: datasets.Dataset
    rows: Rows
    tasks: tuple[Task, ...]
    bad: NDArray[np.bool_]
    draws: list[Draw]
    faults: Faults = field(default_factory=Faults)
    left_out: dict[str, dict[str, int]] = field(default_factory=dict)
    converted: dict[str, Counter[str]] = field(default_factory=dict)
    split: dict[str, str] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cautions: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(eq=False)
class _Source:
    settings: SourceSettings
    opened: Opened
    images: datasets.Dataset
    seen: Seen
    ids: pl.Series
    """Rows of one id are one image: the `id` column, else absolute paths of image files."""
    reads: dict[str, Read]
    split: Split
    notes: tuple[str, ...]
    cautions: list[str]


def gather(study: Study, given: Given, cache: Path) -> Gathered:
    """Read all sources.

    Raises:
        DataError: if a source or a column is missing or cannot be read.

    """
    sources = [_read(study, source, given, cache) for source in study.data]
    names = {id(source): _names(source, number) for number, source in enumerate(sources)}
    tasks, encoded, wrong, left_out = [], {}, [], {}
    sizes = [len(source.images) for source in sources]
    offsets = [0, *np.cumsum(sizes).tolist()]
    meta, files, split_wrong = _meta(sources, offsets)
    for name, settings in study.tasks.items():
        having = [source for source in sources if name in source.reads]
        try:
            outputs = collect(name, settings, [s.reads[name] for s in having], [names[id(s)] for s in having])
        except DataError as error:  # cells that are not understood may be why
            raise DataError(error.message, _misread(name, sources, offsets, meta, files)) from error
        tasks.append(outputs.task)
        for source in having:
            source.cautions += [*source.reads[name].cautions, *doubtful_codes(source.reads[name], outputs)]
        if outputs.left_out:
            left_out[name] = outputs.left_out
        soft = any(source.reads[name].soft for source in having)
        parts = []
        for source, offset, size in zip(sources, offsets, sizes, strict=False):
            values, more = _encode(source, name, outputs, size)
            parts.append(soften(values, outputs.task) if soft else values)
            wrong += [(kind, rows + offset, _from(offset, what)) for kind, rows, what in more]
        encoded[name] = np.concatenate(parts)
    rows = Rows(meta, encoded, [source.settings.name for source in sources], files)
    found = Gathered(
        datasets.concatenate_datasets([source.images for source in sources]),
        rows,
        tuple(tasks),
        np.zeros(len(rows), dtype=bool),
        [source.split.draw for source in sources],
        left_out=left_out,
        converted={source.settings.name: source.seen.converted for source in sources if source.seen.converted},
        split={source.settings.name: source.split.how for source in sources},
        notes={source.settings.name: source.notes for source in sources if source.notes},
        cautions={source.settings.name: tuple(source.cautions) for source in sources if source.cautions},
    )
    for source, offset in zip(sources, offsets, strict=False):
        ragged = {offset + row: what for row, what in source.opened.ragged.items()}
        wrong.append(("row of another length than the header", np.array([*ragged], np.int64), ragged.__getitem__))
        unreadable = {offset + row: what for row, what in source.seen.unreadable.items()}
        for kind in ("image that cannot be read", "image file that is missing"):
            here = [row for row, what in unreadable.items() if ("existing file" in what) == ("missing" in kind)]
            wrong.append((kind, np.array(here, dtype=np.int64), lambda row, told=unreadable: told[row]))
    for kind, places, what in [*wrong, *split_wrong]:
        found.bad[places] = True
        found.faults.add(kind, places.tolist(), lambda row, what=what: rows.fault(row, what(row)))  # type: ignore[misc]
    return found


def _misread(name: str, sources: list[_Source], offsets: list[int], meta: pl.DataFrame, files: list[str]) -> Faults:
    """Cells of a task that were not understood."""
    faults, rows = Faults(), Rows(meta, {}, [source.settings.name for source in sources], files)
    for source, offset in zip(sources, offsets, strict=False):
        for kind, places, what in source.reads[name].wrong if name in source.reads else ():
            told = _from(offset, what)
            faults.add(kind, (places + offset).tolist(), lambda row, told=told: rows.fault(row, told(row)))  # type: ignore[misc]
    return faults


def _read(study: Study, source: SourceSettings, given: Given, cache: Path) -> _Source:
    notes: tuple[str, ...] = ()
    if isinstance(source, Official):
        source, opened, notes = open_official(source, study.tasks)
    elif isinstance(source, Folder):
        source, opened, notes = open_folder(source)
    else:
        opened = open_source(source, given)
    reads = {
        name: read_annotations(opened.table, source, name, settings, study.tasks[name])
        for name, settings in source.annotations.items()
    }
    images = image_column(opened, source, cache)
    seen = look(images, cache)  # as they are given, before they are shifted
    own = None if source.id is None else as_text(column(opened.table, source.id, source.name, "id")).cast(pl.String)
    ids = image_files(images) if own is None else own
    if source.shift is not None and source.shift.changes_images:
        images = shift_images(images, source.shift, cache)
    return _Source(source, opened, images, seen, ids, reads, read_split(source, opened), notes, [])


def _names(source: _Source, number: int) -> pl.Series:
    """A name for each image, whether its rows have an id or not."""
    own = pl.Series(np.arange(len(source.ids)), dtype=pl.Int64).cast(pl.String)
    return source.ids.fill_null(f"{number} " + own)


def _encode(source: _Source, name: str, outputs: Any, size: int) -> tuple[NDArray[Any], list[Wrong]]:
    if name in source.reads:
        values, more = encode(source.reads[name], outputs, size)
        return values, [*source.reads[name].wrong, *more]
    if isinstance(outputs.task, MultiClass):
        return np.full(size, -1, np.int32), []
    return np.full((size, len(outputs.task.outputs)), -1, np.int8), []


def _from(offset: int, what: Any) -> Any:
    return lambda row: what(row - offset)


def _doubtful_group(group: pl.Series, settings: SourceSettings) -> list[str]:
    """A code of `missing` that is a group: it may be the subject of that number, which has to stay together."""
    codes = group.filter(group.is_in(spell(settings.missing)))
    if not len(codes):
        return []
    return [
        f"`group` {settings.group!r} holds {codes[0]!r}, a code of `missing`, and takes such rows for one group. Where "
        "it means that there is none, leave the cells empty."
    ]


def _meta(sources: list[_Source], offsets: list[int]) -> tuple[pl.DataFrame, list[str], list[Wrong]]:
    frames = []
    files: list[str] = []
    wrong: list[Wrong] = []
    for number, source in enumerate(sources):
        opened, settings = source.opened, source.settings
        split = source.split.numbers
        if isinstance(settings.split, SplitColumn):
            cells = column(opened.table, settings.split.column, settings.name, "split")
            rows = source.split.unknown.arg_true().to_numpy().astype(np.int64) + offsets[number]
            what = lambda row, c=cells, s=settings.split: unknown_split(c[row], s)  # noqa: E731
            wrong.append(("split that is none", rows, _from(offsets[number], what)))
        group = pl.Series([None], dtype=pl.String).new_from_index(0, len(split))
        if settings.group is not None:
            cells = column(opened.table, settings.group, settings.name, "group")
            if cells.dtype != pl.Binary:  # text of a shard
                single(cells, settings.group, settings.name, "one group")
            group = annotated(cells, ()).cast(pl.String)
            source.cautions += _doubtful_group(group, settings)
        frames.append(
            pl.DataFrame(
                {
                    "image": np.arange(len(split)) + offsets[number],
                    "source": np.full(len(split), number, np.int16),
                    "file": (opened.file() + len(files)).astype(np.int32),
                    "row": opened.row(),
                    "id": source.ids,
                    "content": source.seen.content,
                    "group": group,
                    "split": split,
                }
            )
        )
        files += opened.files
    return pl.concat(frames), files, wrong
