"""Adapters by name, as a study file names them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError, validate_call

from conjoin.datasets._aff_wild2 import aff_wild2
from conjoin.datasets._affectnet import affectnet
from conjoin.datasets._archive import Archive
from conjoin.datasets._awa2 import awa2, awa2_relation
from conjoin.datasets._bp4d import bp4d
from conjoin.datasets._bp4d_plus import bp4d_plus
from conjoin.datasets._celeba import celeba
from conjoin.datasets._clothing_attributes import clothing_attributes
from conjoin.datasets._cub import cub, cub_relation
from conjoin.datasets._deepfashion import deepfashion
from conjoin.datasets._disfa import disfa
from conjoin.datasets._emotionet import emotionet
from conjoin.datasets._fashion_products import fashion_products
from conjoin.datasets._gft import gft
from conjoin.datasets._lfw import lfw
from conjoin.datasets._pubfig import pubfig
from conjoin.datasets._raf_db import raf_db
from conjoin.datasets._ut_zappos import ut_zappos
from conjoin.names import nearest
from conjoin.relate import RelationTable

ARCHIVES: Mapping[str, Callable[..., Archive]] = {
    adapter.__name__: adapter
    for adapter in (
        aff_wild2,
        affectnet,
        awa2,
        bp4d,
        bp4d_plus,
        celeba,
        clothing_attributes,
        cub,
        deepfashion,
        disfa,
        emotionet,
        fashion_products,
        gft,
        lfw,
        pubfig,
        raf_db,
        ut_zappos,
    )
}
"""Readers of official distributions: a root and options that differ from one to the other."""

RELATIONS: Mapping[str, Callable[[Path], RelationTable]] = {"awa2": awa2_relation, "cub": cub_relation}
"""Readers of tables of attributes by class, for those distributions that have one."""


def known_archive(name: str) -> str:
    """The name, if there is an adapter of that name.

    Raises:
        ValueError: if there is none.

    """
    if name not in ARCHIVES:
        raise ValueError(f"a known archive. Found {name!r}. {nearest(name, list(ARCHIVES))}")
    return name


def read_archive(name: str, root: str | Path, options: Mapping[str, Any]) -> Archive:
    """Read an official distribution.

    Args:
        name: of the adapter.
        root: folder of the distribution.
        options: keyword arguments of the adapter.

    Raises:
        FileNotFoundError: if its files are not there.
        ValueError: if a file or an option is not understood.

    """
    try:
        return validate_call(ARCHIVES[known_archive(name)])(root, **options)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"Option {place!r} of {name}: {first['msg']}. Found {first['input']!r}.") from error


def read_archive_relation(name: str, root: str | Path) -> RelationTable:
    """Read the table of attributes by class that comes with an official distribution.

    Args:
        name: of the adapter.
        root: folder of the distribution.

    Raises:
        FileNotFoundError: if its files are not there.
        ValueError: if it has no such table, or a file is not understood.

    """
    if name not in RELATIONS:
        raise ValueError(f"An archive with a table should be one of {', '.join(RELATIONS)}. Found {name!r}.")
    return RELATIONS[name](Path(root))
