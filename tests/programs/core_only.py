"""The core needs torch and jaxtyping, and nothing else that conjoin depends on."""

import subprocess
import sys

if len(sys.argv) == 1:
    others = "timm lightning torchmetrics tensorboard sklearn scipy polars pydantic yaml matplotlib typer rich"
    code = f"""
import sys
for name in {others.split()!r}:
    sys.modules[name] = None  # importing it raises ImportError
import torch, conjoin as cj
tasks = cj.MultiClass("a", ["x", "y"]), cj.MultiLabel("b", ["z"])
objective = cj.Objective(tasks, [cj.Coupling(cj.Relation(*tasks, [[0.9], [0.1]]))])
objective({{"a": torch.zeros(1, 2), "b": torch.zeros(1, 1)}}, {{"a": torch.tensor([0])}})
cj.kollias2024(tasks, [])
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    code = "import sys, conjoin; from conjoin import cli; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    print("as expected")
