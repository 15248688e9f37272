"""Relation tables from the literature."""

from importlib.resources import as_file, files
from typing import overload

from conjoin.names import nearest
from conjoin.relate._files import read_table
from conjoin.relate._table import RelationTable

_FOLDER = files("conjoin.relate") / "published"


@overload
def published() -> tuple[str, ...]: ...
@overload
def published(name: str) -> RelationTable: ...
def published(name: str | None = None) -> tuple[str, ...] | RelationTable:
    """Names of the published tables, or the table of that name; its origin is the citation.

    `du2014`: emotions to action units; `du2014-compound`: the same for compound emotions (Du, Tao & Martinez 2014).

    Raises:
        ValueError: if no table has that name.

    """
    names = tuple(sorted(entry.name.removesuffix(".csv") for entry in _FOLDER.iterdir() if entry.name.endswith(".csv")))
    if name is None:
        return names
    if name not in names:
        raise ValueError(f"`name` should be a published table. Found {name!r}. {nearest(name, names)}")
    with as_file(_FOLDER / f"{name}.csv") as path:
        return read_table(path)
