"""Fashion Product Images: 44,441 photographs of a shop's catalogue with what the catalogue says of them."""

from pathlib import Path

import polars as pl

from conjoin.datasets._archive import About, Archive, find, with_files

ABOUT = About(
    title="Fashion Product Images",
    citation="Aggarwal, Fashion Product Images Dataset, Kaggle 2019",
    access="Fashion Product Images is on Kaggle (paramaggarwal/fashion-product-images-dataset, or -small for images of "
    "60 x 80 pixels); see its terms there.",
)

_ANNOTATIONS = {
    "gender": "gender",
    "masterCategory": "master_category",
    "subCategory": "sub_category",
    "articleType": "article_type",
    "baseColour": "base_colour",
    "season": "season",
    "year": "year",
    "usage": "usage",
}
_HEADER = ("id", *_ANNOTATIONS, "productDisplayName")
_MISSING = ("", "NA")


def fashion_products(root: str | Path) -> Archive:
    """Read Fashion Product Images, full or small.

    Annotations, all of classes: `gender`, `master_category`, `sub_category`, `article_type`, `base_colour`, `season`,
    `year`, `usage`; empty cells and `NA` are not annotated. There is no official split.

    Args:
        root: the folder with `styles.csv` and `images`, or one that holds it as `fashion-dataset`.

    Raises:
        FileNotFoundError: if they are not there.
        ValueError: if a line of `styles.csv` is not understood.

    """
    root = Path(root).absolute()
    nested = ("", "fashion-dataset/", "fashion-dataset/fashion-dataset/")
    path = find(root, ABOUT, *(f"{folder}styles.csv" for folder in nested), what="styles.csv, or fashion-dataset")
    images = find(path.parent, ABOUT, "images")
    table, commas = _listed(path)
    cell = pl.col(*_ANNOTATIONS).str.strip_chars()
    frame = table.select(
        pl.format("{}/{}.jpg", pl.lit(str(images)), "id").alias("image"),
        pl.when(~cell.is_in(_MISSING)).then(cell).name.map(_ANNOTATIONS.__getitem__),
    )
    frame, notes = with_files(frame)
    if commas:
        notes.append(f"{commas:,} rows of styles.csv have commas within productDisplayName and are read whole.")
    outputs = {name: tuple(frame[name].drop_nulls().unique().sort()) for name in _ANNOTATIONS.values()}
    form = f"{path.relative_to(root)} with {images.name}. There is no official split; productDisplayName is not read."
    return Archive(ABOUT, frame, outputs, (form, *notes))


def _listed(path: Path) -> tuple[pl.DataFrame, int]:
    """Rows, and how many have more commas than columns: the last column holds names, which are not quoted."""
    # Names alone hold other than ASCII, and may hold characters that `splitlines` takes for ends of lines.
    lines = path.read_text("utf-8-sig", errors="replace").split("\n")
    if tuple(lines[0].strip().split(",")) != _HEADER:
        raise ValueError(f"{path}, line 1, should be {','.join(_HEADER)}. Found {lines[0][:200]!r}.")
    rows, commas = [], 0
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        cells = line.split(",", len(_HEADER) - 1)
        if len(cells) < len(_HEADER) or not cells[0].strip().isdigit():
            raise ValueError(
                f"{path}, line {number}, should be a number and {len(_HEADER) - 1} further cells. Found {line[:200]!r}."
            )
        commas += "," in cells[-1] and not cells[-1].startswith('"')
        rows.append([cells[0].strip(), *cells[1:-1]])
    return pl.DataFrame(rows, schema=dict.fromkeys(_HEADER[:-1], pl.String), orient="row"), commas
