"""UT-Zappos50K: 50,025 catalogue images of shoes with the shop's own metadata."""

import csv
import os
from pathlib import Path

import polars as pl

from conjoin.datasets._archive import About, Archive, find

ABOUT = About(
    title="UT-Zappos50K",
    citation="Yu & Grauman, Fine-grained visual comparisons with local learning, CVPR 2014",
    access="UT-Zappos50K is published by the University of Texas at Austin (vision.cs.utexas.edu), as far as known for "
    "academic, non-commercial use.",
)

_CLASSES = {"Category": "category", "SubCategory": "sub_category"}
_LABELS = {
    "HeelHeight": "heel_height",
    "Insole": "insole",
    "Closure": "closure",
    "Gender": "gender",
    "Material": "material",
    "ToeStyle": "toe_style",
}
_ALL = _CLASSES | _LABELS


def ut_zappos(root: str | Path) -> Archive:
    """Read UT-Zappos50K.

    Annotations: `category` and `sub_category` (classes); `heel_height`, `insole`, `closure`, `gender`, `material` and
    `toe_style` (labels, as a shoe may be of several materials). Where a group is empty, or all its columns are zero,
    it is not annotated. There is no official split. `group` is the number before the hyphen of CID, taken to be
    the product, which is there in several colours.

    Args:
        root: folder with `ut-zap50k-data` and `ut-zap50k-images`, or else `ut-zap50k-images-square`. Of the first,
            `meta-data.csv` is read, or else `meta-data-bin.csv`, in whose names dots stand for spaces.

    Raises:
        FileNotFoundError: if they are not there.
        ValueError: if the metadata are not understood.

    """
    root = Path(root).absolute()
    data = find(root, ABOUT, "ut-zap50k-data/meta-data.csv", "ut-zap50k-data/meta-data-bin.csv")
    images = find(root, ABOUT, "ut-zap50k-images", "ut-zap50k-images-square")
    table, notes = _with_images(_cells(data), data, images)
    form = f"{data.name} with images of {images.name}. There is no official split; comparisons of pairs are not read."
    columns: list[pl.Expr] = []
    outputs: dict[str, tuple[str, ...]] = {}
    for old, new in _ALL.items():
        names = pl.col(old).str.split(";").list.eval(pl.element().str.strip_chars())
        known = tuple(table.select(names.explode().drop_nulls().unique().sort()).to_series())
        if not known:
            continue
        outputs[new] = known
        if old in _LABELS:
            columns += [names.list.contains(name).cast(pl.Int8).alias(f"{new}:{name}") for name in known]
        else:
            several = pl.col(old).str.contains(";", literal=True)
            columns.append(pl.when(~several).then(pl.col(old)).alias(new))
            if count := int(table.select(several.sum()).item()):
                notes.append(f"{count:,} images with several names in {old} are not annotated for {new}.")
    frame = table.select("image", *columns, group=pl.col("CID").str.extract("^([^-]*)"))
    return Archive(ABOUT, frame, outputs, (form, *notes))


def _cells(path: Path) -> pl.DataFrame:
    """Names in each group, with semicolons between; null where there are none."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header, rows = next(reader, []), []
        binary = path.stem.endswith("-bin")
        lacking = [
            name
            for name in ("CID", *_ALL)
            if name not in header and not (binary and any(column.startswith(f"{name}.") for column in header))
        ]
        if lacking:
            raise ValueError(
                f"{path}, line 1, should name the columns of UT-Zappos50K. Found none for {', '.join(lacking)}."
            )
        for row in reader:
            if len(row) != len(header) or (binary and not {"0", "1"}.issuperset(row[1:])):
                raise ValueError(
                    f"{path}, line {reader.line_num}, should have {len(header)} cells{' of 0 or 1' * binary}. "
                    f"Found {len(row)}: {','.join(row)[:80]!r}."
                )
            rows.append(row)
    table = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    if binary:
        table = table.select("CID", *(_present(header, name) for name in _ALL))
    cell = pl.col(*_ALL).str.strip_chars()
    return table.with_columns(pl.when(~cell.str.to_lowercase().is_in(["", "nan"])).then(cell))


def _present(header: list[str], group: str) -> pl.Expr:
    names = {column: column.removeprefix(f"{group}.").replace(".", " ").strip() for column in header}
    marked = [pl.when(pl.col(c) == "1").then(pl.lit(n)) for c, n in names.items() if c.startswith(f"{group}.")]
    return pl.concat_str(marked, separator=";", ignore_nulls=True).alias(group)


def _with_images(table: pl.DataFrame, data: Path, folder: Path) -> tuple[pl.DataFrame, list[str]]:
    """Rows with their images, found by name: folders of brands that end in a period are spelled in several ways."""
    paths = {
        name[: -len(".jpg")].replace(".", "-"): f"{place}/{name}"
        for place, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(".jpg")
    }
    files = pl.DataFrame(
        {"CID": list(paths), "image": list(paths.values())}, schema=dict.fromkeys(("CID", "image"), pl.String)
    )
    found = table.join(files, on="CID", how="inner", maintain_order="left")
    notes = []
    if lost := len(table) - len(found):
        first = table.join(files, on="CID", how="anti", maintain_order="left")["CID"][0]
        notes.append(
            f"{lost:,} of {len(table):,} rows of {data.name} have no image and are left out; the first: {first}."
        )
    if more := len(files) - len(found):
        notes.append(f"{more:,} images have no row of {data.name} and are left out.")
    return found, notes
