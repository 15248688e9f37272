"""Data sets: official distributions read by an adapter each, and those that conjoin makes itself."""

from conjoin.datasets._archive import About, Archive
from conjoin.datasets._awa2 import awa2, awa2_relation
from conjoin.datasets._celeba import celeba
from conjoin.datasets._cub import cub, cub_relation
from conjoin.datasets._digits import Table, digits
from conjoin.datasets._drawn_faces import (
    ACTION_UNITS,
    EXPRESSIONS,
    DrawnFaces,
    draw_units,
    drawn_faces,
    drawn_faces_problem,
    unit_rates,
)
from conjoin.datasets._lfw import lfw
from conjoin.datasets._pubfig import pubfig
from conjoin.datasets._raf_db import raf_db
from conjoin.datasets._registry import ARCHIVES, known_archive, read_archive, read_archive_relation

__all__ = [
    "ACTION_UNITS",
    "ARCHIVES",
    "EXPRESSIONS",
    "About",
    "Archive",
    "DrawnFaces",
    "Table",
    "awa2",
    "awa2_relation",
    "celeba",
    "cub",
    "cub_relation",
    "digits",
    "draw_units",
    "drawn_faces",
    "drawn_faces_problem",
    "known_archive",
    "lfw",
    "pubfig",
    "raf_db",
    "read_archive",
    "read_archive_relation",
    "unit_rates",
]
