"""Figures as files."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.text import Text


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write a figure as PNG and SVG, the same bytes for the same figure."""
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # "$5 to $10" is a label, not a formula
    figure.savefig(folder / f"{name}.png", dpi=150)
    with mpl.rc_context({"svg.hashsalt": "conjoin"}):
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
