"""What training and evaluation need of images, wherever they are kept."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

Augment = Callable[[Shaped[Tensor, "batch channels height width"]], Shaped[Tensor, "batch channels height width"]]
"""Changes images before they are normalised, uint8 or floating-point within [0, 1]; keeps their type."""


class Batch(NamedTuple):
    """What a network and an objective need of some images."""

    images: Float[Tensor, "batch channels height width"]
    annotations: dict[str, Tensor]
    set_aside: Bool[Tensor, "batch"]


@runtime_checkable
class Images(Protocol):
    """Images with the annotations of several tasks: `AnnotatedImages` in memory, `StoredImages` on disk."""

    @property
    def channels(self) -> int:
        """Channels of an image."""

    @property
    def set_aside(self) -> Bool[Tensor, "images"]:
        """Images on which couplings do not act, so that evidence can be measured there."""

    def __len__(self) -> int:
        """Number of images."""

    def __getitem__(self, index: int, /) -> Batch:
        """One image, as a batch of one."""

    def __getitems__(self, indices: Sequence[int], /) -> Batch:
        """Several images at once."""

    def read(self, rows: Sequence[int], augment: Augment | None = None) -> Batch:
        """Several images at once, changed by `augment`, not normalised yet: what workers send."""

    def normalise(self, images: Shaped[Tensor, "batch channels height width"]) -> Tensor:
        """What a network reads, of images that `read` gave."""

    def annotation(self, name: str) -> Tensor:
        """All annotations of one task; -1 or NaN = not annotated."""

    def sources(self) -> dict[int, Int[Tensor, "_"]]:
        """Row numbers of each source that has any image, by its number."""

    def annotated(self, name: str) -> "Images":
        """Only the images with an annotation of this task, and only that annotation."""


def is_known(annotation: Shaped[Tensor, "batch *_"]) -> Bool[Tensor, "batch"]:
    """Which images are annotated at all."""
    known = ~annotation.isnan() if annotation.is_floating_point() else annotation >= 0
    return known.reshape(len(annotation), -1).any(-1)
