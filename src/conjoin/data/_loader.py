"""Mixed batches, read by workers, augmented, and resumable."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from conjoin.data._augmentation import Augmentation, draws
from conjoin.data._batch import Batch, Images
from conjoin.data._mixing import Draw, MixedBatches


class _Drawn(Dataset[Batch]):
    """Batches of draws: in workers, too, what an image becomes depends on its draw alone."""

    def __init__(self, data: Images, augmentation: Augmentation, seed: int) -> None:
        self.data, self.augmentation, self.seed = data, augmentation, seed
        self.augments = augmentation != Augmentation()

    def __getitem__(self, draw: Draw) -> Batch:
        return self.__getitems__([draw])

    def __getitems__(self, batch: Sequence[Draw]) -> Batch:
        rows = [draw.row for draw in batch]
        if not self.augments:
            return self.data.read(rows)
        numbers = draws(self.seed, [draw.turn for draw in batch], rows)
        return self.data.read(rows, partial(self.augmentation.apply, draws=numbers))


class MixedLoader(DataLoader[Batch]):
    """Loads mixed batches; a function of (seed, step), whatever the number of workers.

    Its state counts the batches that were given, not those that workers have prefetched, so that a
    run that is killed goes on with the very next one. (A batch being a function of its step, one
    number is all the state there is; torchdata's `StatefulDataLoader` 0.11 also keeps that of the
    workers, by way of calls that torch 2.15 has deprecated.)

    Args:
        data: images with annotations.
        batches: which of them, in which order.
        augmentation: random changes of the images.
        workers: processes that read; 0 reads in this one.

    """

    def __init__(
        self, data: Images, batches: MixedBatches, *, augmentation: Augmentation | None = None, workers: int = 0
    ) -> None:
        self.data, self.batches, self.given = data, batches, 0
        super().__init__(
            _Drawn(data, augmentation or Augmentation(), batches.seed),
            batch_sampler=batches,
            collate_fn=_as_it_is,
            num_workers=workers,
            generator=torch.Generator(),  # of its own: none but the network draws from the global one
        )

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]
        """Batches in order; after `load_state_dict`, those that follow."""
        self.given = self.batches.first
        for batch in super().__iter__():
            self.given += 1
            yield batch._replace(images=self.data.normalise(batch.images))  # here: workers send a quarter
        self.batches.first = 0

    def state_dict(self) -> dict[str, Any]:
        """How many batches were given, and of what."""
        return {"given": self.given, "batches": self.batches.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on behind the batches that were given.

        Raises:
            ValueError: if the state is of other batches.

        """
        self.given = state["given"]
        self.batches.load_state_dict(state["batches"], self.given)


def _as_it_is(batch: Any) -> Any:
    return batch
