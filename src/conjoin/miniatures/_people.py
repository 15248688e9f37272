"""People in miniatures of facial archives: a band above each drawn face tells who it is."""

import numpy as np

from conjoin.miniatures._faces import Faces

_BAND = 6


def mark_people(faces: Faces, person: list[int]) -> None:
    """Give each person a hat of a colour of their own, for drawn faces of one seed all look alike to each other.

    Args:
        faces: changed in place.
        person: number of the person on each face.

    """
    for number, one in enumerate(person):
        hue = one / (max(person) + 1)
        faces.pixels[number, :_BAND] = 255 * (0.5 + 0.45 * np.cos(2 * np.pi * (hue + np.arange(3) / 3)))
