"""Images with annotations, and batches mixed from several sources."""

from conjoin.data._decode import decode
from conjoin.data._mixing import MixedBatches, shares
from conjoin.data._problem import Problem
from conjoin.data._table import AnnotatedImages, Batch

__all__ = ["AnnotatedImages", "Batch", "MixedBatches", "Problem", "decode", "shares"]
