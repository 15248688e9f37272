"""Data sets, each brought to images with annotations."""

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

__all__ = [
    "ACTION_UNITS",
    "EXPRESSIONS",
    "DrawnFaces",
    "Table",
    "digits",
    "draw_units",
    "drawn_faces",
    "drawn_faces_problem",
    "unit_rates",
]
