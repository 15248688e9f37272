"""Does training together cost anything, and what does it give? A grid of settings, tables and arms.

    python benchmarks/quality.py digits           # the cells that decide, 16 minutes on two cores
    python benchmarks/quality.py digits --all     # and those that tell more, 925 runs
    python benchmarks/quality.py digits --parts   # coupling without each of its parts
    python benchmarks/quality.py measured         # digits with labels that say little of the digit
    python benchmarks/quality.py faces            # drawn faces (synthetic): two days by estimate, on a GPU half an hour
    FASHION=folder python benchmarks/quality.py examples/fashion.yaml --sizes 500+10000   # a study of yours, hours
    python benchmarks/quality.py digits --seeds 100 104 --out runs/tuning   # other seeds
    python benchmarks/quality.py faces --report   # train nothing: report which of these runs are there

Every run is a file in `runs/quality`; what is there is not trained again, so that a grid may be
killed and goes on; how many of them other code has made is told. Writes `digits.csv` (a line for each
score), `digits.md` (means) and `digits.png`, prints the bounds, and exits with 1 where one is missed.

All arms take the same number of steps for each of their networks (`quality_settings.recipe`). Reported are seeds
0 to 4, of digits also 5 to 9; `docs/evidence.md` says what was chosen by what. Processes share a GPU where there is
one, as many as there are cores.
"""

import argparse
import hashlib
import json
import logging
import multiprocessing
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from quality_decoding import DECODED, run_decoded
from quality_parts import PARTS, run_part
from quality_peers import run_pseudo_labels, run_uncertainty, run_upgrad
from quality_report import judge_grid, write_grid
from quality_settings import TABLES, Setting, Table, problem, recipe, table_error
from quality_study import data_name, is_study
from rich.console import Console
from rich.progress import Progress

import conjoin
from conjoin.evaluation import end_with_parent, run_arm

PEERS = {"pseudo-labels": run_pseudo_labels, "uncertainty weighting": run_uncertainty, "upgrad": run_upgrad}
RECALLED = ("kollias2024", "kollias2024-reversed")
OTHERS = (*PEERS, *RECALLED)
"""What others do."""
WITH_TABLE = ("coupled", *RECALLED, *DECODED, *PARTS)
"""Arms that read the table; the others are run once for a setting."""

NAMES = ("digits", "measured", "faces")
"""Data that need no files."""

READ: tuple[Table, ...] = ("true", "counted", "half-wrong")
"""Tables that predictions are read by."""

PRECISIONS = ("32-true", "bf16-mixed")
"""As `TrainingSettings.precision`; on processors that know bf16 the second takes half the time."""

Size = tuple[int, int]
"""Images annotated for the class, and for the other tasks."""
DIGITS, LARGE = ((50, 1000), (1000, 50), (100, 100)), ((500, 10000), (10000, 500), (2000, 2000))


class Job(NamedTuple):
    """One run of the grid."""

    setting: Setting
    arm: str
    table: Table
    seed: int

    @property
    def name(self) -> str:
        """Its arm, with the table where it reads one."""
        return f"{self.arm}, {self.table}" if self.arm in WITH_TABLE else self.arm

    @property
    def file(self) -> Path:
        """Where its result is."""
        return Path(str(self.setting)) / f"{self.name}-{self.seed}.json"


def grid(data: str, seeds: range, sizes: Sequence[Size] = (), *, everything: bool = False) -> list[Job]:
    """The cells that decide: every arm and table where images differ in nothing, ours where sources are shifted.

    Those that tell more are an overlap of the annotations, what others do where sources are shifted, training
    until validation images say to stop, and tables used when images are read.
    """
    sizes = sizes or (DIGITS if data in {"digits", "measured"} else LARGE)
    plain = [Setting(data, *size) for size in sizes]
    overlapping = [Setting(data, *size, overlap=0.1) for size in sizes]
    first, second = sizes[0]
    shifted = [Setting(data, first, second, shift="look"), Setting(data, first, second // 2, shift="classes")]
    validated = [Setting(data, *size, validated=True) for size in sizes]
    jobs = []
    for setting in [*plain, *shifted, *([*overlapping, *validated] if everything else [])]:
        tables = TABLES if setting in plain else READ if setting in overlapping else ("true", "half-wrong")
        others = OTHERS if setting in plain or (everything and not setting.validated) else ()
        for seed in seeds:
            jobs += [Job(setting, arm, "true", seed) for arm in ("single", "joint", "full", *others)]
            jobs += [Job(setting, "coupled", table, seed) for table in tables]
            if everything and setting in (*plain, *overlapping):
                jobs += [Job(setting, arm, table, seed) for arm in DECODED for table in READ]
    return jobs


def parts_grid(data: str, seeds: range, sizes: Sequence[Size] = ()) -> list[Job]:
    """Coupling without its parts, images that differ in nothing; of digits also with images annotated for neither.

    Where all images are annotated for one throughout, matching acts on none, and is not left out.
    """
    small = data in {"digits", "measured"}
    plain = [Setting(data, *size) for size in sizes or (DIGITS if small else LARGE)]
    neither = [Setting(data, *size, neither=800) for size in ((50, 100), (100, 50)) if data == "digits" and not sizes]
    jobs = []
    for setting in plain + neither:
        parts = [part for part in PARTS if part != "without matching" or setting.neither or data not in NAMES]
        for seed in seeds:
            jobs += [Job(setting, arm, "true", seed) for arm in ("single", "joint", "full", "coupled", *parts)]
            jobs += [Job(setting, arm, "half-wrong", seed) for arm in ("coupled", *parts)]
    return jobs


@cache
def code() -> str:
    """Digest of the sources that train: of conjoin, and of what else is used beside this file."""
    package, here = Path(conjoin.__file__).parent, Path(__file__).parent
    files = [
        *sorted(package.rglob("*.py")),
        *(here / f"quality_{name}.py" for name in ("decoding", "parts", "peers", "settings", "study")),
    ]
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()[:12]


def run(job: Job, folder: Path, precision: str | None = None) -> None:
    """Train and score, networks in this arithmetic or in that of the recipe; write the result when it is whole."""
    start, how = time.perf_counter(), recipe(job.setting)
    if precision:
        how = how.model_copy(update={"training": how.training.model_copy(update={"precision": precision})})
    made = problem(job.setting, job.table, job.seed)
    if job.arm in DECODED:
        done = run_decoded(job.arm, made, how, job.seed)
    elif job.arm in PARTS:
        done = run_part(job.arm, made, how, job.seed)
    else:
        done = PEERS[job.arm](made, how, job.seed) if job.arm in PEERS else run_arm(job.arm, made, how, job.seed)
    last = {name: values[-1] for name, values in done.evidence.items()}
    told: dict[str, Any] = {"seconds": time.perf_counter() - start, "evidence": last}
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
    told |= {"code": code(), "torch": torch.__version__, "device": str(device), "precision": how.training.precision}
    told["table error"] = [table_error(*table, job.setting, job.seed) for table in done.tables.items()]
    told["scores"] = [score._asdict() for score in done.scores]
    path = folder / job.file
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(told), "utf-8")
    draft.replace(path)


def results(jobs: list[Job], found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A line for each score."""
    for job, told in zip(jobs, found, strict=True):
        trusted = [value for values in told["evidence"].values() for value in values]
        for score in told["scores"]:
            more = {"seconds": told["seconds"], "table error": max(told["table error"], default=None)}
            more["largest evidence"] = max(trusted, default=None)
            yield {"setting": str(job.setting), "arm": job.name, "seed": job.seed} | score | more


def _begin() -> None:
    end_with_parent()
    code()  # of what is imported, whatever is edited while it runs
    torch.set_num_threads(1)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    logging.getLogger("lightning.fabric").setLevel(logging.ERROR)


def _size(text: str) -> Size:
    found = re.fullmatch(r"([1-9]\d*)\+([1-9]\d*)", text)
    if not found:
        raise argparse.ArgumentTypeError(
            f"should be images annotated for the class + for the others, as 500+10000. Found {text!r}."
        )
    return int(found[1]), int(found[2])


def _data(text: str) -> str:
    if text not in NAMES and not (is_study(text) and Path(text).is_file()):
        raise argparse.ArgumentTypeError(
            f"should be {', '.join(NAMES)}, or the file of a study (.yaml). Found {text!r}."
        )
    return text


def main() -> int:
    """Run what is missing, then judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "data", type=_data, help=f"{', '.join(NAMES)}, or the file of a study with relations from one of its tasks"
    )
    parser.add_argument("--sizes", nargs="+", type=_size, default=(), metavar="CLASS+OTHERS", help="annotated images")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="also the cells that tell more")
    which.add_argument("--parts", action="store_true", help="instead, coupling without each of its parts")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 4), metavar=("FIRST", "LAST"))
    parser.add_argument("--only", help="only settings whose name contains this")
    parser.add_argument("--precision", choices=PRECISIONS, help="arithmetic of the networks, if not the recipe's")
    parser.add_argument("--report", action="store_true", help="train nothing: report which of these runs are there")
    parser.add_argument("--out", type=Path, default=Path("runs/quality"))
    given = parser.parse_args()
    seeds = range(given.seeds[0], given.seeds[1] + 1)
    cells = parts_grid if given.parts else partial(grid, everything=given.all)
    jobs = [job for job in cells(given.data, seeds, given.sizes) if not given.only or given.only in str(job.setting)]
    left = [job for job in jobs if not (given.out / job.file).exists()]
    if given.report:
        jobs, left = [job for job in jobs if job not in left], []
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    pool = ProcessPoolExecutor(cores, multiprocessing.get_context("spawn"), initializer=_begin)
    with pool, Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(f"{len(jobs) - len(left)} of {len(jobs)} runs are there", total=len(left))
        try:
            for future in as_completed([pool.submit(run, job, given.out, given.precision) for job in left]):
                future.result()
                bar.advance(task)
        except BaseException:  # those that wait are not begun
            pool.shutdown(cancel_futures=True)
            raise
    if not jobs:
        parser.error(f"--report needs at least one run of this grid in {given.out}. Found none: leave --report out.")
    found = [json.loads((given.out / job.file).read_text("utf-8")) for job in jobs]
    if other := sum(told.get("code") != code() for told in found):
        what = f"{other} of {len(jobs)} runs in {given.out} are of other code than this"
        print(f"{what}; what is deleted there is trained again.", file=sys.stderr)
    if len(ways := {told.get("precision", PRECISIONS[0]) for told in found}) > 1:
        print(f"Runs in {given.out} are of different arithmetic, {', '.join(sorted(ways))}.", file=sys.stderr)
    suffix = "-parts" if given.parts else ""
    frame = write_grid(list(results(jobs, found)), given.out, data_name(given.data), suffix)
    return judge_grid(frame)


if __name__ == "__main__":
    sys.exit(main())
