"""Batches that hold images of every source."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Sampler


def shares(sizes: Sequence[int], batch_size: int, *, alpha: float = 0.5, floor: float = 0.2) -> list[int]:
    """How many images of each source a batch holds.

    A fraction `floor` of the batch is shared equally, the rest in proportion to size**alpha. At
    least one image each; what rounding leaves goes to the largest remainders.

    Raises:
        ValueError: if a source is empty or there are more sources than places in a batch.

    """
    if not sizes or min(sizes) < 1:
        raise ValueError(f"`sizes` should hold at least one image for each source. Found {list(sizes)}.")
    if batch_size < len(sizes):
        raise ValueError(f"`batch_size` should be at least the number of sources, {len(sizes)}. Found {batch_size}.")
    weights = np.asarray(sizes, dtype=float) ** alpha
    ideal = batch_size * ((1 - floor) * weights / weights.sum() + floor / len(sizes))
    counts = np.maximum(np.floor(ideal), 1).astype(int)
    for source in np.argsort(counts - ideal, kind="stable")[: max(batch_size - counts.sum(), 0)]:
        counts[source] += 1
    while counts.sum() > batch_size:
        counts[counts.argmax()] -= 1
    return [int(count) for count in counts]


class MixedBatches(Sampler[list[int]]):
    """Row numbers of mixed batches, a function of (seed, step) alone.

    Every source is walked through in an order shuffled anew at each pass; a small source is
    passed more often than a large one. The order of a source depends on its own number and size,
    not on what it is mixed with.

    Args:
        sources: row numbers of each source, by its number.
        batch_size: images in a batch.
        steps: batches to give.
        seed: seed of the shuffling.

    """

    def __init__(
        self,
        sources: Mapping[int, Int[Tensor, "_"]],
        batch_size: int,
        steps: int,
        seed: int,
    ) -> None:
        self.sources = {number: rows.numpy() for number, rows in sources.items()}
        counts = shares([len(rows) for rows in sources.values()], batch_size)
        self.counts = dict(zip(sources, counts, strict=True))
        self.steps, self.seed = steps, seed
        self._orders: dict[int, tuple[int, NDArray[np.int64]]] = {}

    def __len__(self) -> int:
        """Number of batches."""
        return self.steps

    def __iter__(self) -> Iterator[list[int]]:
        """Batches in order."""
        for step in range(self.steps):
            yield [row for source in self.sources for row in self._rows(source, step)]

    def _rows(self, source: int, step: int) -> list[int]:
        rows, count = self.sources[source], self.counts[source]
        first, last = step * count, (step + 1) * count
        stream: list[int] = []
        for turn in range(first // len(rows), (last - 1) // len(rows) + 1):
            begin = turn * len(rows)
            stream += self._order(source, turn)[max(first - begin, 0) : last - begin].tolist()
        return stream

    def _order(self, source: int, turn: int) -> NDArray[np.int64]:
        """Order of a source in one pass; the last one is kept."""
        if self._orders.get(source, (-1, None))[0] != turn:
            rng = np.random.default_rng([self.seed, source, turn])
            self._orders[source] = (turn, rng.permutation(self.sources[source]))
        return self._orders[source][1]
