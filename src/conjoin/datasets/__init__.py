"""Data sets: official distributions read by an adapter each, and those that conjoin makes itself."""

from conjoin.datasets._aff_wild2 import aff_wild2
from conjoin.datasets._affectnet import affectnet
from conjoin.datasets._archive import About, Archive
from conjoin.datasets._awa2 import awa2, awa2_relation
from conjoin.datasets._bp4d import bp4d
from conjoin.datasets._bp4d_plus import bp4d_plus
from conjoin.datasets._celeba import celeba
from conjoin.datasets._clothing_attributes import clothing_attributes
from conjoin.datasets._cub import cub, cub_relation
from conjoin.datasets._deepfashion import deepfashion
from conjoin.datasets._digits import Table, digits
from conjoin.datasets._disfa import disfa
from conjoin.datasets._drawn_faces import (
    ACTION_UNITS,
    EXPRESSIONS,
    DrawnFaces,
    draw_units,
    drawn_faces,
    drawn_faces_problem,
    unit_rates,
)
from conjoin.datasets._emotionet import emotionet
from conjoin.datasets._fashion_products import fashion_products
from conjoin.datasets._gft import gft
from conjoin.datasets._lfw import lfw
from conjoin.datasets._pubfig import pubfig
from conjoin.datasets._raf_db import raf_db
from conjoin.datasets._registry import ARCHIVES, known_archive, read_archive, read_archive_relation
from conjoin.datasets._ut_zappos import ut_zappos

__all__ = [
    "ACTION_UNITS",
    "ARCHIVES",
    "EXPRESSIONS",
    "About",
    "Archive",
    "DrawnFaces",
    "Table",
    "aff_wild2",
    "affectnet",
    "awa2",
    "awa2_relation",
    "bp4d",
    "bp4d_plus",
    "celeba",
    "clothing_attributes",
    "cub",
    "cub_relation",
    "deepfashion",
    "digits",
    "disfa",
    "draw_units",
    "drawn_faces",
    "drawn_faces_problem",
    "emotionet",
    "fashion_products",
    "gft",
    "known_archive",
    "lfw",
    "pubfig",
    "raf_db",
    "read_archive",
    "read_archive_relation",
    "unit_rates",
    "ut_zappos",
]
