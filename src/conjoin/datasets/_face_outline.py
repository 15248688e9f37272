"""Where the face ends: its edge, its chin and its hairline, for all that has to stay within."""

import numpy as np

from conjoin.datasets._face_shapes import Face, Numbers

_JAW = 0.3  # the jaw drops below this height
_DROP = 0.14  # of the chin


def dropped(face: Face, y: float | Numbers) -> Numbers:
    """AU26 takes down what is below the cheeks, the chin most."""
    return y + _DROP * face["AU26"] * np.maximum(y - _JAW, 0) / (1 - _JAW)


def edge(face: Face, y: float | Numbers) -> Numbers:
    """How far the face reaches to either side at some height; 0 above and below it."""
    y = y - np.maximum(y - _JAW, 0) * (1 - 1 / (1 + _DROP / (1 - _JAW) * face["AU26"]))
    jaw = 1 - face["jaw"] * np.clip(y, 0, 1) ** 2
    across: Numbers = face["face_width"] * jaw * np.clip(1 - y**2, 0, 1) ** 0.425
    return across


def within(face: Face, x: Numbers, y: Numbers, margin: float) -> Numbers:
    """x, brought back to where the edge of the face is at least so far away."""
    limit = np.maximum(edge(face, y) - margin, 0)
    return np.clip(x, -limit, limit)


def hair_reach(face: Face) -> Numbers:
    """How far the hair over the forehead reaches to either side."""
    ends = np.minimum(_hair(face, -1.0), _hair(face, 1.0))
    reach: Numbers = (face["face_width"] + 0.13) * np.sqrt(1 - np.clip(ends / 1.12, -1, 0) ** 2)
    return reach


def hairline(face: Face, x: Numbers) -> Numbers:
    """Height of the lower edge of the hair."""
    return _hair(face, np.clip(x / hair_reach(face), -1, 1))


def _hair(face: Face, t: float | Numbers) -> Numbers:
    return -0.97 + 0.22 * face["fringe"] + 0.25 * (face["parting"] * t + t**2) * (0.6 - face["fringe"])
