"""Archives in miniature: the official layout with made images, to try a study without the data."""

from collections.abc import Callable, Mapping
from pathlib import Path

from conjoin.miniatures._aff_wild2 import aff_wild2
from conjoin.miniatures._affectnet import affectnet
from conjoin.miniatures._awa2 import awa2
from conjoin.miniatures._bp4d import bp4d
from conjoin.miniatures._bp4d_plus import bp4d_plus
from conjoin.miniatures._celeba import celeba
from conjoin.miniatures._clothing_attributes import clothing_attributes
from conjoin.miniatures._cub import cub
from conjoin.miniatures._deepfashion import deepfashion
from conjoin.miniatures._disfa import disfa
from conjoin.miniatures._emotionet import emotionet
from conjoin.miniatures._fashion_products import fashion_products
from conjoin.miniatures._gft import gft
from conjoin.miniatures._lfw import lfw
from conjoin.miniatures._pubfig import pubfig
from conjoin.miniatures._raf_db import raf_db
from conjoin.miniatures._ut_zappos import ut_zappos
from conjoin.names import nearest

__all__ = ["MINIATURES", "write_miniature"]

MINIATURES: Mapping[str, Callable[[Path, int, int], None]] = {
    writer.__name__: writer
    for writer in (
        aff_wild2,
        affectnet,
        awa2,
        bp4d,
        bp4d_plus,
        celeba,
        clothing_attributes,
        cub,
        deepfashion,
        disfa,
        emotionet,
        fashion_products,
        gft,
        lfw,
        pubfig,
        raf_db,
        ut_zappos,
    )
}
"""Writers by the name of the adapter that reads what they write: folder, number of images, seed."""


def write_miniature(name: str, path: str | Path, *, images: int = 60, seed: int = 0) -> None:
    """Write a miniature of an official distribution: its layout and formats, images that are made.

    Args:
        name: of the adapter in `conjoin.datasets` that reads it.
        path: folder to write to, which does not exist or is empty.
        images: about how many; a layout may need a few more.
        seed: of the images and annotations.

    Raises:
        FileExistsError: if the folder holds anything.
        ValueError: if there is no such archive, or the number of images is not positive.

    """
    path = Path(path)
    if name not in MINIATURES:
        raise ValueError(f"`name` should be an archive. Found {name!r}. {nearest(name, list(MINIATURES))}")
    if images < 1:
        raise ValueError(f"`images` should be positive. Found {images}.")
    if path.exists() and any(path.iterdir()):
        raise FileExistsError(f"`path` should be a new or an empty folder. Found {path}, which holds files.")
    path.mkdir(parents=True, exist_ok=True)
    MINIATURES[name](path, images, seed)
