"""Images in memory with their annotations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.utils.data import Dataset


class Batch(NamedTuple):
    """What a network and an objective need of some images."""

    images: Float[Tensor, "batch channels height width"]
    annotations: dict[str, Tensor]
    set_aside: Bool[Tensor, "batch"]


@dataclass(frozen=True, eq=False)
class AnnotatedImages(Dataset[Batch]):
    """Images with the annotations of several tasks; fetches whole batches at once.

    Args:
        images: shape (images, channels, height, width).
        annotations: by task name, first dimension as `images`; -1 or NaN = not annotated.
        source: which source each image belongs to; batches are mixed from all sources.
        set_aside: images on which couplings do not act, so that evidence can be measured there;
            where there are none, it is measured on all images.

    """

    images: Float[Tensor, "images channels height width"]
    annotations: Mapping[str, Tensor]
    source: Int[Tensor, "images"]
    set_aside: Bool[Tensor, "images"]

    def __len__(self) -> int:
        """Number of images."""
        return len(self.images)

    def __getitem__(self, index: int) -> Batch:
        """One image, as a batch of one."""
        return self.__getitems__([index])

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """Several images at once."""
        rows = torch.as_tensor(indices)
        annotations = {name: annotation[rows] for name, annotation in self.annotations.items()}
        return Batch(self.images[rows], annotations, self.set_aside[rows])

    def sources(self) -> dict[int, Int[Tensor, "_"]]:
        """Row numbers of each source that has any image, by its number."""
        return {int(number): (self.source == number).nonzero().flatten() for number in self.source.unique()}

    def known(self, name: str) -> Bool[Tensor, "images"]:
        """Which images have an annotation of this task."""
        annotation = self.annotations[name]
        known = ~annotation.isnan() if annotation.is_floating_point() else annotation >= 0
        return known.reshape(len(self), -1).any(-1)

    def annotated(self, name: str) -> "AnnotatedImages":
        """Only the images with an annotation of this task, and only that annotation."""
        annotation, rows = self.annotations[name], self.known(name)
        return AnnotatedImages(self.images[rows], {name: annotation[rows]}, self.source[rows], self.set_aside[rows])
