"""Synthetic faces made into pixels: pose, polygons, light, noise."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from conjoin.datasets._face_parts import parts
from conjoin.datasets._face_shapes import Face, Shape

SIZE = 48
"""Pixels a side."""

_FINER = 4  # drawn this much larger, then averaged
_UNIT = 21.5  # pixels from the centre of a face to its chin
_RAISED = 0.18  # of the face above the middle of the picture: jaws drop

NUISANCES: Mapping[str, tuple[float, float]] = {
    # identity
    "skin": (0, 1),
    "hair_tone": (0, 1),
    "hair_grey": (0, 1),
    "hair_length": (0, 1),
    "fringe": (0, 1),
    "parting": (-1, 1),
    "face_width": (0.66, 0.8),
    "jaw": (0.1, 0.4),
    "eye_distance": (0.28, 0.34),
    "eye_size": (0.9, 1.15),
    "eye_openness": (0.8, 1.2),
    "iris": (0, 1),
    "brow_height": (-0.04, 0.04),
    "brow_tilt": (-0.06, 0.06),
    "brow_arch": (0.2, 1),
    "brow_thickness": (0.045, 0.075),
    "nose_length": (-0.04, 0.04),
    "nose_width": (0.11, 0.15),
    "mouth_height": (-0.03, 0.03),
    "mouth_width": (0.27, 0.34),
    "mouth_curve": (-0.04, 0.04),
    "lip_fullness": (0.7, 1.3),
    "lip_colour": (0, 1),
    # pose
    "gaze": (-1, 1),
    "roll": (-0.12, 0.12),  # radians
    "yaw": (-0.2, 0.2),
    "scale": (0.94, 1.08),
    "shift_x": (-2, 2),  # pixels
    "shift_y": (-2, 2),
    # light and scene
    "gain": (0.6, 1.15),
    "light_x": (-0.35, 0.35),
    "light_y": (-0.25, 0.25),
    "warmth": (-0.06, 0.06),
    "noise": (0.01, 0.04),
    "background": (0.1, 0.95),
    "cloth": (0, 1),
    # occlusion
    "glasses": (0, 1),  # worn below 0.15
    "patch": (0, 1),  # there below 0.25
    "patch_x": (4, 44),  # pixels
    "patch_y": (4, 44),
    "patch_size": (6, 14),
    "patch_tone": (0.1, 0.9),
}
"""What varies from face to face whatever the labels: name, smallest and largest value, uniform between."""


def draw(face: Face, noise: NDArray[np.float32] | None = None) -> NDArray[np.uint8]:
    """Draw a batch of faces.

    Args:
        face: nuisances and intensities of action units by name, each of shape (faces, 1).
        noise: standard normal numbers, shape (faces, SIZE, SIZE, 3); None draws without noise.

    Returns:
        Colour pictures, shape (faces, SIZE, SIZE, 3).

    """
    shapes = [(_place(face, shape), _colour(shape, face), shape.shown) for shape in parts(face)]
    shapes.append(_patch(face))
    faces = len(face["skin"])
    clean = np.empty((faces, SIZE, SIZE, 3), np.uint8)
    backgrounds = _bytes(face["background"] * np.array([[1.0, 0.97, 0.92]]))
    for i in range(faces):
        picture = Image.new("RGB", (SIZE * _FINER, SIZE * _FINER), tuple(backgrounds[i].tolist()))
        pen = ImageDraw.Draw(picture)
        for points, colours, shown in shapes:
            if shown is None or shown[i]:
                pen.polygon(points[i].tolist(), fill=tuple(colours[i]))
        clean[i] = np.asarray(picture.reduce(_FINER))
    return _bytes(_lit(face, np.divide(clean, 255, dtype=np.float32), noise))


def _place(face: Face, shape: Shape) -> NDArray[np.float64]:
    """From the coordinates of a face to pixels: yaw turns depth into a shift, then roll, scale and shift."""
    depth = shape.depth + 0.5 * np.sqrt(np.clip(1 - (shape.x / 0.9) ** 2 - (shape.y / 1.2) ** 2, 0, 1))
    x = shape.x * np.cos(face["yaw"]) + depth * np.sin(face["yaw"])
    y = shape.y - _RAISED
    scale = _UNIT * face["scale"]
    cos, sin = np.cos(face["roll"]) * scale, np.sin(face["roll"]) * scale
    across = SIZE / 2 + face["shift_x"] + cos * x - sin * y
    down = SIZE / 2 + face["shift_y"] + sin * x + cos * y
    return np.stack([across, down], -1).reshape(len(across), -1) * _FINER


def _patch(face: Face) -> tuple[NDArray[np.float64], list[list[int]], NDArray[np.bool_]]:
    """A square in front of some faces."""
    half = face["patch_size"] / 2
    across = face["patch_x"] + half * np.array([[-1, 1, 1, -1]])
    down = face["patch_y"] + half * np.array([[-1, -1, 1, 1]])
    points = np.stack([across, down], -1).reshape(len(half), -1) * _FINER
    colour = face["patch_tone"] * np.array([[1.0, 0.95, 0.9]])
    return points, _bytes(colour).tolist(), face["patch"][:, 0] < 0.25


def _lit(face: Face, pictures: NDArray[np.float32], noise: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Gain, a gradient across the picture, a tint, noise."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32) / (SIZE - 1) * 2 - 1

    def number(name: str) -> NDArray[np.float32]:
        return face[name].astype(np.float32)[:, :, None]

    light = number("gain") * (1 + number("light_x") * x + number("light_y") * y)
    tint = 1 + face["warmth"].astype(np.float32) * np.array([[1, 0, -1]], np.float32)
    lit: NDArray[np.float32] = pictures * light[..., None] * tint[:, None, None]
    return lit if noise is None else lit + noise * number("noise")[..., None]


def _colour(shape: Shape, face: Face) -> list[list[int]]:
    colours: list[list[int]] = _bytes(np.broadcast_to(shape.colour, (len(face["skin"]), 3))).tolist()
    return colours


def _bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    whole: NDArray[np.uint8] = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return whole
