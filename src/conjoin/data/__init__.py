"""Images with annotations, in memory or on disk, and batches mixed from several sources."""

from conjoin.data._augmentation import Augmentation
from conjoin.data._batch import Batch, Images, is_known
from conjoin.data._decode import conversions, convert, decode, load
from conjoin.data._loader import MixedLoader
from conjoin.data._mixing import Draw, MixedBatches, shares
from conjoin.data._preprocessing import Preprocessing
from conjoin.data._problem import Problem
from conjoin.data._stored import StoredImages
from conjoin.data._table import AnnotatedImages

__all__ = [
    "AnnotatedImages",
    "Augmentation",
    "Batch",
    "Draw",
    "Images",
    "MixedBatches",
    "MixedLoader",
    "Preprocessing",
    "Problem",
    "StoredImages",
    "conversions",
    "convert",
    "decode",
    "is_known",
    "load",
    "shares",
]
