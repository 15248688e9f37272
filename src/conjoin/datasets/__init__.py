"""Data sets: official distributions read by an adapter each, and those that conjoin makes itself."""

from conjoin.datasets._archive import About, Archive
from conjoin.datasets._clothing_attributes import clothing_attributes
from conjoin.datasets._deepfashion import deepfashion
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
from conjoin.datasets._fashion_products import fashion_products
from conjoin.datasets._raf_db import raf_db
from conjoin.datasets._registry import ARCHIVES, known_archive, read_archive
from conjoin.datasets._ut_zappos import ut_zappos

__all__ = [
    "ACTION_UNITS",
    "ARCHIVES",
    "EXPRESSIONS",
    "About",
    "Archive",
    "DrawnFaces",
    "Table",
    "clothing_attributes",
    "deepfashion",
    "digits",
    "draw_units",
    "drawn_faces",
    "drawn_faces_problem",
    "fashion_products",
    "known_archive",
    "raf_db",
    "read_archive",
    "unit_rates",
    "ut_zappos",
]
