"""What balancing gradients costs: floating-point operations of a training step, against the plain sum's.

    python benchmarks/step_cost.py

Counted by `torch.utils.flop_counter` (convolutions and matrix products, forward and backward; the same on every
machine) with the defaults of a study: batches of 64 images of 64x64, of T sources with a task each. Balanced is
`balance: upgrad`; beside it the usual way, TorchJD's `mtl_backward`: one forward of the batch, and every source
differentiated through all of it. Exits with 1 if the bound is missed.
"""

import sys
from collections.abc import Callable
from functools import partial

import torch
from torch.utils.flop_counter import FlopCounterMode
from torchjd.aggregation import UPGrad
from torchjd.autojac import jac_to_grad, mtl_backward

from conjoin.data import Batch, shares
from conjoin.network import Network
from conjoin.objective import Objective
from conjoin.tasks import MultiClass
from conjoin.training import Balance, make_balance
from conjoin.training._projector import Projector

MOST = 1.15
"""Times the plain sum, at eight sources."""
SOURCES = (2, 4, 8)
Step = Callable[[Network, Objective, Batch, list[int]], None]


def plain(network: Network, objective: Objective, batch: Batch, sizes: list[int]) -> None:
    """One forward, one backward."""
    del sizes
    _step(Balance(), network, objective, batch)


def balanced(network: Network, objective: Objective, batch: Batch, sizes: list[int]) -> None:
    """A forward and a backward for each source."""
    _step(make_balance("upgrad", network, sizes, 1), network, objective, batch)


def usual(network: Network, objective: Objective, batch: Batch, sizes: list[int]) -> None:
    """One forward, a backward of the whole batch for each source."""
    features = network.features(batch.images)
    counts = objective.count(batch.annotations)
    rows = torch.arange(len(batch.images)).split(sizes)
    losses = [
        objective(network.classify(features[some]), {n: a[some] for n, a in batch.annotations.items()}, counts=counts)
        for some in rows
    ]
    mtl_backward(losses, features, parallel_chunk_size=1)
    jac_to_grad([p for p in network.backbone.parameters() if p.requires_grad], UPGrad(projector=Projector()))


def operations(step: Step, backbone: str, sources: int, *, batch_size: int = 64, side: int = 64) -> int:
    """Floating-point operations of a step."""
    torch.manual_seed(0)
    sizes = shares([1000 * 2**number for number in range(sources)], batch_size)
    tasks = [MultiClass(f"task {number}", ["a", "b", "c", "d"]) for number in range(sources)]
    source = torch.arange(sources).repeat_interleave(torch.tensor(sizes))
    codes = torch.randint(0, 4, (batch_size,))
    annotations = {task.name: torch.where(source == number, codes, -1) for number, task in enumerate(tasks)}
    images, aside = torch.rand(batch_size, 3, side, side), torch.zeros(batch_size, dtype=torch.bool)
    network, objective = Network(tasks, backbone), Objective(tasks)
    with FlopCounterMode(display=False) as counter:
        step(network, objective, Batch(images, annotations, aside), sizes)
    return int(counter.get_total_flops())


def _step(balance: Balance, network: Network, objective: Objective, batch: Batch) -> None:
    logits = balance.logits(network, batch.images)
    loss = objective(logits, batch.annotations)
    balance.backward(balance.loss(loss, objective, logits, batch, False), network)


def main() -> int:
    """Count and judge."""
    worst = 0.0
    print("| backbone | sources | plain sum, GFLOP | balanced | the usual way |\n|---|---|---|---|---|")
    for backbone in ("small", "resnet18"):
        for sources in SOURCES:
            count = partial(operations, backbone=backbone, sources=sources)
            base, ours, theirs = (count(step) for step in (plain, balanced, usual))
            print(
                f"| {backbone} | {sources} | {base / 1e9:.1f} | {ours / base:.3f} | {theirs / base:.2f} |", flush=True
            )
            worst = max(worst, ours / base)
    print(f"Balanced: at most {worst:.3f} times the plain sum (bound: {MOST})")
    return int(worst > MOST)


if __name__ == "__main__":
    sys.exit(main())
