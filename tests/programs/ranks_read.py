"""Two processes read their parts of the batches that a single one reads, with a worker each.

torchrun --nproc-per-node=2 ranks_read.py
"""

import pickle
import sys
from collections.abc import Sequence
from itertools import chain, islice
from pathlib import Path

import torch.distributed as dist

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.stored import table

from conjoin.data import Augmentation, Batch, MixedBatches, MixedLoader, Preprocessing, StoredImages

STEPS, MIDDLE = 8, 3
CHANGES = Augmentation(flip=0.5, padding=1, brightness=0.2, erasing=0.5)


def loader(augmentation: Augmentation, workers: int, rank: int = 0, ranks: int = 1) -> MixedLoader:
    """The small source has 10 images and 12 places in a batch: some come twice; two steps are an epoch."""
    data = StoredImages(table(40).remove_columns("task:soft"), Preprocessing(size=(10, 8)))
    batches = MixedBatches(data.sources(), 30, STEPS, 0, rank=rank, ranks=ranks)
    assert (batches.counts, batches.epoch) == ({0: 12, 3: 18}, 2)
    return MixedLoader(data, batches, augmentation=augmentation, workers=workers)


def seen(batch: Batch) -> list[bytes]:
    """What is given of each image: its pixels and annotations."""
    parts = [batch.images, *batch.annotations.values()]
    return [b"".join(part[i].numpy().tobytes() for part in parts) for i in range(len(batch.images))]


def of_both(batches: Sequence[Batch]) -> list[list[list[bytes]]]:
    """For each step, what each rank was given."""
    gathered: list[list[list[bytes]]] = [[], []]
    dist.all_gather_object(gathered, [seen(batch) for batch in batches])
    return [list(step) for step in zip(*gathered, strict=True)]


def main() -> None:
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    for augmentation in (Augmentation(), CHANGES):
        whole = [seen(batch) for batch in loader(augmentation, workers=0)]
        given = list(loader(augmentation, 1, rank, 2))
        both = of_both(given)
        assert len(both) == len(whole) == STEPS
        assert all(sorted(chain(*parts)) == sorted(batch) for parts, batch in zip(both, whole, strict=True))
        if augmentation == Augmentation():  # an image has the same pixels each time: two ranks cannot both have it
            assert len({image for batch in whole[:2] for image in batch}) == 40
            assert all(len(set(batch)) < len(batch) for batch in whole)
            assert all(set(one).isdisjoint(other) for one, other in both)

        stopped, resumed = (loader(augmentation, 1, rank, 2) for _ in range(2))
        before = [seen(batch) for batch in islice(stopped, MIDDLE)]  # the worker has read ahead
        resumed.load_state_dict(pickle.loads(pickle.dumps(stopped.state_dict())))
        assert before + [seen(batch) for batch in resumed] == [seen(batch) for batch in given]
    dist.destroy_process_group()
    sys.stdout.write("as expected\n")  # in one piece


if __name__ == "__main__":
    main()
