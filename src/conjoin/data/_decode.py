"""One image, from bytes or a file, as 8-bit RGB."""

import io
import struct
import warnings
import zlib
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

_EXPECTED = "`image` should be a whole picture in a format that Pillow reads (JPEG, PNG, WebP, TIFF, GIF...)."

# What Pillow's decoders raise on damaged files.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, OverflowError, struct.error, zlib.error)

_TURN = Image.Transpose
_TURNS = {
    2: _TURN.FLIP_LEFT_RIGHT,
    3: _TURN.ROTATE_180,
    4: _TURN.FLIP_TOP_BOTTOM,
    5: _TURN.TRANSPOSE,
    6: _TURN.ROTATE_270,
    7: _TURN.TRANSVERSE,
    8: _TURN.ROTATE_90,
}
"""What brings each EXIF orientation upright."""


def decode(image: bytes | str | PathLike[str]) -> Image.Image:
    """Decode an image to 8-bit RGB, upright.

    EXIF rotation is applied; the first frame stands for an animation; CMYK, grey, palette and
    16-bit pixels are converted (16-bit by the width of their range, not of their values); what is transparent is
    shown on white.

    Args:
        image: the bytes of an image file, or its path.

    Returns:
        an image of mode "RGB".

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the bytes are no image, or stop before the image does; the message says which, and of which file.

    """
    return convert(load(image))


def load(image: bytes | str | PathLike[str]) -> Image.Image:
    """Decode the first frame with the pixels as stored; errors as of `decode`."""
    found = "Found"
    if isinstance(image, bytes):
        data = image
    else:
        found = f"Found in {str(image)!r}"
        try:
            data = Path(image).read_bytes()
        except FileNotFoundError:
            raise FileNotFoundError(f"`image` should be an existing file. Found none at {str(image)!r}.") from None
        except OSError as error:  # a folder, no permission
            raise ValueError(f"`image` should be a readable file. Found {str(image)!r}: {error.strerror}.") from error
    if not data:
        raise ValueError(f"{_EXPECTED} {found} no bytes at all.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata, not odd pixels
            opened = Image.open(io.BytesIO(data))
            opened.load()
    except Image.DecompressionBombError as error:
        raise ValueError(f"{_EXPECTED} {found} more pixels than Pillow allows: {error}") from error
    except UnidentifiedImageError:
        raise ValueError(f"{_EXPECTED} {found} {len(data):,} bytes that begin with {data[:12]!r}: no image.") from None
    except _BROKEN as error:
        raise ValueError(
            f"{_EXPECTED} {found} {len(data):,} bytes that do not decode ({error}). Is the file truncated?"
        ) from error
    return opened


def convert(opened: Image.Image) -> Image.Image:
    """Turn a decoded image upright and bring it to 8-bit RGB."""
    upright = _upright(opened)
    if upright.mode == "RGB" and not upright.has_transparency_data:
        return upright
    if upright.mode in {"I", "F"} or upright.mode.startswith("I;16"):  # Pillow itself would clip at 255
        return Image.fromarray(_eight_bits(np.asarray(upright))).convert("RGB")
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        white = Image.new("RGBA", upright.size, "white")
        return Image.alpha_composite(white, upright).convert("RGB")
    return upright.convert("RGB")


def conversions(opened: Image.Image) -> list[str]:
    """What `decode` changes of this image, in words: "grey", "16 bits", "animated", "rotated"..."""
    found = []
    mode = opened.mode
    if mode in {"L", "LA", "1"}:
        found.append("grey")
    elif mode in {"I", "F"} or mode.startswith("I;16"):
        found.append("16 bits")
    elif mode == "P":
        found.append("palette")
    elif mode not in {"RGB", "RGBA", "RGBX"}:
        found.append(mode)
    if opened.has_transparency_data:
        found.append("transparent")
    if getattr(opened, "is_animated", False) and opened.format != "MPO":  # two views of one photograph
        found.append("animated")
    if _orientation(opened) != 1:
        found.append("rotated")
    return found


def _orientation(opened: Image.Image) -> int:
    """As EXIF has it; 1 where that cannot be read, as pixels may be whole all the same."""
    try:
        return int(opened.getexif().get(ExifTags.Base.Orientation, 1))
    except _BROKEN:
        return 1


def _upright(opened: Image.Image) -> Image.Image:
    """Turned as EXIF says, of which all but the orientation may be broken: Pillow's own way writes it anew."""
    turn = _TURNS.get(_orientation(opened))
    return opened if turn is None else opened.transpose(turn)


def _eight_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    values = np.nan_to_num(values)
    if values.dtype.kind == "f":  # no range is declared: [0, 1] or [0, 255]
        scale = 255.0 if values.max(initial=0) <= 1 else 1.0
        scaled = np.clip(values * scale, 0, 255)
    else:
        scaled = np.clip(values, 0, 65535) / 257
    rounded: NDArray[np.uint8] = scaled.round().astype(np.uint8)
    return rounded
