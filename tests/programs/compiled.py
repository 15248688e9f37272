"""The compiled objective gives the loss, gradients and state of the plain one, in one graph."""

import copy
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.cases import LABELS, MATERIAL, SHAPE, annotations, logits, relation, trusted

from conjoin import Coupling, Objective

tasks = [SHAPE, LABELS, MATERIAL]
backend, device = sys.argv[1:]
plain = Objective(tasks, [trusted(Coupling(relation(LABELS), relation(MATERIAL)))]).to(device)
other = copy.deepcopy(plain)
compiled = torch.compile(other, fullgraph=True, backend=backend)
for step in range(3):
    made = logits(LABELS, seed=step) | logits(MATERIAL, seed=step)
    given = {name: z.detach().to(device).requires_grad_() for name, z in made.items()}
    made = annotations(LABELS, seed=step) | annotations(MATERIAL, seed=step)
    labelled = {name: annotation.to(device) for name, annotation in made.items()}
    results = []
    for objective in (plain, compiled):
        loss = objective(given, labelled)
        results.append([loss, *torch.autograd.grad(loss, list(given.values()))])
    for one, another in zip(*results, strict=True):
        torch.testing.assert_close(one, another)
for name, value in plain.state_dict().items():
    torch.testing.assert_close(value, other.state_dict()[name])
print("as expected")
