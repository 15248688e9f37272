"""Polygons of a batch of drawn faces: a number for each face has shape (faces, 1), a polygon (faces, points)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Colour = tuple[float, float, float] | Numbers
Face = Mapping[str, Numbers]
"""Nuisances (by name) and intensities (by "AU1" and so on) of a batch of faces, each (faces, 1)."""

ALONG = np.linspace(-1, 1, 17)[None]
"""Along a lip, a lid or a fold."""

AROUND = np.linspace(0, 2 * np.pi, 32, endpoint=False)[None]
"""Round a closed shape."""


class Shape(NamedTuple):
    """A filled polygon in each face of a batch."""

    x: Numbers
    y: Numbers
    colour: Numbers
    """Red, green and blue within [0, 1], shape (faces, 3)."""
    shown: NDArray[np.bool_] | None = None
    """Faces that have it, shape (faces,); None = all."""
    depth: float = 0.0
    """How far it stands out of the face; yaw turns depth into a shift to the side."""
    part: str = ""
    """What it shows, where that is asked for."""


def stroke(
    x: Numbers, y: float | Numbers, width: float | Numbers, colour: Numbers, shown: NDArray[np.bool_] | None = None
) -> Shape:
    """A line of some width."""
    x, y, width = np.broadcast_arrays(x, y, width)
    dx, dy = np.gradient(x, axis=1), np.gradient(y, axis=1)
    half = 0.5 * width / np.maximum(np.hypot(dx, dy), 1e-9)
    left, right = (x - dy * half, y + dx * half), (x + dy * half, y - dx * half)
    return Shape(
        np.concatenate([left[0], right[0][:, ::-1]], 1), np.concatenate([left[1], right[1][:, ::-1]], 1), colour, shown
    )


def between(
    x: Numbers, above: Numbers, below: Numbers, colour: Numbers, shown: NDArray[np.bool_] | None = None
) -> Shape:
    """The region between two curves over the same x."""
    x, above, below = np.broadcast_arrays(x, above, below)
    return Shape(np.concatenate([x, x[:, ::-1]], 1), np.concatenate([above, below[:, ::-1]], 1), colour, shown)


def box(x: float, y: float, half_width: float, half_height: float, colour: Numbers) -> Shape:
    """A rectangle about a point."""
    across, down = np.array([[-1.0, 1, 1, -1]]), np.array([[-1.0, -1, 1, 1]])
    return Shape(x + half_width * across, y + half_height * down, colour)


def mix(first: Colour, second: Colour, share: float | Numbers) -> Numbers:
    """A colour between two, share 0 = the first."""
    share = np.clip(share, 0, 1)
    mixed: Numbers = np.asarray(first) * (1 - share) + np.asarray(second) * share
    return mixed
