"""Batches that hold images of every source."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Sampler


class Draw(NamedTuple):
    """An image's place in a run."""

    row: int
    turn: int
    """How often its source has been passed before."""


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


_UNTOLD = "which an earlier version did not note"


class MixedBatches(Sampler[list[Draw]]):
    """Mixed batches, a function of (seed, step) alone.

    Every source is walked through in an order shuffled anew at each pass; a small source is
    passed more often than a large one. The order of a source depends on its own number and size,
    not on what it is mixed with. An epoch is the number of steps after which every image
    has been given at least once: the passes of the source that takes longest.

    Kept in memory, for each image: its row number and its place in the current order, 4 bytes each
    where `sources` are int32.

    Of several ranks, each gets its part of every batch: the images of a step are dealt out in turn,
    one that comes twice in it (in a source smaller than its share, or where two passes meet) to one
    rank. All ranks have the same number of steps, and at least one image in each.

    Args:
        sources: row numbers of each source, by its number.
        batch_size: images in a batch, over all ranks.
        steps: batches to give.
        seed: seed of the shuffling.
        counts: images of each source in a batch, which sum to `batch_size`; by default `shares`.
        rank: which part of every batch is given, from 0.
        ranks: into how many parts batches are dealt.

    Raises:
        ValueError: if a source is empty, or a batch too small for its sources and ranks.

    """

    def __init__(
        self,
        sources: Mapping[int, Int[Tensor, "_"]],
        batch_size: int,
        steps: int,
        seed: int,
        *,
        counts: Mapping[int, int] | None = None,
        rank: int = 0,
        ranks: int = 1,
    ) -> None:
        self.sources = {number: rows.numpy() for number, rows in sources.items()}
        self.sizes = [len(rows) for rows in self.sources.values()]
        self.counts = dict(counts or zip(self.sources, shares(self.sizes, batch_size), strict=True))
        different = sum(min(len(rows), -(-self.counts[number] // 2)) for number, rows in self.sources.items())
        if not 0 <= rank < ranks or (ranks > 1 and different < ranks):
            raise ValueError(
                f"`batch_size` should let each of {ranks} ranks have an image of its own in every step. Found "
                f"{batch_size}, of which {different} are sure to be different images, for rank {rank}."
            )
        self.batch_size, self.steps, self.seed = batch_size, steps, seed
        self.rank, self.ranks = rank, ranks
        self.first = 0
        """Step from which batches are given."""
        self._orders: dict[int, tuple[int, NDArray[np.integer]]] = {}

    @property
    def epoch(self) -> int:
        """Steps after which every image has been given at least once."""
        return max(-(-len(rows) // self.counts[number]) for number, rows in self.sources.items())

    @property
    def parts(self) -> list[int]:
        """Images of each source in a whole batch, which holds one source after another."""
        return [self.counts[source] for source in self.sources]

    def __len__(self) -> int:
        """Number of batches of a whole run."""
        return self.steps

    def __iter__(self) -> Iterator[list[Draw]]:
        """Batches in order, from step `first`."""
        for step in range(self.first, self.steps):
            batch = [draw for source in self.sources for draw in self._draws(source, step)]
            yield batch if self.ranks == 1 else self._part(batch)

    def state_dict(self) -> dict[str, int | list[int]]:
        """What decides the batches, without ranks: a run may go on with another number of them."""
        told = {"seed": self.seed, "batch_size": self.batch_size, "steps": self.steps}
        return {**told, "sizes": self.sizes, "counts": self.parts}

    def load_state_dict(self, state: Mapping[str, int | list[int]], first: int) -> None:
        """Go on from step `first`.

        Raises:
            ValueError: if the state is of other batches.

        """
        for name, own in self.state_dict().items():
            if state.get(name, _UNTOLD) != own:
                raise ValueError(
                    f"`{name}` should be as in the run that is resumed, {state.get(name, _UNTOLD)}. Found {own}. "
                    "Other data or settings are a new run: choose another folder."
                )
        self.first = first

    def _part(self, batch: list[Draw]) -> list[Draw]:
        ranks: dict[int, int] = {}
        for draw in batch:
            ranks.setdefault(draw.row, len(ranks) % self.ranks)
        return [draw for draw in batch if ranks[draw.row] == self.rank]

    def _draws(self, source: int, step: int) -> list[Draw]:
        size, count = len(self.sources[source]), self.counts[source]
        first, last = step * count, (step + 1) * count
        stream: list[Draw] = []
        for turn in range(first // size, (last - 1) // size + 1):
            begin = turn * size
            rows = self._order(source, turn)[max(first - begin, 0) : last - begin].tolist()
            stream += [Draw(row, turn) for row in rows]
        return stream

    def _order(self, source: int, turn: int) -> NDArray[np.integer]:
        """Order of a source in one pass; the last one is kept."""
        if self._orders.get(source, (-1, None))[0] != turn:
            rng = np.random.default_rng([self.seed, source, turn])
            self._orders[source] = (turn, rng.permutation(self.sources[source]))
        return self._orders[source][1]
