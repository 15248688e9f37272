"""One image from bytes: what comes out, what is converted, and what is said of a broken one."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conjoin.data import decode
from conjoin.data._decode import conversions, load


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def corner(data: bytes, x: int = 0, y: int = 0) -> tuple[int, ...]:
    image = decode(data)
    assert image.mode == "RGB"
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return tuple(int(value) for value in pixel)


def rotated(orientation: int) -> bytes:
    """Red to the left of blue, to be shown turned."""
    image = Image.new("RGB", (2, 1), "red")
    image.putpixel((1, 0), (0, 0, 255))
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, exif=exif)


def turned_beside_a_broken_text() -> bytes:
    """Orientation 3, and a description that is not ASCII: it can be read, and not be written again."""
    entries = struct.pack("<HHIHHHHI", 0x0112, 3, 1, 3, 0, 0x010E, 2, 4) + b"\xff\xfe\xfd\0"
    tiff = b"II*\0" + struct.pack("<IH", 8, 2) + entries + b"\0\0\0\0"
    image = Image.new("RGB", (2, 1), "red")
    image.putpixel((1, 0), (0, 0, 255))
    return encoded(image, exif=b"Exif\0\0" + tiff)


SIXTEEN = Image.fromarray(np.array([[0, 257 * 10, 65535]], dtype=np.uint16))
HALF_RED = Image.new("RGBA", (2, 2), (255, 0, 0, 0))
FRAMES = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]

CASES: dict[str, tuple[bytes, tuple[int, ...], list[str]]] = {
    "plain": (encoded(Image.new("RGB", (2, 2), "red")), (255, 0, 0), []),
    "grey": (encoded(Image.new("L", (2, 2), 7)), (7, 7, 7), ["grey"]),
    "CMYK": (encoded(Image.new("CMYK", (2, 2), (0, 0, 0, 0)), "TIFF"), (255, 255, 255), ["CMYK"]),
    "palette": (encoded(Image.new("RGB", (2, 2), "red").quantize(4)), (255, 0, 0), ["palette"]),
    "transparent": (encoded(HALF_RED), (255, 255, 255), ["transparent"]),
    "one colour transparent": (
        encoded(Image.new("RGB", (2, 2), (10, 20, 30)), transparency=(10, 20, 30)),
        (255, 255, 255),
        ["transparent"],
    ),
    "animated": (
        encoded(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:]),
        (255, 0, 0),
        ["palette", "animated"],
    ),
    "turned": (rotated(3), (0, 0, 255), ["rotated"]),
    "turned by EXIF with a text that is none": (turned_beside_a_broken_text(), (0, 0, 255), ["rotated"]),
    "EXIF that is none": (encoded(Image.new("RGB", (2, 2), "red"), exif=b"Exif\0\0garbage!"), (255, 0, 0), []),
    "EXIF that ends at once": (
        encoded(Image.new("RGB", (2, 2), "red"), "WEBP", lossless=True, exif=b"II*\0"),
        (255, 0, 0),
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_becomes_8_bit_rgb(case: str) -> None:
    data, pixel, changed = CASES[case]
    assert corner(data) == pixel
    found = conversions(load(data))
    assert set(found) >= set(changed)
    assert bool(found) == bool(changed)


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    data = encoded(SIXTEEN)
    assert [corner(data, x) for x in range(3)] == [(0, 0, 0), (10, 10, 10), (255, 255, 255)]
    assert conversions(load(data)) == ["16 bits"]


def test_floats_are_brought_to_eight_bits() -> None:
    unit = encoded(Image.fromarray(np.array([[0.0, 1.0]], dtype=np.float32)), "TIFF")
    assert corner(unit, 1) == (255, 255, 255)


def test_a_quarter_turn_swaps_the_sides() -> None:
    image = decode(rotated(6))
    assert image.size == (1, 2)


def test_a_path_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(CASES["plain"][0])
    assert decode(path).size == decode(str(path)).size == (2, 2)


NOISE = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
FILES = [encoded(Image.fromarray(NOISE), kind) for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ["Found no bytes at all"]),
        (b"<html>not found</html>", ["Found 22 bytes that begin with b'<html>not fo': no image"]),
        (FILES[0][: len(FILES[0]) // 2], ["bytes that do not decode", "Is the file truncated?"]),
        (FILES[1][: len(FILES[1]) // 2], ["bytes that do not decode", "Is the file truncated?"]),
    ],
)
def test_what_is_said_of_a_broken_image(data: bytes, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(ValueError, match="`image` should be a whole picture") as of_bytes:
        decode(data)
    with pytest.raises(ValueError, match="`image` should be a whole picture") as of_a_file:
        decode(tmp_path / "a.png")
    for word in words:
        assert word in str(of_bytes.value)
    assert str(of_a_file.value) == str(of_bytes.value).replace("Found", f"Found in {str(tmp_path / 'a.png')!r}")


def test_what_is_said_of_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"`image` should be an existing file. Found none at '.*a.png'"):
        decode(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"`image` should be a readable file. Found .*directory"):
        decode(tmp_path)


@given(st.sampled_from(FILES), st.data())
def test_damage_raises_nothing_but_value_errors(data: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(data)
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), max_size=8)):
        damaged[place] = draw.draw(st.integers(0, 255))
    del damaged[draw.draw(st.integers(0, len(data))) :]
    try:
        assert decode(bytes(damaged)).mode == "RGB"
    except ValueError as error:
        assert "`image` should be" in str(error)  # noqa: PT017 - either outcome is right
