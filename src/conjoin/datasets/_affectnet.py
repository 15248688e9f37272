"""AffectNet: faces from the web, annotated by hand with one of eight expressions."""

from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl

from conjoin.datasets._archive import About, Archive, find, listing, with_files

ABOUT = About(
    title="AffectNet",
    citation="Mollahosseini, Hasani & Mahoor, AffectNet: A database for facial expression, valence, and arousal "
    "computing in the wild, IEEE Transactions on Affective Computing 2017",
    access="AffectNet is given for research, on request by professors and heads of laboratories, who sign a licence "
    "agreement (mohammadmahoor.com).",
)

_EXPRESSIONS = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
"""Of codes 0 to 7."""
_NOT_EXPRESSIONS = ("none", "uncertain", "no face")
"""Of codes 8 to 10."""
_COLUMNS = (
    "subDirectory_filePath",
    "face_x",
    "face_y",
    "face_width",
    "face_height",
    "facial_landmarks",
    "expression",
    "valence",
    "arousal",
)
_LISTS = ("Manually_Annotated_file_lists", "Manually_Annotated", "Manually_Annotated/Manually_Annotated_file_lists")
_IMAGES = ("Manually_Annotated_Images", "Manually_Annotated/Manually_Annotated_Images")
_AUTOMATIC_LISTS = tuple(
    f"{folder}/automatically_annotated.csv"
    for folder in (
        "Automatically_Annotated_file_lists",
        "Automatically_annotated_file_list",
        "Automatically_Annotated",
        "Automatically_Annotated/Automatically_Annotated_file_lists",
    )
)
_AUTOMATIC_IMAGES = ("Automatically_Annotated_Images", "Automatically_Annotated/Automatically_Annotated_Images")


def affectnet(root: str | Path, *, contempt: bool = True, automatic: bool = False) -> Archive:
    """Read AffectNet, in its form of 2017 (lists as CSV) or of 2021 (a `.npy` file an image).

    Annotation: `expression`. The official validation images are read as test: those of the authors are not public.
    Valence and arousal are left out, and images that are annotated as none of the expressions, uncertain or no face.
    Images are as they are given; of the form of 2017 that is before the face is cut out.

    Args:
        root: the folder with `Manually_Annotated_file_lists`, or with `train_set` and `val_set`.
        contempt: False: the protocol of seven classes, without images of contempt.
        automatic: add the automatically annotated images, whose annotations are noisy, to train (form of 2017).

    Raises:
        FileNotFoundError: if neither form is there.
        ValueError: if a line of a list or a `.npy` file is not understood.

    """
    root = Path(root).absolute()
    place = find(
        root,
        ABOUT,
        *(f"{folder}/training.csv" for folder in _LISTS),
        "train_set/annotations",
        what="Manually_Annotated_file_lists/training.csv, or train_set/annotations",
    )
    if place.is_dir():
        if automatic:
            raise ValueError(f"`automatic` should be False: there is none in the form of 2021. Found {place}.")
        form = "Form of 2021, a .npy file an image."
        frame, notes = _of_files(root)
    else:
        form = "Form of 2017, lists as CSV; images are whole, faces are not cut out."
        images = find(root, ABOUT, *_IMAGES)
        parts = [_listed(place, images, "train"), _listed(find(place.parent, ABOUT, "validation.csv"), images, "test")]
        if automatic:
            parts.append(_listed(find(root, ABOUT, *_AUTOMATIC_LISTS), find(root, ABOUT, *_AUTOMATIC_IMAGES), "train"))
        frame, notes = pl.concat(parts), []
    frame, more = _with_names(frame, contempt)
    frame, lost = with_files(frame)
    outputs = _EXPRESSIONS if contempt else _EXPRESSIONS[:-1]
    told = (
        "The official validation images are read as test; validation can be drawn from train.",
        "Valence and arousal are left out: they are no classes.",
    )
    return Archive(ABOUT, frame, {"expression": outputs}, (form, *told, *notes, *more, *lost))


def _listed(path: Path, images: Path, split: str) -> pl.DataFrame:
    cells = (
        pl.scan_csv(
            path,
            has_header=False,
            schema=dict.fromkeys(_COLUMNS, pl.String),
            truncate_ragged_lines=True,
            row_index_name="line",
            row_index_offset=1,
        )
        .select("line", "subDirectory_filePath", "expression", "arousal")
        .drop_nulls("subDirectory_filePath")  # empty lines
        # Lists for training have a header; lists for validation are found with one and without.
        .filter((pl.col("line") > 1) | (pl.col("subDirectory_filePath") != _COLUMNS[0]))
        .collect()
    )
    code = pl.col("expression").str.strip_chars().cast(pl.Int64, strict=False)
    read = cells.with_columns(code=code, number=pl.col("arousal").str.strip_chars().cast(pl.Float64, strict=False))
    wrong = read.filter(~(pl.col("code").is_between(0, 10) & pl.col("number").is_not_null()).fill_null(False))
    if len(wrong):
        line, name, found = wrong.row(0)[:3]
        raise ValueError(
            f"{path}, line {line}, should have {len(_COLUMNS)} cells, {', '.join(_COLUMNS)}, expression a code from 0 "
            f"to 10 and arousal a number. Found expression {found!r} of {name!r}, arousal {wrong['arousal'][0]!r}."
        )
    return read.select(
        image=pl.lit(f"{images}/") + pl.col("subDirectory_filePath").str.strip_chars(), split=pl.lit(split), code="code"
    )


def _of_files(root: Path) -> tuple[pl.DataFrame, list[str]]:
    parts, bare = [], 0
    for folder, split in (("train_set", "train"), ("val_set", "test")):
        annotations, images = find(root, ABOUT, f"{folder}/annotations"), find(root, ABOUT, f"{folder}/images")
        stems = sorted(name.removesuffix("_exp.npy") for name in listing(annotations) if name.endswith("_exp.npy"))
        codes = [_code(f"{annotations}/{stem}_exp.npy") for stem in stems]
        known = set(stems)
        bare += sum(Path(n).stem not in known for n in listing(images) if n.endswith(".jpg") and not n.startswith("."))
        paths = [f"{images}/{stem}.jpg" for stem in stems]
        part = pl.DataFrame({"image": paths, "code": codes}, schema={"image": pl.String, "code": pl.Int64})
        parts.append(part.select("image", pl.lit(split).alias("split"), "code"))
    return pl.concat(parts), [f"{bare:,} images have no annotation and are left out."] if bare else []


def _code(path: str) -> int:
    """The one value of a `.npy` file; text in the release. Parsing the header once is what makes this quick."""
    data = Path(path).read_bytes()
    try:
        start = 10 + int.from_bytes(data[8:10], "little")
        values = np.frombuffer(data, _kind(data[:start]), offset=start)
        if len(values) != 1:
            raise ValueError(f"it holds {len(values)} values.")
        code = int(values[0])
    except ValueError as error:
        raise ValueError(f"{path} should hold one code from 0 to 7. It cannot be read: {error}") from error
    if not 0 <= code < len(_EXPRESSIONS):
        raise ValueError(f"{path} should hold one code from 0 to 7. Found {code}.")
    return code


@cache
def _kind(head: bytes) -> np.dtype[np.generic]:
    stream = BytesIO(head)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("it is not of version 1.0 of the format.")
    kind = np.lib.format.read_array_header_1_0(stream)[2]
    if kind.hasobject:
        raise ValueError("it holds an object.")
    return kind


def _with_names(frame: pl.DataFrame, contempt: bool) -> tuple[pl.DataFrame, list[str]]:
    """Names of codes; rows without an expression are left out."""
    names = dict(enumerate((*_EXPRESSIONS, *_NOT_EXPRESSIONS)))
    out = ("contempt", *_NOT_EXPRESSIONS)[contempt:]
    named = frame.select("image", "split", expression=pl.col("code").replace_strict(names, return_dtype=pl.String))
    counts = {name: int((named["expression"] == name).sum()) for name in out}
    found = ", ".join(f"{count:,} of {name}" for name, count in counts.items() if count)
    notes = [f"Images that are not used as an expression are left out: {found}."] if found else []
    return named.filter(~pl.col("expression").is_in(out)), notes
