"""Images in memory with their annotations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.utils.data import Dataset

from conjoin.data._batch import Augment, Batch, is_known


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
        return self.read(indices)

    def read(self, rows: Sequence[int], augment: Augment | None = None) -> Batch:
        """Several images at once, changed by `augment`, which reads them as within [0, 1]."""
        index = torch.as_tensor(rows)
        annotations = {name: annotation[index] for name, annotation in self.annotations.items()}
        images = self.images[index]
        return Batch(augment(images) if augment else images, annotations, self.set_aside[index])

    def normalise(self, images: Float[Tensor, "batch channels height width"]) -> Tensor:
        """The images themselves: in memory they are as a network reads them."""
        return images

    @property
    def channels(self) -> int:
        """Channels of an image."""
        return self.images.shape[1]

    def annotation(self, name: str) -> Tensor:
        """All annotations of one task; -1 or NaN = not annotated."""
        return self.annotations[name]

    def sources(self) -> dict[int, Int[Tensor, "_"]]:
        """Row numbers of each source that has any image, by its number."""
        return {int(number): (self.source == number).nonzero().flatten() for number in self.source.unique()}

    def annotated(self, name: str) -> "AnnotatedImages":
        """Only the images with an annotation of this task, and only that annotation."""
        annotation = self.annotations[name]
        rows = is_known(annotation)
        return AnnotatedImages(self.images[rows], {name: annotation[rows]}, self.source[rows], self.set_aside[rows])
