"""Train every arm on every seed, in parallel, each run on one thread so that results repeat."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger

from conjoin.data import Images, Problem
from conjoin.evaluation._arms import ARMS, known_arms
from conjoin.evaluation._learned import unknown_relations, with_learned_tables
from conjoin.evaluation._metrics import Score, predict
from conjoin.evaluation._train import Trained, objectives, train_network
from conjoin.evaluation._validation import scores
from conjoin.evaluation._workers import end_with_parent
from conjoin.study import Recipe
from conjoin.training import DivergedError, Learner, Look, quiet

TRACE_EVERY = 10
"""Optimizer steps between two entries of what is kept over time."""


@dataclass
class Run:
    """One arm on one seed."""

    arm: str
    seed: int
    scores: list[Score] = field(default_factory=list)
    seconds: float = 0.0
    images: int = 0
    """Images seen in training, repetitions counted, of all its networks together."""
    parameters: int = 0
    """Of all its networks together."""
    evidence: dict[str, list[list[float]]] = field(default_factory=dict)
    """By relation: evidence of each variable, every `TRACE_EVERY` steps."""
    losses: dict[str, list[float]] = field(default_factory=dict)
    """By term of the loss: its mean over the images it acts on, in nats, mean over every `TRACE_EVERY` steps; a step
    that has no such image counts as 0."""
    logits: dict[str, torch.Tensor] = field(default_factory=dict)
    """Logits on the test images, by task."""
    thresholds: dict[str, list[float]] = field(default_factory=dict)
    """By task with labels: probability from which on each counts as present, where tuned on validation images."""
    tables: dict[str, list[list[float]]] = field(default_factory=dict)
    """By relation: the table, where the run learnt it."""
    corrected: dict[str, list[list[float]]] = field(default_factory=dict)
    """By relation: the table as annotations of its target had corrected it in the end."""
    looks: list[list[Look]] = field(default_factory=list)
    """For each network, what every look at the validation images showed."""

    def add(self, trained: Trained) -> None:
        """Add what a network cost."""
        self.images += trained.images
        self.parameters += sum(parameter.numel() for parameter in trained.network.parameters())


class _Trace(Callback):
    """Keeps evidence and losses over time."""

    def __init__(self) -> None:
        self.evidence: dict[str, list[list[float]]] = {}
        self.losses: dict[str, list[float]] = {}
        self._sums: dict[str, torch.Tensor] = {}

    def on_train_start(self, *_: Any) -> None:
        self._sums = {}  # of another network

    def on_train_batch_end(self, trainer: L.Trainer, learner: L.LightningModule, *_: Any) -> None:
        if not isinstance(learner, Learner):
            return
        for name, value in learner.objective.terms.items():
            self._sums[name] = self._sums.get(name, torch.zeros_like(value)) + value
        if trainer.global_step % TRACE_EVERY == 0:
            for name, total in self._sums.items():
                self.losses.setdefault(name, []).append(float(total) / TRACE_EVERY)
            self._sums = {}
            for name, evidence in learner.objective.evidence().items():
                self.evidence.setdefault(name, []).append(evidence.tolist())


def run_arm(
    arm: str,
    problem: Problem[Images],
    recipe: Recipe,
    seed: int,
    loggers: Callable[[str], Sequence[Logger]] | None = None,
) -> Run:
    """Train the networks of one arm on one seed and score them on the test images.

    Every arm takes the same number of optimizer steps for each of its networks; see `train_network`.

    Args:
        arm: from `ARMS`.
        problem: images to train, validate and test on.
        recipe: how to build, train and measure.
        seed: of weights and batches.
        loggers: makes Lightning loggers for a network, of the name that it is given.
    """
    start, trace = time.perf_counter(), _Trace()
    run = Run(arm, seed, evidence=trace.evidence, losses=trace.losses)
    if ARMS[arm].related and (unknown := unknown_relations(problem)):
        problem, teacher = with_learned_tables(problem, recipe, seed)
        run.tables = {r.name: r.table.tolist() for r in problem.relations if r.name in unknown}
        run.add(teacher)
    for objective in objectives(arm, problem, recipe):
        everything = ARMS[arm].everything
        name = "-".join([arm, str(seed), *objective.tasks][: 3 if len(objective.tasks) == 1 else 2])
        trained = train_network(
            objective,
            problem,
            recipe,
            seed,
            everything=everything,
            loggers=loggers(name) if loggers else [],
            callbacks=[trace],
        )
        logits = predict(trained.network, problem.test)
        run.logits.update(logits)
        run.thresholds.update({name: limits.tolist() for name, limits in trained.thresholds.items()})
        run.looks.append(trained.looks)
        run.corrected.update({name: table.tolist() for name, table in objective.corrected().items()})
        run.add(trained)
        run.scores.extend(scores(trained.tasks, logits, problem.test, problem, recipe, thresholds=trained.thresholds))
    run.seconds = time.perf_counter() - start
    return run


def train_arms(
    make_problem: Callable[..., Problem[Any]],
    jobs: Sequence[tuple[str, int]],
    recipe: Recipe,
    *,
    processes: int | None = None,
    keep: Callable[[Run], None] | None = None,
    loggers: Callable[[str], Sequence[Logger]] | None = None,
) -> Iterator[Run]:
    """Train arms on seeds; give each run as soon as it is done.

    In a program of its own, call it under `if __name__ == "__main__":`, since processes import that program.

    Args:
        make_problem: called with `seed=`; a top-level function or a `functools.partial` of one.
        jobs: arm, from `ARMS`, and seed: of annotated images, initial weights and batches alike.
        recipe: how every network is built, trained and measured.
        processes: how many train side by side; by default one for each core, or one where there is a GPU. One is this
            process itself.
        keep: called with each run in the process that trained it, so that it is kept whatever happens to others.
        loggers: as of `run_arm`; it may go to other processes.

    Raises:
        ValueError: if an arm is unknown.

    """
    known_arms([arm for arm, _ in jobs])
    if not jobs:
        return
    processes = min(processes or (1 if torch.accelerator.is_available() else _cores()), len(jobs))
    if processes == 1:
        yield from (_job(make_problem, job, recipe, keep, loggers) for job in jobs)
        return
    context, before = multiprocessing.get_context("spawn"), set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(processes, context, end_with_parent)
    futures = [pool.submit(_job, make_problem, job, recipe, keep, loggers) for job in jobs]
    workers = set(multiprocessing.active_children()) - before  # started by submitting, and no others
    try:
        for future in as_completed(futures):
            yield future.result()
    except BaseException:  # an interruption, too, does not wait for runs that nobody will see
        pool.shutdown(wait=False, cancel_futures=True)
        for child in workers:
            child.kill()  # Lightning would answer a gentler signal at its leisure
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _job(
    make_problem: Callable[..., Problem[Any]],
    job: tuple[str, int],
    recipe: Recipe,
    keep: Callable[[Run], None] | None,
    loggers: Callable[[str], Sequence[Logger]] | None,
) -> Run:
    arm, seed = job
    with _one_thread(), quiet():
        try:
            run = run_arm(arm, make_problem(seed=seed), recipe, seed, loggers)
        except DivergedError as error:
            raise DivergedError(f"Arm {arm}, seed {seed}: {error}") from error
    if keep is not None:
        keep(run)
    return run


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
