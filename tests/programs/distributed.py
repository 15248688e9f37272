"""Two processes with half a batch each give the gradients and the state of the whole batch."""

import sys
import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
from torch.multiprocessing.spawn import spawn

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.cases import LABELS, SHAPE, annotations, logits, relation, trusted

from conjoin import Coupling, Objective

PARTS = (slice(0, 3), slice(3, 12))


def objective() -> Objective:
    return Objective([SHAPE, LABELS], [trusted(Coupling(relation(LABELS)))])


def work(rank: int, folder: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    loss, given, labelled = objective(), logits(LABELS), annotations(LABELS)
    part = PARTS[rank]
    cut = {name: z[part] for name, z in given.items()}
    mine = {name: a[part] for name, a in labelled.items()}
    value = loss(cut, mine)
    gradients = torch.autograd.grad(value, list(given.values()))
    counted = objective().eval()(cut, mine, counts=objective().count(mine))
    torch.testing.assert_close(counted, objective().eval()(cut, mine))
    for gradient in gradients:  # what DistributedDataParallel does
        dist.all_reduce(gradient)
    torch.save([[g / 2 for g in gradients], loss.state_dict()], f"{folder}/{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    whole, given = objective(), logits(LABELS)
    expected = torch.autograd.grad(whole(given, annotations(LABELS)), list(given.values()))
    with tempfile.TemporaryDirectory() as folder:
        spawn(work, (folder,), nprocs=2)
        for rank in range(2):
            gradients, state = torch.load(f"{folder}/{rank}.pt")
            for found, right in zip(gradients, expected, strict=True):
                torch.testing.assert_close(found, right)
            for name, value in whole.state_dict().items():
                torch.testing.assert_close(state[name], value)
    print("as expected")
