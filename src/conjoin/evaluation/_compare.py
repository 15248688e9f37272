"""Train every arm on every seed, in parallel, each run on one thread so that results repeat."""

import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, NamedTuple

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback

from conjoin.data import Images, Problem, is_known, shares
from conjoin.evaluation._arms import ARMS
from conjoin.evaluation._metrics import Score, predict, score
from conjoin.network import Network
from conjoin.study import TrainingSettings
from conjoin.training import Learner, fit

TRACE_EVERY = 10
"""Optimizer steps between two entries of the evidence over time."""


class Run(NamedTuple):
    """One arm on one seed."""

    arm: str
    seed: int
    scores: list[Score]
    seconds: float
    evidence: dict[str, list[list[float]]]
    """By relation: evidence of each variable, every `TRACE_EVERY` steps."""
    logits: dict[str, torch.Tensor]
    """Logits on the test images, by task."""


class _Trace(Callback):
    """Keeps the evidence over time."""

    def __init__(self) -> None:
        self.evidence: dict[str, list[list[float]]] = {}

    def on_train_batch_end(self, trainer: L.Trainer, learner: L.LightningModule, *_: Any) -> None:
        if trainer.global_step % TRACE_EVERY == 0 and isinstance(learner, Learner):
            for name, evidence in learner.objective.evidence().items():
                self.evidence.setdefault(name, []).append(evidence.tolist())


def run_arm(arm: str, problem: Problem[Images], settings: TrainingSettings, seed: int) -> Run:
    """Train the networks of one arm on one seed and score them on the test images.

    Every arm takes the same number of optimizer steps for each of its networks. A network for one
    task is given as many images a step as a mixed batch holds for that task: where each source is
    annotated throughout or not at all for a task, the very same images in the same order; else as
    many on average. On the same seed, networks of the same shape start from the same weights.
    """
    start, trace = time.perf_counter(), _Trace()
    scores: list[Score] = []
    logits: dict[str, torch.Tensor] = {}
    for objective in ARMS[arm](problem.tasks, problem.relations):
        tasks = list(objective.tasks.values())
        L.seed_everything(seed, verbose=False)
        network = Network(tasks, channels=problem.train.channels)
        data, own = problem.train, settings
        if len(tasks) == 1:
            data = problem.train.annotated(tasks[0].name)
            own = settings.model_copy(update={"batch_size": _share(problem.train, tasks[0].name, settings.batch_size)})
        fit(network, objective, data, own, seed=seed, callbacks=[trace])
        logits |= predict(network, problem.test)
        for task in tasks:
            scores += score(task, logits[task.name], problem.test, problem.groups.get(task.name))
    return Run(arm, seed, scores, time.perf_counter() - start, trace.evidence, logits)


def compare(
    make_problem: Callable[..., Problem[Any]],
    arms: Sequence[str],
    seeds: Sequence[int],
    settings: TrainingSettings,
    *,
    workers: int | None = None,
) -> Iterator[Run]:
    """Train all arms on all seeds; give each run as soon as it is done.

    Args:
        make_problem: called with `seed=`; a top-level function or a `functools.partial` of one.
        arms: names from `ARMS`.
        seeds: seeds of annotated images, initial weights and batches alike.
        settings: how every network is trained.
        workers: processes; by default one for each core.

    Raises:
        ValueError: if an arm is unknown.

    """
    if unknown := [arm for arm in arms if arm not in ARMS]:
        raise ValueError(f"`arms` should be among {list(ARMS)}. Found {unknown}.")
    jobs = [(arm, seed) for seed in seeds for arm in arms]
    workers = min(workers or _cores(), len(jobs))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_one_thread) as pool:
        futures = [pool.submit(_job, make_problem, arm, settings, seed) for arm, seed in jobs]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _share(data: Images, name: str, batch_size: int) -> int:
    """How many images of a mixed batch are annotated for a task; the mean, where it varies."""
    known, sources = is_known(data.annotation(name)), list(data.sources().values())
    annotated = [float(known[rows.long()].float().mean()) for rows in sources]
    counts = shares([len(rows) for rows in sources], batch_size)
    mean = sum(count * share for count, share in zip(counts, annotated, strict=True))
    return max(round(mean), sum(share > 0 for share in annotated))


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _job(make_problem: Callable[..., Problem[Any]], arm: str, settings: TrainingSettings, seed: int) -> Run:
    return run_arm(arm, make_problem(seed=seed), settings, seed)


def _one_thread() -> None:
    torch.set_num_threads(1)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    logging.getLogger("lightning.fabric").setLevel(logging.ERROR)
