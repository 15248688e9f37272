"""Two tasks whose labels never meet on one image, in a plain PyTorch loop.

    python examples/plain_loop.py

50 handwritten digits are annotated with their number, 1,000 others with the strokes they consist
of. All that conjoin does here is the loss.
"""

import torch
from torch import nn

import conjoin as cj
from conjoin.datasets import digits

torch.manual_seed(0)
problem = digits(50, 1000, seed=0)
images, annotations = problem.train.images, problem.train.annotations  # -1 = not annotated
aside = problem.train.set_aside  # couplings leave these alone: evidence is measured there
digit, strokes = problem.tasks

trunk = nn.Sequential(nn.Flatten(), nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU())
heads = nn.ModuleDict({"digit": nn.Linear(128, 10), "strokes": nn.Linear(128, len(strokes.outputs))})
optimizer = torch.optim.AdamW([*trunk.parameters(), *heads.parameters()], lr=2e-3)

objective = cj.Objective([digit, strokes], couplings=[cj.Coupling(problem.relations[0])])
objective.expect(annotations, set_aside=aside)  # few images come back often: how many there are

for step in range(600):
    rows = torch.cat([torch.randint(0, 50, (16,)), torch.randint(50, 1050, (48,))])
    features = trunk(images[rows])
    logits = {name: head(features) for name, head in heads.items()}
    known = {name: annotation[rows] for name, annotation in annotations.items()}
    loss = objective(logits, known, set_aside=aside[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 99:
        parts = ", ".join(f"{name} {value:.2f}" for name, value in objective.terms.items())
        print(f"step {step + 1}: loss {loss:.3f} ({parts})")

with torch.no_grad():
    predicted = heads["digit"](trunk(problem.test.images)).argmax(1)
    accuracy = (predicted == problem.test.annotations["digit"]).float().mean().item()
evidence = objective.evidence()["digit->strokes"]
print("evidence:", {label: round(float(e), 2) for label, e in zip(strokes.outputs, evidence, strict=True)})
print(f"digits read correctly: {accuracy:.3f}, learned from 50 numbers and 1,000 sets of strokes")
