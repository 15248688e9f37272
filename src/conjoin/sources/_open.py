"""Open a data source of any format as one Arrow table."""

import csv
import glob
import json
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets.exceptions import DatasetGenerationError
from numpy.typing import NDArray

from conjoin.csv_shape import Shape
from conjoin.names import nearest
from conjoin.sources._csv import csv_options, csv_shape
from conjoin.sources._faults import DataError
from conjoin.sources._mapped import folder_of, quiet
from conjoin.sources._shards import check_shards
from conjoin.study import (
    Column,
    Columns,
    Csv,
    Folder,
    Hub,
    JsonLines,
    Memory,
    Official,
    Parquet,
    SourceSettings,
    SplitColumn,
    WebDataset,
    Words,
)

Given = Mapping[str, Any]
"""A `datasets.Dataset` or `DatasetDict` by name of its source; shape checkers stumble over the latter."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A source as it is, before anything is looked at.

    Args:
        table: every column that the source has.
        files: name of each file (or other part).
        sizes: rows of each file.
        splits: for each file its split, where the source has splits of its own.
        ragged: rows of text with another number of cells than the header, and what is wrong there.
        single: whether each file is one image, and so one row.

    """

    table: datasets.Dataset
    files: list[str]
    sizes: list[int]
    splits: list[str | None]
    ragged: Mapping[int, str] = field(default_factory=dict)
    single: bool = False

    def file(self) -> NDArray[np.int32]:
        """Number of the file of each row."""
        return np.repeat(np.arange(len(self.sizes), dtype=np.int32), self.sizes)

    def row(self) -> NDArray[np.int32]:
        """Row of each row in its file, the first is 1; 0 of a file that is one image."""
        if self.single:
            return np.zeros(len(self.sizes), np.int32)
        return np.concatenate([np.arange(1, size + 1, dtype=np.int32) for size in self.sizes])


def open_source(source: SourceSettings, given: Given) -> Opened:
    """Read a source through Hugging Face `datasets`, memory-mapped from its cache.

    Raises:
        DataError: if there is nothing, or it cannot be read as what the study says it is.

    """
    if isinstance(source, Memory):
        found = given.get(source.name)
        if not isinstance(found, datasets.Dataset | datasets.DatasetDict):
            what = f"a {type(found).__name__}" if source.name in given else sorted(given) or "none"
            raise DataError(
                f"Data source {source.name!r} is of format memory: the caller should give its `datasets.Dataset` or "
                f"`DatasetDict` by name, as {{{source.name!r}: data}}. Found {what}."
            )
        return _parts(found, source.name, own=isinstance(found, datasets.DatasetDict))
    if isinstance(source, Hub):
        with reading(source, source.path):
            return _parts(datasets.load_dataset(source.path, source.subset, revision=source.revision), source.path)
    assert not isinstance(source, Official | Folder)  # see `open_official`, `open_folder`
    files = list(_files(source))
    names = {f"part{number:05}": file for number, (_, file) in enumerate(files)}
    patterns = {name: glob.escape(file) for name, file in names.items()}
    folder = folder_of(names.values())
    with reading(source, ", ".join(list(names.values())[:3])):
        shapes = {file: csv_shape(source, file) for file in names.values()} if isinstance(source, Csv) else {}
        options, kind = _options(source, list(names.values()), shapes)
        try:
            parts = datasets.load_dataset(kind, data_files=patterns, cache_dir=str(folder), **options)
        except ValueError as error:
            if found := re.search(r'"(part\d+)" corresponds to no data', str(error)):
                raise DataError(
                    f"Data source {source.name!r} should hold rows. Found none in {names[found[1]]}."
                ) from error
            raise
    tables = [parts[name] for name in names]
    if isinstance(source, WebDataset):
        with reading(source, source.name):
            check_shards(source.name, dict(zip(names.values(), tables, strict=True)), used_columns(source), folder)
    offsets = accumulate(map(len, tables), initial=0)
    ragged: dict[int, str] = {}
    for file, table, offset in zip(names.values(), tables, offsets, strict=False) if shapes else ():
        if shapes[file].rows != len(table):
            raise DataError(
                f"Data source {source.name!r} should be readable as csv. Found in {file}: {shapes[file].rows:,} rows "
                f"when counted, {len(table):,} when read. Is a quotation mark missing?"
            )
        ragged |= {offset + row: what for row, what in shapes[file].ragged.items()}
    return Opened(
        datasets.concatenate_datasets(tables),
        list(names.values()),
        [len(table) for table in tables],
        [split for split, _ in files],
        ragged,
    )


def _options(
    source: Csv | JsonLines | Parquet | WebDataset, files: list[str], shapes: dict[str, Shape]
) -> tuple[dict[str, Any], str]:
    if isinstance(source, Csv):
        return csv_options(source, shapes), "csv"
    if isinstance(source, JsonLines):
        return {"encoding": "utf8", "encoding_errors": "replace"}, "json"  # called "utf-8", it would not be looked at
    if isinstance(source, WebDataset):
        return {}, "webdataset"
    known = pq.read_schema(files[0]).names
    columns = used_columns(source)
    for name, role in columns.items():
        if name not in known and name.partition(".")[0] not in known:
            raise no_column(name, role, source.name, known)
    used = list(dict.fromkeys(name if name in known else name.partition(".")[0] for name in columns))
    features = _common_features(source, files, used)
    return {"columns": used} | ({"features": features} if features else {}), "parquet"


def _common_features(source: Parquet, files: Sequence[str], names: Sequence[str]) -> datasets.Features | None:
    """Types that cells of all files fit into; None where they are the same. The first file's would cast the others."""
    schemas = [_plain_schema(pq.read_schema(file), names) for file in files]
    each = [datasets.Features.from_arrow_schema(schema) for schema in schemas]
    if all(features == each[0] for features in each):
        return None
    found = {name: [features[name] for features in each if name in features] for name in names}
    differ = [name for name, kinds in found.items() if any(kind != kinds[0] for kind in kinds)]
    for name in differ:
        if any(isinstance(kind, datasets.ClassLabel) for kind in found[name]):
            raise DataError(
                f"Column {name!r} of data source {source.name!r} should have the same class names in all files. Found "
                "others, or none, in some."
            )
    parts = [pa.schema([schema.field(name) for name in differ if name in schema.names]) for schema in schemas]
    try:
        common = datasets.Features.from_arrow_schema(pa.unify_schemas(parts, promote_options="permissive"))
    except pa.ArrowTypeError as error:
        raise DataError(
            f"Data source {source.name!r} should have columns of one type in all files. Found: {error}."
        ) from error
    return datasets.Features({name: common[name] if name in differ else found[name][0] for name in names})


def _plain_schema(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    """Of some columns; a type of categories counts as that of their names."""
    fields = [schema.field(name) for name in names if name in schema.names]
    plain = [f.with_type(f.type.value_type) if pa.types.is_dictionary(f.type) else f for f in fields]
    return pa.schema(plain, metadata=schema.metadata)  # class names are there


def no_column(name: str, role: str, source: str, known: Sequence[str]) -> DataError:
    """The error of a column that does not exist."""
    within = next((sign for sign in ";\t|," if len(known) == 1 and sign in known[0]), None)
    hint = f" Is it `delimiter: {json.dumps(within)}`?" if within else ""
    return DataError(
        f"`{role}` of data source {source!r} should be one of its columns. Found {name!r}. {nearest(name, known)}{hint}"
    )


def used_columns(source: SourceSettings) -> dict[str, str]:
    """What each column is used for that a source's settings name."""
    named = {"image": source.image, "id": source.id, "group": source.group}
    roles = {name: role for role, name in named.items() if name is not None}
    if isinstance(source.split, SplitColumn):
        roles[source.split.column] = "split"
    for task, settings in source.annotations.items():
        columns = list(settings.by_output.values()) if isinstance(settings, Columns) else []
        columns += [settings.column] if isinstance(settings, Column) else []
        columns += [settings.text] if isinstance(settings, Words) else []
        roles |= dict.fromkeys(columns, f"annotations.{task}")
    return roles


def _files(source: Csv | JsonLines | Parquet | WebDataset) -> Iterator[tuple[str | None, str]]:
    """Split and name of each file; one that several patterns of a split name is read once."""
    paths = source.path if isinstance(source.path, Mapping) else {None: source.path}
    for split, patterns in paths.items():
        seen = set()
        for pattern in (patterns,) if isinstance(patterns, str) else patterns:
            found = [pattern] if Path(pattern).is_file() else glob.glob(pattern, recursive=True)  # noqa: PTH207
            if not (files := sorted(name for name in found if Path(name).is_file())):
                raise DataError(f"`path` of data source {source.name!r} should name files. Found none at {pattern}.")
            for file in files:
                if not Path(file).stat().st_size:
                    raise DataError(f"Data source {source.name!r} should hold rows. Found {file}, which is empty.")
                if (place := Path(file).resolve()) not in seen:
                    seen.add(place)
                    yield split, file


def _parts(given: Any, name: str, *, own: bool = True) -> Opened:
    parts = given if isinstance(given, datasets.DatasetDict) else {"": given}
    if not any(len(table) for table in parts.values()):
        raise DataError(f"Data source {name!r} should hold rows. Found none.")
    only_train = set(parts) == {"train"}  # what a source without splits is called
    return Opened(
        datasets.concatenate_datasets(list(parts.values())),
        [f"{name} {split}".strip() for split in parts],
        [len(table) for table in parts.values()],
        [str(split) if own and not only_train else None for split in parts],
    )


@contextmanager
def reading(source: SourceSettings, where: str) -> Iterator[None]:
    """Quietly, and with errors in the words of a study."""
    try:
        with quiet():
            yield
    except DataError:
        raise
    except DatasetGenerationError as error:
        cause = re.sub(r"\s+", " ", str(error.__cause__ or error))
        raise DataError(
            f"Data source {source.name!r} should be readable as {source.format}. Found in {where}: {cause}."
        ) from error
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        csv.Error,
        tarfile.TarError,
    ) as error:  # of the builders, or nothing of that name on the hub
        cause = re.sub(r"\s+", " ", str(error))
        raise DataError(f"Data source {source.name!r} should be readable as {source.format}. Found: {cause}") from error
