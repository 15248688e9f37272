"""`conjoin relate`: a relation table made, shown and written."""

import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from conjoin.relate import RelationTable, count_relation, published, read_table
from conjoin.report import draw_relation, print_relation, save


def tabulate(
    console: Console,
    *,
    rows: Sequence[str] = (),
    source: str | None = None,
    target: str | None = None,
    labels: Sequence[str] = (),
    missing: Sequence[str] = (),
    weight: str | None = None,
    matrix: Path | None = None,
    name: str | None = None,
    archive: str | None = None,
    out: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Make a table from `rows`, a `matrix` file, a published `name` or an `archive`; print it, write CSV, PNG and SVG.

    Nothing is written before everything is done.

    Raises:
        FileExistsError: if a file is there and is not to be overwritten.
        FileNotFoundError: if an input is not there.
        ValueError: if not exactly one kind of input is given, or it is wrong.

    """
    if (kinds := sum(map(bool, (rows, matrix, name, archive)))) != 1:
        raise ValueError(
            "One of --rows, --matrix, --published and --archive should say where the table comes from. Found "
            f"{kinds} of them. Published tables: {', '.join(published())}."
        )
    if rows and (source is None or bool(target) == bool(labels)):
        raise ValueError("--rows should come with --source, and with either --target or one --label or more.")
    if not rows and (source or target or labels or missing or weight):
        raise ValueError("--source, --target, --label, --missing and --weight should come with --rows.")
    official, _, root = (archive or "").partition("=")
    if archive and not root:
        raise ValueError(f"--archive should be NAME=FOLDER, such as cub=CUB_200_2011. Found {archive!r}.")
    stem = f"{source}-{target or 'labels'}" if rows else name or official or (matrix.stem if matrix else "")
    out = out or Path("runs/relations") / f"{stem}.csv"
    if out.suffix != ".csv":
        raise ValueError(f"--out should be a .csv file; the pictures are put beside it. Found {str(out)!r}.")
    files = [out, out.with_suffix(".png"), out.with_suffix(".svg")]
    if (there := [str(path) for path in files if path.exists()]) and not overwrite:
        raise FileExistsError(f"`{there[0]}` exists. Choose another with --out, or replace it with --overwrite.")
    if rows:
        assert source is not None
        table = count_relation(rows, source, target or labels, missing=_codes(missing), weight=weight)
    elif archive:
        from conjoin.datasets import read_archive_relation  # noqa: PLC0415, with torch, which the others do without

        table = read_archive_relation(official, root)
    else:
        table = read_table(matrix) if matrix else published(str(name))
    print_relation(table, console)
    _write(table, out, files)
    console.print(f"Written to {out.parent}: " + ", ".join(path.name for path in files), soft_wrap=True)


def _write(table: RelationTable, out: Path, files: list[Path]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".relate-") as scratch:
        table.write_csv(Path(scratch) / out.name)
        save(draw_relation(table, out.stem), Path(scratch), out.stem)
        for path in files:
            (Path(scratch) / path.name).replace(path)


def _codes(missing: Sequence[str]) -> Collection[str | int] | Mapping[str, Collection[str | int]]:
    """`9` for all columns, or `colour=9` for one; not both."""
    of_column: dict[str, list[str | int]] = {}
    for code in missing:
        column, equals, value = code.rpartition("=")
        if bool(equals) != ("=" in missing[0]):
            raise ValueError(f"--missing should be codes, or COLUMN=CODE throughout. Found {list(missing)}.")
        of_column.setdefault(column, []).append(value)
    return of_column.get("", of_column)
