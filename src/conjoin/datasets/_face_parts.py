"""The parts of a drawn face, moved by action units. Every face drawn is synthetic.

All units but AU5, AU25 and AU26 also leave wrinkles; for some (AU6, AU11, most of AU9, AU17, AU23, AU24) they are the
larger part of what is seen.

In the coordinates of a face x runs to the right and y down, from (-1, -1) to (1, 1) about its centre.
"""

from collections.abc import Iterator

import numpy as np

from conjoin.datasets._face_outline import dropped, edge, hair_reach, hairline, within
from conjoin.datasets._face_shapes import ALONG, AROUND, Face, Numbers, Shape, between, box, mix, stroke


def parts(face: Face) -> Iterator[Shape]:
    """Polygons of whole faces, from back to front."""
    yield from _head(face)
    yield from _cheeks(face)
    for side in (-1, 1):
        yield from _eye(face, side)
        yield from _brow(face, side)
    yield from _forehead(face)
    yield from _nose(face)
    yield from _chin(face)
    yield from _folds(face)
    yield from _mouth(face)
    yield from _glasses(face)


def skin(face: Face) -> Numbers:
    """Colour of the skin, from light to dark."""
    return mix(mix((1.0, 0.87, 0.77), (0.82, 0.6, 0.45), face["skin"] * 2), (0.42, 0.27, 0.19), face["skin"] * 2 - 1)


def hair(face: Face) -> Numbers:
    """Colour of the hair: black, brown, red, fair, grey."""
    warm = mix((0.45, 0.24, 0.12), (0.9, 0.74, 0.42), face["hair_tone"])
    return mix((0.1, 0.08, 0.07), mix(warm, (0.7, 0.7, 0.7), face["hair_grey"] * 3 - 2), face["hair_tone"] * 1.6)


def _head(face: Face) -> Iterator[Shape]:
    width, tone, dark = face["face_width"], skin(face), hair(face)
    shade = tone * 0.86
    fall = 0.2 + 1.2 * face["hair_length"]
    back = np.where(np.sin(AROUND) > 0, np.sin(AROUND) * fall, 1.12 * np.sin(AROUND))
    yield Shape((width + 0.14) * np.cos(AROUND), back, dark)
    yield box(0.0, 1.1, 0.32, 0.5, shade)
    yield Shape(1.1 * np.cos(AROUND), 1.75 + 0.5 * np.sin(AROUND), mix(face["cloth"], (0.2, 0.3, 0.5), 0.4))
    for side in (-1, 1):
        yield Shape(side * width + 0.09 * np.cos(AROUND), 0.02 + 0.16 * np.sin(AROUND), shade)
    down = dropped(face, np.sin(AROUND))
    yield Shape(edge(face, down) * np.sign(np.cos(AROUND)), down, tone, part="head")
    reach = hair_reach(face) * ALONG
    line = hairline(face, reach)
    top = -1.1 * np.sqrt(1 - (reach / (width + 0.14)) ** 2)
    yield between(reach, np.minimum(top, line - 0.03), line, dark)._replace(part="fringe")


def _cheeks(face: Face) -> Iterator[Shape]:
    """AU6: cheeks pushed up, wrinkles at the outer corners of the eyes."""
    unit = face["AU6"]
    for side in (-1, 1):
        x = side * face["eye_distance"]
        yield _crease(face, x + 0.19 * ALONG, 0.09 + 0.05 * ALONG**2 - 0.03 * unit, unit, 0.045)
        corner = face["eye_distance"] + 0.2 * face["eye_size"]
        length = np.minimum(0.13, 0.7 * (edge(face, -0.1) - corner))
        for turn in (-0.07, 0.0, 0.07):
            ray = (ALONG + 1) / 2
            yield _crease(face, side * (corner + length * ray), -0.1 + turn * (0.5 + 1.3 * ray), unit, 0.02)


def _eye(face: Face, side: int) -> Iterator[Shape]:
    """AU5: upper lid raised. AU7: lids tightened, the lower one straight. AU6: the lower lid pushed up a little."""
    x, y, size = side * face["eye_distance"], -0.12, 0.18 * face["eye_size"]
    open_ = 0.085 * face["eye_openness"]
    upper = open_ + 0.09 * face["AU5"] - 0.03 * face["AU7"]
    lower = open_ * 0.8 - 0.055 * face["AU7"] - 0.025 * face["AU6"]

    def lids(s: Numbers) -> tuple[Numbers, Numbers]:
        arch = 1 - np.clip(s, -1, 1) ** 2
        return y - upper * arch, y + np.maximum(lower, 0.015 - upper) * arch

    above, below = lids(ALONG)
    yield between(x + size * ALONG, above, below, np.full((len(x), 3), 0.96))._replace(part="eye")
    colour = mix((0.25, 0.16, 0.1), (0.3, 0.5, 0.62), face["iris"] * 1.5 - 0.5)
    for radius, paint in ((0.075, colour), (0.036, colour * 0.2)):
        gaze = x + 0.03 * face["gaze"] + radius * np.cos(AROUND)
        high, low = lids((gaze - x) / size)
        yield Shape(gaze, np.clip(y - 0.01 + radius * np.sin(AROUND), high, low), paint)
    yield stroke(x + size * ALONG * 1.06, above, 0.03, skin(face) * 0.22)
    yield stroke(x + size * ALONG, below, 0.016, skin(face) * 0.6)
    yield _crease(face, x + size * 0.8 * ALONG, below + 0.045, face["AU7"], 0.022)


def _brow(face: Face, side: int) -> Iterator[Shape]:
    """AU1 raises the inner end, AU2 the outer end, AU4 lowers and draws together."""
    s = (ALONG + 1) / 2
    width = face["brow_thickness"] * (1 - 0.6 * s**3)
    tone = np.minimum(hair(face) * 0.65, skin(face) * 0.55)
    yield stroke(side * (_brow_start(face) + 0.34 * s), _brow_line(face, s), width, tone)._replace(part="brow")


def _brow_start(face: Face) -> Numbers:
    return face["eye_distance"] - 0.17 - 0.06 * face["AU4"]


def _brow_line(face: Face, s: Numbers) -> Numbers:
    """Height of a brow from its inner (0) to its outer end (1)."""
    y = -0.34 + face["brow_height"] - 0.07 * np.sin(np.pi * s) * face["brow_arch"] + face["brow_tilt"] * (s - 0.5)
    raised = 0.17 * (face["AU1"] * (1 - s) ** 1.3 + face["AU2"] * s**1.3)
    return y - raised + face["AU4"] * (0.14 - 0.09 * s)


def _forehead(face: Face) -> Iterator[Shape]:
    """Wrinkles: across its middle (AU1), above the outer brows (AU2), upright between the brows (AU4)."""
    outer = edge(face, -0.72) * (0.66 + 0.26 * ALONG)
    for unit, x in (("AU1", 0.17 * ALONG), ("AU2", outer), ("AU2", -outer)):
        s = np.clip((np.abs(x) - _brow_start(face)) / 0.34, 0, 1)
        low = _brow_line(face, s).min(1, keepdims=True) - 0.5 * face["brow_thickness"]
        high = np.maximum(hairline(face, x).max(1, keepdims=True), -0.78)
        for share in (0.35, 0.75):
            y = high + (low - high) * (share - 0.12 * (1 - ALONG**2))
            yield _crease(face, x, y, face[unit], 0.022)
    for side in (-1, 1):
        yield _crease(face, side * (0.045 + 0.012 * ALONG), -0.3 + 0.1 * ALONG, face["AU4"], 0.025)


def _nose(face: Face) -> Iterator[Shape]:
    """AU9: wings raised, wrinkles across the root."""
    base, width, unit = 0.2 + face["nose_length"], face["nose_width"], face["AU9"]
    shade = skin(face) * 0.72
    s = (ALONG + 1) / 2
    yield stroke(width * (0.25 + 0.4 * s**2), -0.1 + (base + 0.06) * s, 0.022, shade)._replace(depth=0.16)
    yield stroke(width * ALONG, base + 0.03 * (1 - ALONG**2) - 0.03, 0.025, shade)._replace(depth=0.16)
    for side in (-1, 1):
        x, y = side * width * (0.5 + 0.1 * unit), base - 0.02 - 0.04 * unit
        yield Shape(x + 0.035 * np.cos(AROUND), y + 0.02 * np.sin(AROUND), skin(face) * 0.35, depth=0.16)
        wing = side * (width + 0.035 + 0.03 * unit)
        arch = wing * (0.9 + 0.12 * (1 - ALONG**2))
        yield stroke(arch, base - 0.05 - 0.07 * unit + 0.05 * ALONG, 0.02 + 0.02 * unit, shade)._replace(
            depth=0.1, part="wing"
        )
        ray = side * (0.03 + 0.13 * s)
        for row in (-0.06, 0.01, 0.08):
            yield _crease(face, ray, row - 0.05 + 0.07 * s, unit, 0.026)._replace(depth=0.1)


def _chin(face: Face) -> Iterator[Shape]:
    """AU17: the chin pushed up and wrinkled."""
    unit = face["AU17"]
    yield _crease(face, 0.2 * ALONG, dropped(face, 0.78) - 0.08 * (1 - ALONG**2), unit, 0.04)
    for x, y in ((-0.08, 0.82), (0.0, 0.79), (0.08, 0.82), (0.0, 0.86)):
        yield _crease(face, x + 0.025 * ALONG, dropped(face, y), unit, 0.03)


def _folds(face: Face) -> Iterator[Shape]:
    """AU11: the folds from nose to mouth deepened; AU10 their upper ends only."""
    s = (ALONG + 1) / 2
    top = 0.24 + face["nose_length"]
    for side in (-1, 1):
        x = face["nose_width"] + 0.07
        yield _crease(face, side * (x + 0.1 * s**0.8), top + 0.26 * s, face["AU11"], 0.055)
        yield _crease(face, side * (x + 0.16 * s), top + 0.01 - 0.02 * s + 0.05 * s**2, face["AU10"], 0.035)


def _mouth(face: Face) -> Iterator[Shape]:
    """Corners up (AU12), down (AU15) or out (AU20); lip raised (AU10), tight (23), pressed (24), apart (25, 26)."""
    t, unit = ALONG, face
    arch = 1 - t**2
    y = 0.5 + face["mouth_height"] + 0.08 * unit["AU26"]
    line = y + (face["mouth_curve"] - 0.24 * unit["AU12"] + 0.03 * unit["AU20"]) * (t**2 - 0.35)
    line = line + 0.2 * unit["AU15"] * (np.abs(t) ** 3 - 0.15) - 0.06 * unit["AU17"] * (arch - 0.2)
    end = line[:, :1]
    half = face["mouth_width"] * (1 + 0.22 * unit["AU12"] - 0.32 * unit["AU23"])
    half = half + 0.4 * unit["AU20"] * (edge(face, end) - half)
    gap = 0.13 * unit["AU25"] + 0.17 * unit["AU26"] * np.minimum(2 * unit["AU25"], 1)
    flat = 1 - t**4  # a raised upper lip is square
    inner_top = line - 0.35 * gap * arch - 0.02 * unit["AU10"] * flat
    inner_low = line + 0.65 * gap * arch
    thin = face["lip_fullness"] * (1 - 0.4 * unit["AU23"]) * (1 - 0.8 * unit["AU24"])
    bow = arch * (1 - 0.25 * np.exp(-((t / 0.22) ** 2)))
    outer_top = inner_top - 0.065 * thin * bow - 0.075 * unit["AU10"] * flat
    outer_low = inner_low + 0.085 * thin * arch**0.8
    lips = mix(skin(face) * np.array([0.88, 0.58, 0.56]), (0.72, 0.16, 0.2), face["lip_colour"] * 1.4 - 0.7)
    yield between(half * t, outer_top, outer_low, lips)._replace(part="lips")
    apart = unit["AU25"][:, 0] > 0
    yield between(half * 0.92 * t, inner_top, inner_low, lips * 0.25, apart)._replace(part="gap")
    teeth = np.minimum(inner_top + 0.4 * (inner_low - inner_top), inner_top + 0.07)
    yield between(half * 0.8 * t, inner_top, teeth, np.full(lips.shape, 0.93), apart)
    seam = 0.022 + 0.01 * unit["AU24"]
    yield stroke(half * 1.04 * t, line, seam, skin(face) * 0.28, ~apart)
    s = (t + 1) / 2
    for side in (-1, 1):
        corner = side * half
        yield _crease(face, corner + side * (0.06 + 0.025 * arch), end + 0.09 * t, unit["AU12"], 0.03)
        yield _crease(face, corner + side * (0.02 + 0.06 * s), end + 0.05 + 0.1 * s, unit["AU15"], 0.035)
        for row in (-0.05, 0.05):
            y = end + row * (1 + 0.8 * s)
            stretched = half + (edge(face, y) - half) * (0.25 + 0.4 * s)
            yield _crease(face, side * stretched, y, unit["AU20"], 0.024)
    for x in (-0.6, -0.2, 0.2, 0.6):
        yield _crease(face, x * half, outer_top[:, 8:9] - 0.06 + 0.035 * t, unit["AU23"], 0.03)
        yield _crease(face, x * half, outer_low[:, 8:9] + 0.06 + 0.035 * t, unit["AU23"], 0.03)
    yield _crease(face, half * 0.6 * t, outer_low[:, 8:9] + 0.13 - 0.03 * arch, unit["AU24"], 0.024)


def _glasses(face: Face) -> Iterator[Shape]:
    worn = face["glasses"][:, 0] < 0.15
    frame = face["cloth"] * np.full((1, 3), 0.35)
    closed = np.append(AROUND, 2 * np.pi)[None]
    for side in (-1, 1):
        x = side * face["eye_distance"]
        yield stroke(x + 0.24 * np.cos(closed), -0.1 + 0.2 * np.sin(closed), 0.03, frame, worn)._replace(depth=0.1)
    yield stroke((face["eye_distance"] - 0.22) * ALONG, -0.12, 0.03, frame, worn)._replace(depth=0.1)


def _crease(face: Face, x: Numbers, y: Numbers, unit: Numbers, width: float) -> Shape:
    """A wrinkle: wider and darker, the stronger the unit; none where it is absent."""
    taper = 0.5 + 0.5 * (1 - ALONG**2)
    colour = skin(face) * (1 - 0.7 * np.sqrt(unit))
    x = within(face, x, y, width + 0.02)
    return stroke(x, y, 1.4 * width * taper * (0.4 + 0.6 * unit), colour, unit[:, 0] > 0)._replace(part="crease")
