"""Finished runs on disk, each whole or not there."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from safetensors.torch import load_file, save_file

from conjoin.evaluation import Run, Score
from conjoin.training import Look


def save_run(run: Run, folder: Path) -> None:
    """Write a run to `<arm>-<seed>/`: `run.json`, and its logits on the test images."""
    place = folder / f"{run.arm}-{run.seed}"
    draft = folder / f".{place.name}.part"
    shutil.rmtree(draft, ignore_errors=True)  # left by a killed process
    draft.mkdir(parents=True)
    said = {key: value for key, value in asdict(run).items() if key != "logits"}
    (draft / "run.json").write_text(json.dumps(said), "utf-8")
    save_file({name: logits.contiguous() for name, logits in run.logits.items()}, draft / "logits.safetensors")
    draft.rename(place)


def stored_run(arm: str, seed: int, folder: Path) -> Run | None:
    """A finished run, if it is there."""
    place = folder / f"{arm}-{seed}"
    if not place.is_dir():
        return None
    said = json.loads((place / "run.json").read_text("utf-8"))
    said["scores"] = [Score(*score) for score in said["scores"]]
    said["looks"] = [[Look(*look) for look in looks] for looks in said["looks"]]
    return Run(**said, logits=load_file(place / "logits.safetensors"))
