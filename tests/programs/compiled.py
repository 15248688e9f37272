"""The compiled objective gives the loss, gradients and state of the plain one, in one graph."""

import copy
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.cases import LABELS, MATERIAL, SHAPE, annotations, logits, relation, trusted

from conjoin import Coupling, Objective

tasks = [SHAPE, LABELS, MATERIAL]
plain = Objective(tasks, [trusted(Coupling(relation(LABELS), relation(MATERIAL)))])
other = copy.deepcopy(plain)
compiled = torch.compile(other, fullgraph=True, backend=sys.argv[1])
for step in range(3):
    given = logits(LABELS, seed=step) | logits(MATERIAL, seed=step)
    labelled = annotations(LABELS, seed=step) | annotations(MATERIAL, seed=step)
    results = []
    for objective in (plain, compiled):
        loss = objective(given, labelled)
        results.append([loss, *torch.autograd.grad(loss, list(given.values()))])
    for one, another in zip(*results, strict=True):
        torch.testing.assert_close(one, another)
for name, value in plain.state_dict().items():
    torch.testing.assert_close(value, other.state_dict()[name])
print("as expected")
