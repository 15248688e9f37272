"""RAF-DB, basic expressions: 15,339 faces, 12,271 for training and 3,068 for testing."""

from pathlib import Path

import polars as pl

from conjoin.datasets._archive import About, Archive, find, listing, with_files
from conjoin.datasets._lines import Lines

ABOUT = About(
    title="RAF-DB (basic)",
    citation="Li, Deng & Du, Reliable crowdsourcing and deep locality-preserving learning for expression recognition "
    "in the wild, CVPR 2017",
    access="RAF-DB is given on request by e-mail to its authors (whdeng.cn), as far as known for "
    "non-commercial research.",
)

_EXPRESSIONS = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
"""Of codes 1 to 7."""
_ATTRIBUTES = {
    "gender": ("male", "female"),  # another code, 2, is not annotated
    "race": ("Caucasian", "African-American", "Asian"),
    "age": ("0-3", "4-19", "20-39", "40-69", "70+"),
}
"""Lines 6, 7 and 8 of `*_manu_attri.txt`, codes from 0."""


def raf_db(root: str | Path, *, aligned: bool = True) -> Archive:
    """Read the basic part of RAF-DB.

    Annotations: `expression` (seven classes), `gender`, `race` and `age`, where the manual attributes are there.
    Splits are the official ones, by the prefix of the file name.

    Args:
        root: the folder `basic`, or the one that holds it; or the re-packed form `DATASET/{train,test}/{1..7}/`.
        aligned: the aligned faces of 100 x 100 pixels instead of the original images; of the re-packed form nothing
            changes.

    Raises:
        FileNotFoundError: if neither form is there.
        ValueError: if a line of the list is not understood.

    """
    root = Path(root).absolute()
    place = find(
        root,
        ABOUT,
        "basic/EmoLabel/list_patition_label.txt",
        "EmoLabel/list_patition_label.txt",
        "DATASET/train",
        what="basic/EmoLabel/list_patition_label.txt, or DATASET/train",
    )
    if place.is_dir():
        return _repacked(place.parent)
    basic = place.parent.parent
    frame = _listed(place)
    folder, suffix = (basic / "Image" / "aligned", "_aligned") if aligned else (basic / "Image" / "original", "")
    stem = pl.col("name").str.strip_suffix(".jpg")
    frame = frame.select(
        image=pl.lit(f"{folder}/") + stem + f"{suffix}.jpg",
        split=stem.str.extract("^(train|test)_"),
        expression=pl.col("code").replace_strict(dict(enumerate(_EXPRESSIONS, 1)), return_dtype=pl.String),
        stem=stem,
    )
    frame, notes = with_files(frame)
    frame, more = _with_attributes(frame, basic / "Annotation" / "manual")
    outputs = {"expression": _EXPRESSIONS} | ({} if more else _ATTRIBUTES)
    form = f"Official form, {'aligned' if aligned else 'original'} images."
    return Archive(ABOUT, frame.drop("stem"), outputs, (form, *notes, *more))


def _listed(path: Path) -> pl.DataFrame:
    lines, expected = Lines(path), "a name such as train_00001.jpg and a code from 1 to 7"
    cells = lines.cells(("name", "code"), expected)
    lines.refuse(~cells["name"].str.contains("^(train|test)_"), expected)
    return cells.with_columns(code=lines.numbers(cells["code"], expected, low=1, high=len(_EXPRESSIONS)))


def _with_attributes(frame: pl.DataFrame, folder: Path) -> tuple[pl.DataFrame, list[str]]:
    if not listing(folder):
        return frame, [f"No manual attributes at {folder}: gender, race and age are left out."]
    found: dict[str, list[str | None]] = {name: [] for name in _ATTRIBUTES}
    for stem in frame["stem"]:
        path = folder / f"{stem}_manu_attri.txt"
        lines = path.read_text("utf-8").split("\n")[5:8] if path.is_file() else []
        codes = [line.strip() for line in lines] + [""] * (3 - len(lines))
        for code, (name, values) in zip(codes, _ATTRIBUTES.items(), strict=True):
            found[name].append(values[int(code)] if code.isdigit() and int(code) < len(values) else None)
    return frame.with_columns(pl.Series(name, values, pl.String) for name, values in found.items()), []


def _repacked(folder: Path) -> Archive:
    rows = [
        (str(folder / split / str(code) / name), split, expression)
        for split in ("train", "test")
        for code, expression in enumerate(_EXPRESSIONS, 1)
        for name in sorted(listing(folder / split / str(code)))
        if name.lower().endswith(".jpg")
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(("image", "split", "expression"), pl.String), orient="row")
    return Archive(ABOUT, frame, {"expression": _EXPRESSIONS}, ("Re-packed form, a folder a class.",))
