"""Figures as files."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write a figure as PNG and SVG, the same bytes for the same figure."""
    figure.savefig(folder / f"{name}.png", dpi=150)
    with mpl.rc_context({"svg.hashsalt": "conjoin"}):
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
