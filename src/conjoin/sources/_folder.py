"""Folders of images: a folder a class, or metadata as the source that it is."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import datasets
import polars as pl
from PIL import Image

from conjoin.sources._faults import DataError
from conjoin.sources._images import absolute, plain
from conjoin.sources._open import Opened, open_source, reading, used_columns
from conjoin.sources._rows import OTHER_NAMES, SPLITS
from conjoin.study import Csv, Folder, JsonLines, Parquet, SourceSettings

_SPLIT_FOLDERS = dict(zip(SPLITS, SPLITS, strict=True)) | OTHER_NAMES | {"training": "train", "testing": "test"}
_METADATA: dict[str, type[Csv | JsonLines | Parquet]] = {
    "metadata.csv": Csv,
    "metadata.jsonl": JsonLines,
    "metadata.parquet": Parquet,
}
_NAMES_ALONE = {"BUFR", "GRIB", "HDF5", "MPEG"}
"""Formats that Pillow knows and does not decode."""
_SHOWN = 3


@dataclass
class _Held:
    """Files of a folder, those that are read by split; without splits all are train."""

    splits: dict[str, str]
    """By name of their folders."""
    images: dict[str, list[str]] = field(default_factory=dict)
    metadata: dict[str, list[str]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)

    @property
    def own(self) -> bool:
        """Whether the folder is split: train alone stands for no split."""
        return bool({*self.splits.values()} - {"train"})


def open_folder(source: Folder) -> tuple[SourceSettings, Opened, tuple[str, ...]]:
    """Read a folder.

    The imagefolder of `datasets` would lose links to folders and formats that it does not list, take names with "train"
    or "test" in them for splits, and read metadata through pandas, to which `None` is empty and `007` is 7.

    Returns:
        The source, by metadata one of such files; its rows; and notes of the files that are left out.

    Raises:
        DataError: if there is no such folder, or it holds no images, folders of splits beside others, metadata where
            they do not belong, or images without a label although the study reads it.

    """
    if not Path(source.path).is_dir():
        raise DataError(f"Data source {source.name!r} should be a folder. Found none at {source.path}.")
    root = plain(str(Path(source.path).absolute()))
    with reading(source, source.path):
        held = _held(source, root)
    if metadata := [file for file in held.beside if _name(file) in _METADATA]:
        raise DataError(
            f"Metadata of data source {source.name!r} should lie in the folders of its splits, each with its images. "
            f"Found {metadata[0]}. Divide it among {', '.join(held.splits)}, or read it by a `format` of its own: csv, "
            "jsonl or parquet."
        )
    notes = _left_out(held.others, root, "of no type that Pillow reads")
    notes += _left_out(held.beside, root, "in no folder of a split")
    if not held.metadata:
        return source, _by_class(source, root, held, notes), tuple(notes)
    read = _by_metadata(source, held)
    opened = open_source(read, {})
    return read, opened, (*notes, *_left_out(_unnamed(read, opened, held), root, "which no metadata name"))


def _held(source: Folder, root: str) -> _Held:
    held = _Held(_splits(source))
    read = {end for end, kind in Image.registered_extensions().items() if kind in {*Image.OPEN} - _NAMES_ALONE}
    for file in sorted(_walk(root)):
        if not file.isascii() and file.encode(errors="replace").decode() != file:
            found = os.fsencode(file)
            raise DataError(
                f"Names of files of data source {source.name!r} should be UTF-8. Found {found!r}: rename it."
            )
        top, name = file.removeprefix(root).split("/")[1], _name(file)
        split = held.splits.get(top) if held.splits else "train"
        if split is None:
            held.beside.append(file)
        elif name in _METADATA:
            held.metadata.setdefault(split, []).append(file)
        elif Path(name).suffix.lower() in read:
            held.images.setdefault(split, []).append(file)
        else:
            held.others.append(file)
    return held


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _splits(source: Folder) -> dict[str, str]:
    """Splits by the names of their folders, where those alone are at the top."""
    tops = [path for path in sorted(Path(source.path).iterdir()) if path.is_dir() and path.name[0] not in "._"]
    splits = {path: split for path in tops if (split := _SPLIT_FOLDERS.get(path.name.lower()))}
    if splits and len(splits) == len(tops):
        return {path.name: split for path, split in splits.items()}
    if len(splits) > 1 or any(inner.is_dir() for path in splits for inner in path.iterdir()):
        other = next(path.name for path in tops if path not in splits)
        raise DataError(
            f"Data source {source.name!r} should have folders of splits alone, or of classes alone, at the top of "
            f"{source.path}. Found {', '.join(path.name for path in splits)} and {other!r}."
        )
    return {}


def _walk(folder: str, above: frozenset[str] = frozenset()) -> Iterator[str]:
    """Files at any depth, but for hidden ones."""
    place = os.path.realpath(folder)
    if place in above:  # a link to a folder that it lies in
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name == "__MACOSX":  # what archives of macOS hold beside files
                continue
            if entry.is_symlink() and not Path(entry.path).exists():  # to nothing, or to itself: a missing image
                yield entry.path
            elif entry.is_dir():
                yield from _walk(entry.path, above | {place})
            elif entry.is_file():
                yield entry.path


def _by_class(source: Folder, root: str, held: _Held, notes: Sequence[str]) -> Opened:
    """Images labelled by their folders, where all lie equally deep in some."""
    files = [file for some in held.images.values() for file in some]
    if not files:
        found = " ".join([f"no images in {source.path}.", *notes])
        raise DataError(f"Data source {source.name!r} should be readable as folder. Found {found}")
    columns: dict[str, list[str]] = {"image": files}
    features: dict[str, datasets.Value | datasets.ClassLabel] = {"image": datasets.Value("string")}
    depths = [file.count("/") - root.count("/") - 1 - bool(held.splits) for file in files]
    usual = Counter(depths).most_common(1)[0][0]
    stray = [file for file, depth in zip(files, depths, strict=True) if depth != usual or not depth]
    if not stray:
        columns["label"] = [_name(file.rpartition("/")[0]) for file in files]
        features["label"] = datasets.ClassLabel(names=sorted(set(columns["label"])))
    elif "label" in used_columns(source):
        raise DataError(
            f"Images of data source {source.name!r} should all lie one folder deep, in that of their class, to have a "
            f"`label`. Found {stray[0]}."
        )
    return Opened(
        datasets.Dataset.from_dict(columns, features=datasets.Features(features)),
        files,
        [1] * len(files),
        [split if held.own else None for split, some in held.images.items() for _ in some],
        single=True,
    )


def _by_metadata(source: Folder, held: _Held) -> Csv | JsonLines | Parquet:
    """The source that the metadata are."""
    found = {_name(file): file for some in held.metadata.values() for file in some}
    if len(found) > 1:
        raise DataError(
            f"Metadata of data source {source.name!r} should be of one kind. Found {' and '.join(found.values())}."
        )
    same = {name: getattr(source, name) for name in Folder.model_fields}
    path = held.metadata if held.own else held.metadata["train"]
    image = "file_name" if source.image == "image" else f"{source.image}_file_name"  # as `datasets` names it
    kind = _METADATA[next(iter(found))]
    (name,) = get_args(kind.model_fields["format"].annotation)
    return kind.model_construct(**same | {"format": name, "path": path, "image": image})


def _unnamed(source: SourceSettings, opened: Opened, held: _Held) -> list[str]:
    """Images that the metadata do not name."""
    if source.image not in opened.table.column_names:
        return []
    paths = pl.from_arrow(opened.table.select_columns([source.image]).with_format("arrow")[:][source.image])
    assert isinstance(paths, pl.Series)
    named = set(absolute(paths.cast(pl.String), opened, source))
    return [file for some in held.images.values() for file in some if file not in named]


def _left_out(files: Sequence[str], root: str, why: str) -> list[str]:
    """A note of files that are not read, where there are any."""
    names = [file.removeprefix(f"{root}/") for file in files[:_SHOWN]]
    more = f" and {len(files) - _SHOWN:,} more" if len(files) > _SHOWN else ""
    return [f"{len(files):,} file{'s' * (len(files) > 1)} left out, {why}: {', '.join(names)}{more}."] if files else []
