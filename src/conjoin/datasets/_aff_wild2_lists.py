"""Text files of Aff-Wild2: a line a frame, or a list of images with all annotations."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import polars as pl

from conjoin.datasets._archive import About, find, listing
from conjoin.datasets._vocabulary import action_unit, expression

UNITS = tuple(f"AU{number}" for number in (1, 2, 4, 6, 7, 10, 12, 15, 23, 24, 25, 26))
"""Of the lists of the multi-task challenge, in their order."""
EXPRESSIONS = ("neutral", "anger", "disgust", "fear", "happiness", "sadness", "surprise", "other")
"""Of codes 0 to 7 in the lists of the multi-task challenge; sets name theirs in the first line."""
_TRAIN = ("Train_Set", "Training_Set")
_VALIDATION = ("Validation_Set",)


def read_expressions(folder: Path, about: About) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Video, frame, split and expression of each line of a set, and its classes."""
    lines, classes = _lines(folder, about, expression, "Neutral,Anger,Disgust,...")
    codes = _numbers(lines, ["expression"], range(-1, len(classes)))
    named = _named(codes["expression"], classes)
    return lines.select("video", "frame", "split").with_columns(named), classes


def read_units(folder: Path, about: About) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Video, frame, split and action units of each line of a set, and which units they are."""
    lines, units = _lines(folder, about, action_unit, "AU1,AU2,...")
    return _with_units(lines.select("video", "frame", "split"), _numbers(lines, units, (-1, 0, 1)), units), units


def read_lists(folder: Path, about: About) -> tuple[pl.DataFrame, list[str]]:
    """Video, frame, split, expression and action units of the lists of the multi-task challenge, and notes."""
    parts, notes = [], []
    for split, names in (
        ("train", ("train_set.txt", "training_set.txt")),
        ("test", ("validation_set.txt", "val_set.txt")),
    ):
        path = find(folder, about, *names)
        first, *lines = _text(path)
        units, told = _listed_units(path, first)
        notes += told
        frame = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("frame", 1)
        frame = frame.with_columns(path=pl.lit(str(path)))
        place = frame["line"].str.extract_groups(r"^\s*(?<video>[^,]+)/(?<frame>\d+)\.jpg\s*,").struct.unnest()
        _refuse(frame.filter(place["video"].is_null()), "begin with an image such as video/00001.jpg")
        rest = frame.with_columns(pl.col("line").str.replace(r"^[^,]*,", ""))
        cells = _numbers(rest, ["valence", "arousal", "expression", *units], None)
        wrong = ~cells["expression"].is_in([float(code) for code in range(-1, len(EXPRESSIONS))])
        _refuse(frame.filter(wrong), f"have an expression from 0 to {len(EXPRESSIONS) - 1}, or -1")
        wrong = ~cells.select(pl.all_horizontal(pl.col(units).is_in([-1.0, 0.0, 1.0]))).to_series()
        _refuse(frame.filter(wrong), "have 0, 1 or -1 of each action unit")
        read = place.select("video", pl.col("frame").cast(pl.UInt32), pl.lit(split).alias("split"))
        read = read.with_columns(_named(cells["expression"], EXPRESSIONS))
        parts.append(_with_units(read, cells, UNITS))
    return pl.concat(parts), list(dict.fromkeys(notes))


def _listed_units(path: Path, first: str) -> tuple[list[str], list[str]]:
    """Action units in the order of the columns."""
    headings = [cell.strip().lower() for cell in first.split(",")]
    units = [action_unit(heading) or heading for heading in headings[4:]]
    if headings[1:4] == ["valence", "arousal", "expression"]:
        if sorted(units) == sorted(UNITS):
            return units, []
        if units == [f"AU{place}" for place in range(1, len(UNITS) + 1)]:  # counted, not named
            return list(UNITS), [f"Action units of {path.name} are only counted, and taken to be {', '.join(UNITS)}."]
    raise ValueError(f"{path}, line 1, should be image,valence,arousal,expression,{','.join(UNITS)}. Found {first!r}.")


def _lines(
    folder: Path, about: About, named: Callable[[str], str | None], example: str
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Lines of all files of a set, numbered as frames are, and what their first line names."""
    parts, headings = [], {}
    for split, names in (("train", _TRAIN), ("test", _VALIDATION)):
        place = find(folder, about, *names)
        for name in sorted(name for name in listing(place) if name.endswith(".txt") and not name.startswith(".")):
            path = place / name
            first, *lines = _text(path)
            headings[path] = _headings(path, first, named, example)
            part = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("frame", 1)
            parts.append(part.with_columns(video=pl.lit(path.stem), split=pl.lit(split), path=pl.lit(str(path))))
    if not parts:
        raise FileNotFoundError(f"{folder} should hold a .txt file a video, in {_TRAIN[0]} and {_VALIDATION[0]}.")
    return pl.concat(parts), _common(headings)


def _text(path: Path) -> list[str]:
    # Lines are frames: only line feeds count, and only empty lines at the end may be dropped.
    return path.read_text("utf-8-sig").rstrip().split("\n")


def _headings(path: Path, first: str, named: Callable[[str], str | None], example: str) -> tuple[str, ...]:
    try:
        found = [named(cell) for cell in first.split(",")]
    except ValueError:
        found = [None]
    if None in found or len(set(found)) < len(found):
        raise ValueError(f"{path}, line 1, should be names, {example} Found {first!r}.")
    return tuple(name for name in found if name is not None)


def _common(headings: Mapping[Path, tuple[str, ...]]) -> tuple[str, ...]:
    """The longest first line, of which all others should be the beginning."""
    longest = max(headings, key=lambda path: len(headings[path]))
    for path, names in headings.items():
        if headings[longest][: len(names)] != names:
            raise ValueError(
                f"{path}, line 1, should be as in {longest}: {', '.join(headings[longest])}. Found {', '.join(names)}."
            )
    return headings[longest]


def _numbers(lines: pl.DataFrame, names: Sequence[str], allowed: Sequence[int] | None) -> pl.DataFrame:
    """Cells of lines as numbers; whole ones may be written with decimals."""
    cells = lines["line"].str.split_exact(",", len(names) - 1).struct.rename_fields(list(names)).struct.unnest()
    numbers = cells.select(pl.all().str.strip_chars().cast(pl.Float64, strict=False))
    fine = pl.all().is_not_null()
    if allowed is not None:
        fine &= pl.all().is_in([float(number) for number in allowed])
    wrong = ~numbers.select(pl.all_horizontal(fine)).to_series()
    wrong |= lines["line"].str.count_matches(",", literal=True) != len(names) - 1
    kind = "numbers" if allowed is None else f"whole numbers from {allowed[0]} to {allowed[-1]}"
    _refuse(lines.filter(wrong), f"have {len(names)} {kind}")
    return numbers


def _refuse(wrong: pl.DataFrame, expected: str) -> None:
    if len(wrong):
        path, frame, line = wrong.select("path", "frame", "line").row(0)
        raise ValueError(f"{path}, line {frame + 1}, should {expected}. Found {line.strip()!r}.")


def _named(codes: pl.Series, names: Sequence[str]) -> pl.Series:
    """Names of codes; -1 is not annotated."""
    known = dict(enumerate(names))
    return codes.cast(pl.Int8).replace_strict(known, default=None, return_dtype=pl.String).alias("expression")


def _with_units(frame: pl.DataFrame, numbers: pl.DataFrame, units: Sequence[str]) -> pl.DataFrame:
    """Columns of action units; -1 is not annotated, of each unit by itself."""
    values = numbers.select(pl.when(pl.col(unit) >= 0).then(pl.col(unit)).cast(pl.Int8).alias(unit) for unit in units)
    return frame.hstack(values.rename({unit: f"action_units:{unit}" for unit in units}))
