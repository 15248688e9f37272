"""DeepFashion, category and attribute prediction: 289,222 images, 1,000 attributes; the fine set 20,000 and 26."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from conjoin.datasets._archive import About, Archive, find, with_files

ABOUT = About(
    title="DeepFashion (category and attribute prediction)",
    citation="Liu, Luo, Qiu, Wang & Tang, DeepFashion: Powering robust clothes recognition and retrieval with rich "
    "annotations, CVPR 2016",
    access="DeepFashion is given by the Multimedia Laboratory of the Chinese University of Hong Kong "
    "(mmlab.ie.cuhk.edu.hk/projects/DeepFashion.html), as far as known under an agreement, for non-commercial "
    "research.",
)

_COARSE_TYPES = ("texture", "fabric", "shape", "part", "style")
_FINE_TYPES = ("texture", "sleeve", "length", "neckline", "fabric", "fit")
"""Of codes from 1; a fine attribute of the second type is one of sleeves, and so on."""
_SPLITS = {"train": "train", "val": "validation", "test": "test"}
_PRESENT, _ABSENT, _ZERO = b"1-0"


class _Read(NamedTuple):
    rows: pl.DataFrame
    """Name of each image, its split, and the code of its category."""
    categories: list[str]
    attributes: pl.DataFrame
    note: str


def deepfashion(root: str | Path, *, fine: bool = False) -> Archive:
    """Read the category and attribute prediction benchmark of DeepFashion.

    Annotations: `category` (classes, those that have images), and attributes by their type (labels): `texture`,
    `fabric`, `shape`, `part`, `style`; of the fine set `texture`, `sleeve`, `length`, `neckline`, `fabric`, `fit`.
    A coarse attribute of code 0 is unknown: not annotated. So is a fine one, but where no fine one has code -1, code 0
    is absent. Splits are the official ones, of images and not of items, so that items are no groups.

    Args:
        root: folder with `Img/img` (or `img`), and `Eval` and `Anno_coarse` (or `Anno`), or `Anno_fine`.
        fine: the fine set instead of the coarse one.

    Raises:
        FileNotFoundError: if they are not there.
        ValueError: if a file is not understood.

    """
    root = Path(root).absolute()
    images = find(root, ABOUT, "Img/img", "img").parent
    read = (_fine if fine else _coarse)(root)
    used = set(read.rows["category"])
    outputs = {"category": tuple(name for code, name in enumerate(read.categories, 1) if str(code) in used)}
    for column in read.attributes.columns:
        kind, _, name = column.partition(":")
        outputs[kind] = (*outputs.get(kind, ()), name)
    frame = read.rows.select(
        pl.format("{}/{}", pl.lit(str(images)), "name").alias("image"),
        pl.col("split").replace_strict(_SPLITS),
        pl.col("category").replace_strict(
            {str(code): name for code, name in enumerate(read.categories, 1)}, return_dtype=pl.String
        ),
    )
    frame, lost = with_files(frame.hstack(read.attributes))
    notes = [read.note]
    if empty := [name for name in read.categories if name not in outputs["category"]]:
        notes.append(f"Categories without an image are left out: {', '.join(empty)}.")
    return Archive(ABOUT, frame, outputs, (*notes, *lost))


def _coarse(root: Path) -> _Read:
    path = find(root, ABOUT, "Anno_coarse/list_attr_img.txt", "Anno/list_attr_img.txt")
    categories = [name for name, _ in _listed(find(path.parent, ABOUT, "list_category_cloth.txt"), "123")]
    codes = _listed(find(path.parent, ABOUT, "list_category_img.txt"), _numbers(categories))
    columns = _columns(find(path.parent, ABOUT, "list_attr_cloth.txt"), _COARSE_TYPES)
    names, values = [], bytearray()
    with path.open("rb") as file:
        first, _ = file.readline(), file.readline()
        for number, line in enumerate(file, 3):
            name, *cells = line.split(None, 1) or [b""]
            if name:
                names.append(name.decode())
                values += _values(b"".join(cells), len(columns), path, number)
    _check_count(path, first.decode(), len(names))
    rows = (
        pl.DataFrame(
            _listed(find(root, ABOUT, "Eval/list_eval_partition.txt"), _SPLITS), ("name", "split"), orient="row"
        )
        .join(pl.DataFrame(codes, ("name", "category"), orient="row"), on="name", how="left", maintain_order="left")
        .join(pl.DataFrame({"name": names}).with_row_index("row"), on="name", how="left", maintain_order="left")
    )
    attributes = _attributes(values, columns, zero_is_unknown=True).select(pl.all().gather(rows["row"]))
    note = f"Coarse set, annotations in {path.parent.name}. No boxes or landmarks."
    if lost := len(set(names).difference(rows["name"])):
        note += f" {lost:,} annotated images are in no part of the official partition and are left out."
    return _Read(rows, categories, attributes, note)


def _fine(root: Path) -> _Read:
    place = find(root, ABOUT, "Anno_fine/train.txt").parent
    categories = [name for name, _ in _listed(find(place, ABOUT, "list_category_cloth.txt"), "123")]
    columns = _columns(find(place, ABOUT, "list_attr_cloth.txt"), _FINE_TYPES)
    rows, values = [], bytearray()
    for split in _SPLITS:
        names, codes, attributes = (
            [line.strip() for line in find(place, ABOUT, f"{split}{kind}.txt").read_text("utf-8").splitlines()]
            for kind in ("", "_cate", "_attr")
        )
        if not len(names) == len(codes) == len(attributes):
            raise ValueError(
                f"{place / split}.txt, {split}_cate.txt and {split}_attr.txt should have a line an image each. "
                f"Found {len(names)}, {len(codes)} and {len(attributes)}."
            )
        for number, (name, code, line) in enumerate(zip(names, codes, attributes, strict=True), 1):
            if code not in _numbers(categories):
                raise ValueError(
                    f"{place / split}_cate.txt, line {number}, should be a code from 1 to {len(categories)}. "
                    f"Found {code!r}."
                )
            rows.append((name, split, code))
            values += _values(line.encode(), len(columns), place / f"{split}_attr.txt", number)
    unknown = _ABSENT in values
    return _Read(
        pl.DataFrame(rows, ("name", "split", "category"), orient="row"),
        categories,
        _attributes(values, columns, zero_is_unknown=unknown),
        f"Fine set. Its attributes have codes {'-1, 0 and 1: 0 is unknown' if unknown else '0 and 1: 0 is absent'}.",
    )


def _numbers(names: Sequence[str]) -> Collection[str]:
    return {str(number) for number in range(1, len(names) + 1)}


def _listed(path: Path, known: Collection[str]) -> list[tuple[str, str]]:
    """Rows of a list: a name, which may hold spaces, and a code."""
    lines = path.read_text("utf-8").splitlines()
    rows = []
    for number, line in enumerate(lines[2:], 3):
        *name, code = line.rsplit(None, 1) or [""]
        if code and (not name or code not in known):
            raise ValueError(
                f"{path}, line {number}, should be a name and one of {', '.join(list(known)[:5])}. Found {line!r}."
            )
        if name:
            rows.append((name[0].strip(), code))
    _check_count(path, "".join(lines[:1]), len(rows))
    return rows


def _check_count(path: Path, line: str, found: int) -> None:
    if line.strip() != str(found):
        raise ValueError(f"{path}, line 1, should be the number of rows. Found {line.strip()!r}, and {found} rows.")


def _columns(path: Path, types: Sequence[str]) -> list[str]:
    columns = [f"{types[int(code) - 1]}:{name}" for name, code in _listed(path, _numbers(types))]
    if again := sorted({column for column in columns if columns.count(column) > 1}):
        raise ValueError(f"{path} should name each attribute once. Found {again[0].partition(':')[2]!r} twice.")
    return columns


def _values(cells: bytes, count: int, path: Path, number: int) -> bytes:
    """One of `1`, `-` (for -1) and `0` an attribute: 289 million of them are read in seconds, not minutes."""
    values = cells.replace(b"-1", b"-").translate(None, b" \t\r\n")
    if len(values) != count or values.translate(None, b"1-0"):
        raise ValueError(f"{path}, line {number}, should have {count} values of 1, -1 or 0. Found {cells[:80]!r}.")
    return values


def _attributes(values: bytearray, columns: Sequence[str], *, zero_is_unknown: bool) -> pl.DataFrame:
    matrix = np.ascontiguousarray(np.frombuffer(values, np.uint8).reshape(-1, len(columns)).T)
    frame = pl.DataFrame(dict(zip(columns, matrix, strict=True)))
    present = (pl.all() == _PRESENT).cast(pl.Int8)
    return frame.select(pl.when(pl.all() != _ZERO).then(present).name.keep() if zero_is_unknown else present)
