"""EmotioNet: faces of the web, 24,600 with action units by hand and 950,000 with units found automatically."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

import polars as pl
from openpyxl import load_workbook

from conjoin.datasets._archive import About, Archive, find, listing
from conjoin.datasets._au_table import PREFIX, coded_units, occurrences, read_au_table
from conjoin.datasets._frames import image_files
from conjoin.datasets._vocabulary import action_unit

ABOUT = About(
    title="EmotioNet",
    citation="Fabian Benitez-Quiroz, Srinivasan & Martinez, EmotioNet: an accurate, real-time algorithm for the "
    "automatic annotation of a million facial expressions in the wild, CVPR 2016",
    access="EmotioNet is given for research only, on request by its authors' data-request form; images are fetched "
    "from their URLs by whoever holds the list.",
)

_WORKBOOKS = {"emotionet_facs_24600.xlsx": 2020, "EmotioNet_FACS_aws_without_passw.xlsx": 2018}
_AUTOMATIC = ("emotioNet_challenge_files_server_challenge_1.2_aws", "emotioNet_challenge_files_server")
_CHALLENGES = {
    2018: (1, 2, 4, 5, 6, 9, 12, 17, 20, 25, 26, 43),
    2020: (1, 2, 4, 5, 6, 9, 10, 12, 15, 17, 18, 20, 24, 25, 26, 28, 43, 51, 52, 53, 54, 55, 56),
}
"""Action units that the organisers list; other columns are left out, since 0 does not tell absent from not coded."""
_MISSING = (999, -1)
"""999 is official, -1 that of re-partitioned lists."""


def emotionet(
    root: str | Path,
    *,
    part: Literal["manual", "automatic", "list"] | None = None,
    images: str | Path | None = None,
) -> Archive:
    """Read EmotioNet, for the images that you have fetched.

    Annotation: `action_units`. There are no official splits of what is public, and no subjects.

    Args:
        root: the folder that holds the workbook `emotionet_facs_24600.xlsx` (2020) or
            `EmotioNet_FACS_aws_without_passw.xlsx` (2018), the folder
            `emotioNet_challenge_files_server_challenge_1.2_aws` (or `emotioNet_challenge_files_server`) of
            `dataFile_0000.txt` and so on, or lists `image_list*.csv` with a path and columns of units.
        part: `manual`, the workbook; `automatic`, units that an algorithm found; `list`, the lists. By default the
            first of them that is there.
        images: folder of the images, by default `Images`, else `root`. An image lies there as its URL says below
            `/Images/`, or by its name alone.

    Raises:
        FileNotFoundError: if there are no such annotations.
        ValueError: if a table is not understood.

    """
    root = Path(root).absolute()
    lists = sorted(name for name in listing(root) if name.startswith("image_list") and name.endswith(".csv"))
    forms = {"manual": tuple(_WORKBOOKS), "automatic": _AUTOMATIC, "list": tuple(lists)}
    wanted = [name for form in ([part] if part else forms) for name in forms[form]]
    what = " or ".join([*_WORKBOOKS, f"{_AUTOMATIC[0]}/dataFile_0000.txt", "image_list*.csv"])
    place = find(root, ABOUT, *wanted, what=what if part is None else f"the {part} part: {what}")
    form = next(form for form, names in forms.items() if place.name in names)
    if form == "list":
        tables = [read_au_table(root / name, _MISSING).rename({"key": "url"}) for name in lists]
    else:
        tables = list(_workbook(place) if form == "manual" else _tab_files(place))
    read = pl.concat(tables, how="diagonal")
    year = 2018 if form == "automatic" else _WORKBOOKS.get(place.name, 2020)
    kept = [f"{PREFIX}AU{number}" for number in _CHALLENGES[year]]
    frame = read.select("url", *(name for name in kept if name in read.columns))
    folder = root / images if images else find(root, ABOUT, "Images", ".")
    frame, notes = _with_images(frame, folder)
    frame, units, more = coded_units(frame)
    others = sorted(
        (n.removeprefix(f"{PREFIX}AU") for n in set(read.columns) - {"url", *kept} if read[n].null_count() < len(read)),
        key=int,
    )
    if others:
        more.append(f"Units that the challenge of {year} does not list are left out: AU{', AU'.join(others)}.")
    said = {"manual": "annotated by hand", "automatic": "found by an algorithm", "list": "of lists"}[form]
    return Archive(ABOUT, frame, {"action_units": units}, (f"Action units {said}: {place}.", *notes, *more))


def _workbook(path: Path) -> Iterator[pl.DataFrame]:
    """All sheets whose first row names action units, which are written with quotes, as in `'AU 1'`."""
    try:
        book = load_workbook(path, read_only=True)
    except BadZipFile as error:
        raise ValueError(
            f"{path} should be a workbook without a password. Save it without, by a spreadsheet."
        ) from error
    found = False
    for sheet in book.worksheets:
        rows = [tuple("" if cell is None else str(cell) for cell in row) for row in sheet.iter_rows(values_only=True)]
        units = [None, *map(action_unit, rows[0][1:])] if rows else []
        if not any(units):
            continue
        found = True
        width = len(units)
        table = pl.DataFrame(
            [(*row, *[""] * (width - len(row)))[:width] for row in rows[1:]],
            schema=[(f"column_{number}", pl.String) for number in range(width)],
            orient="row",
        )
        coded = occurrences(table, units, _MISSING, f"{path}, sheet {sheet.title!r}, row", 2)
        yield coded.insert_column(0, table["column_0"].alias("url")).filter(pl.col("url") != "")
    book.close()
    if not found:
        raise ValueError(f"{path} should have a sheet with a first row such as URL, original URL, 'AU 1', 'AU 2'.")


def _tab_files(folder: Path) -> Iterator[pl.DataFrame]:
    """Two URLs or names and then AU1 to AU60, without a heading."""
    paths = [folder / name for name in sorted(listing(folder)) if name.startswith("dataFile_")]
    if not paths:
        raise ValueError(f"{folder} should hold files such as dataFile_0000.txt. Found none.")
    for path in paths:
        # Only line feeds end a line, and only what ends a line may be stripped: an empty first cell moves no unit.
        lines = pl.Series("line", path.read_text("utf-8", errors="replace").split("\n"), pl.String)
        cells = lines.str.strip_chars_end().str.split("\t")
        bare = (cells.list.len() < 3) | (cells.list.first().str.strip_chars() == "")
        short = (bare & (lines.str.strip_chars() != "")).arg_true()
        if len(short):
            raise ValueError(
                f"{path}, line {short[0] + 1}, should be a URL, another, and action units, with tabs between. "
                f"Found {lines[short[0]]!r}."
            )
        table = cells.list.to_struct(fields=[f"column_{number}" for number in range(62)]).struct.unnest()
        units = [None, None, *(f"AU{number}" for number in range(1, 61))]
        coded = occurrences(table, units, _MISSING, f"{path}, line", 1)
        yield coded.insert_column(0, table["column_0"].alias("url")).filter(pl.col("url") != "")


def _with_images(frame: pl.DataFrame, folder: Path) -> tuple[pl.DataFrame, list[str]]:
    """Rows whose image is there; a file is looked for by what follows `/Images/` in its URL, then by its name."""
    url = pl.col("url").str.strip_chars(" \t'\"")
    below = pl.coalesce(url.str.extract("/Images/(.+)$"), url.str.replace("^[a-z]+://[^/]+/", ""))
    frame = frame.with_columns(below=below, name=url.str.extract("([^/]+)$"))
    there = image_files(folder).alias("image").to_frame()
    frame = frame.join(there.with_columns(below="image"), on="below", how="left", maintain_order="left")
    flat = there.filter(~pl.col("image").str.contains("/")).select("image", name="image")
    frame = frame.join(flat, on="name", how="left", maintain_order="left", suffix="_flat")
    by_name = pl.col("image").is_null() & pl.col("image_flat").is_not_null()
    unclear = by_name & (pl.col("below").n_unique().over("name") > 1)
    notes = []
    for rows, note in (
        (frame.filter(unclear), "rows share a file name with another URL, and which of them the file is, is not known"),
        (frame.filter(pl.coalesce("image", "image_flat").is_null()), "listed images have no file"),
    ):
        if len(rows):
            notes.append(f"{len(rows):,} of {len(frame):,} {note}: left out; the first: {rows['url'][0]}.")
    frame = frame.filter(~unclear).with_columns(pl.coalesce("image", "image_flat")).drop_nulls("image")
    once = frame.unique("image", keep="first", maintain_order=True)
    if len(once) < len(frame):
        notes.append(f"{len(frame) - len(once):,} rows are of an image that has one already, and are left out.")
    path = pl.format("{}/{}", pl.lit(str(folder)), "image").alias("image")
    return once.select(path, pl.exclude("image", "url", "below", "name", "image_flat")), notes
