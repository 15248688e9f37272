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

    parts = objective().eval()  # the same in two steps of accumulation
    counts = parts.count(mine)
    middle = len(cut["shape"]) // 2
    added = torch.zeros(())
    for piece in (slice(0, middle), slice(middle, None)):
        taken = {name: z[piece] for name, z in cut.items()}
        added = added + parts(taken, {name: a[piece] for name, a in mine.items()}, counts=counts)
    again = torch.autograd.grad(added, list(given.values()))
    evaluated = torch.autograd.grad(objective().eval()(cut, mine), list(given.values()))
    for one, other in zip(again, evaluated, strict=True):
        torch.testing.assert_close(one, other)

    terms = dict(loss.terms)
    for shared in (value.detach(), *terms.values()):
        dist.all_reduce(shared)
    for gradient in gradients:  # what DistributedDataParallel does
        dist.all_reduce(gradient)
    means = {name: term / 2 for name, term in terms.items()} | {"loss": value.detach() / 2}
    torch.save([[g / 2 for g in gradients], means, loss.state_dict()], f"{folder}/{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    whole, given = objective(), logits(LABELS)
    loss = whole(given, annotations(LABELS))
    expected = torch.autograd.grad(loss, list(given.values()))
    with tempfile.TemporaryDirectory() as folder:
        spawn(work, (folder,), nprocs=2)
        for rank in range(2):
            gradients, means, state = torch.load(f"{folder}/{rank}.pt")
            for name, value in (whole.terms | {"loss": loss.detach()}).items():
                torch.testing.assert_close(means[name], value)
            for found, right in zip(gradients, expected, strict=True):
                torch.testing.assert_close(found, right)
            for name, value in whole.state_dict().items():
                torch.testing.assert_close(state[name], value)
    print("as expected")
