"""Folders of images: which files are of which split, and a `metadata.csv` there as the source that it is."""

import glob
from pathlib import Path

from conjoin.sources._faults import DataError
from conjoin.sources._rows import OTHER_NAMES, SPLITS
from conjoin.study import Csv, Folder, SourceSettings

_SPLIT_FOLDERS = dict(zip(SPLITS, SPLITS, strict=True)) | OTHER_NAMES | {"training": "train", "testing": "test"}


def folder_files(source: Folder) -> dict[str, list[str]]:
    """Patterns of the files of each split: by the folders at the top where these are splits, else all are train.

    Left to itself, `datasets` takes any file or class whose name has "train" or "test" in it for a split, and leaves
    out the others. Train alone stands for no split.

    Raises:
        DataError: if there is no such folder, or it has folders of splits beside others.

    """
    if not Path(source.path).is_dir():
        raise DataError(f"Data source {source.name!r} should be a folder. Found none at {source.path}.")
    tops = [path for path in sorted(Path(source.path).iterdir()) if path.is_dir() and path.name[0] not in "._"]
    splits = {path: split for path in tops if (split := _SPLIT_FOLDERS.get(path.name.lower()))}
    files: dict[str, list[str]] = {}
    if splits and len(splits) == len(tops):
        for path, split in splits.items():
            files.setdefault(split, []).append(f"{glob.escape(str(path))}/**")
        return files
    if len(splits) > 1 or any(inner.is_dir() for path in splits for inner in path.iterdir()):
        other = next(path.name for path in tops if path not in splits)
        raise DataError(
            f"Data source {source.name!r} should have folders of splits alone, or of classes alone, at the top of "
            f"{source.path}. Found {', '.join(path.name for path in splits)} and {other!r}."
        )
    return {"train": [f"{glob.escape(source.path)}/**"]}


def by_metadata(source: SourceSettings) -> SourceSettings:
    """A folder with `metadata.csv` as a source of these files, any other source as it is.

    `datasets` would read them through pandas, to which `None` and `NA` are empty and `007` is 7.
    """
    if not isinstance(source, Folder):
        return source
    patterns = folder_files(source)
    found = {
        split: [file for one in some for file in sorted(glob.glob(f"{one}/metadata.csv", recursive=True))]  # noqa: PTH207
        for split, some in patterns.items()
    }
    if not any(found.values()):
        return source
    same = {name: getattr(source, name) for name in Folder.model_fields}
    path = {split: files for split, files in found.items() if files} if len(patterns) > 1 else found["train"]
    image = "file_name" if source.image == "image" else f"{source.image}_file_name"  # as `datasets` names it
    return Csv.model_construct(**same | {"format": "csv", "path": path, "image": image})
