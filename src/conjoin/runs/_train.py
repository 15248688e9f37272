"""Train one network on a study, and keep it as a model."""

import csv
import io
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import polars as pl
from rich.console import Console
from torch import Tensor

from conjoin.data import MixedBatches
from conjoin.evaluation import (
    ARMS,
    Run,
    Trained,
    known_arms,
    objectives,
    train_network,
    try_network,
    unknown_relations,
    with_learned_tables,
)
from conjoin.model import Model
from conjoin.objective import Objective
from conjoin.relations import Relation
from conjoin.report import print_scores, print_skipped, write
from conjoin.runs._delivered import delivered, scored
from conjoin.runs._folder import claimed, in_one_process, listed
from conjoin.runs._looks import looks_table
from conjoin.runs._origin import data_fingerprint
from conjoin.sources import Given, prepare, problem_of
from conjoin.study import Study
from conjoin.training import known_balance, known_loggers, make_loggers, quiet


def train(
    study: Study,
    given: Given | None = None,
    *,
    arm: str = "coupled",
    guard: bool = False,
    seed: int | None = None,
    folder: Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    workers: int = 0,
    cache_pixels: bool = False,
    loggers: Sequence[str] = ("tensorboard",),
    console: Console | None = None,
) -> Model:
    """Train one network on all sources of a study, and write it to `runs/<name>/train`.

    The folder then holds `study.yaml`, `model/` (see `conjoin.load`), `metrics.csv` (scores on the test images, which
    are looked at once, in the end), `validation.csv` (scores on validation images over time), each table that was
    learnt as `<source>-<target>.csv` and, of an arm that reads tables, as annotations of the target corrected it
    (`Objective.corrected`) as `<source>-<target>-corrected.csv`, `checkpoints/` and `logs/`.

    Args:
        study: what to train.
        given: data sets of sources of format `memory`, by name.
        arm: how to train: an arm with one network.
        guard: also train a network for each task alone, and deliver for each task what validation images prefer:
            then nothing that is delivered is worse there than single-task training. It takes about as long again for
            each task, and the model holds all networks that are needed.
        seed: of initial weights, batches, and of what a regime keeps; by default the first of the study.
        folder: where to write.
        overwrite: replace what is there.
        resume: go on with a run that was interrupted, to the bit.
        workers: processes that read images.
        cache_pixels: decode and resize every image once and keep it: 3 * height * width bytes an image.
        loggers: Lightning loggers, see `make_loggers`; those that write files write to `logs/`.
        console: where to say what happens; nowhere by default.

    Raises:
        DataError: if data cannot be used.
        FileExistsError: if there are results already, and they are neither to be replaced nor gone on with.
        ValueError: if the arm is unknown or has several networks, or results are of another study.

    """
    in_one_process("train")
    known_arms([arm])
    known_loggers(loggers)
    known_balance(study.training.balance)
    if resume and overwrite:
        raise ValueError("`resume` goes on with what is there and `overwrite` deletes it. Give one of them.")
    console, seed = console or Console(quiet=True), study.seeds[0] if seed is None else seed
    folder = folder or Path("runs") / study.name / "train"
    prepared = prepare(study, given, seed=seed)
    problem = problem_of(prepared, study, cache_pixels=cache_pixels)
    try_network(problem.tasks, study.recipe)
    print_skipped(prepared.account, console)
    objective, *more = objectives(arm, problem, study.recipe)
    if more:
        raise ValueError(f"`arm` should train one network. Found {arm!r}, which trains one for each task.")
    settings = study.training
    epoch = MixedBatches(problem.train.sources(), settings.batch_size, settings.steps, seed).epoch
    if guard and problem.validation is None:
        raise ValueError("`guard` should have validation images to choose by. Found none.")
    origin = {
        "made by": "conjoin train",
        "conjoin": version("conjoin"),
        "arm": arm,
        "guard": guard,
        "seed": seed,
        "data": data_fingerprint(study, given, prepared),
    }
    with claimed(folder, study, origin, overwrite=overwrite, go_on=resume), quiet():
        console.print(
            f"{arm}, seed {seed}: {settings.steps:,} steps of {settings.batch_size} images. After {epoch:,} steps "
            f"every one of {len(problem.train):,} images has been seen."
        )
        if ARMS[arm].related and not study.relations:
            console.print("Without `relations` there is nothing to couple: this is arm joint.")
        if ARMS[arm].related and (unknown := unknown_relations(problem)):
            console.print(f"First, a network without coupling, to learn {', '.join(sorted(unknown))}.")
            problem, _ = with_learned_tables(problem, study.recipe, seed)
            (objective,) = objectives(arm, problem, study.recipe)
            learnt = {relation.name: relation.table for relation in problem.relations if relation.name in unknown}
            _write_tables(problem.relations, learnt, folder, ".csv")

        def train_one(objective: Objective, name: str, place: Path = folder, everything: bool = False) -> Trained:
            return train_network(
                objective,
                problem,
                study.recipe,
                seed,
                everything=everything,
                folder=place,
                resume=resume,
                workers=workers,
                progress=console.is_terminal,
                loggers=make_loggers(loggers, folder / "logs", f"{name}-{seed}"),
            )

        trained = train_one(objective, arm, everything=ARMS[arm].everything)
        _write_tables(problem.relations, objective.corrected(), folder, "-corrected.csv")
        singles = []
        for number, single in enumerate(objectives("single", problem, study.recipe) if guard else []):
            console.print(f"Alone: {', '.join(single.tasks)}.")
            singles.append(train_one(single, f"single-{number}", folder / "alone" / str(number)))
        found = scored(arm, trained, singles, problem, study.recipe)
        rows = pl.DataFrame([{"arm": a, "seed": seed, **one._asdict()} for a, one in found])
        write(folder / "metrics.csv", rows.write_csv())
        runs = [Run(arm, seed, looks=[trained.looks]), Run("single", seed, looks=[one.looks for one in singles])]
        write(folder / "validation.csv", looks_table(runs).write_csv())
        model = delivered(trained, singles, study.backbone.name, problem.train.preprocessing)
        shutil.rmtree(folder / "model", ignore_errors=True)
        model.save(folder / "model")
    print_scores(found, console)
    console.print(f"Written to {folder}: {', '.join(listed(folder))}")
    return model


def _write_tables(relations: Sequence[Relation], tables: Mapping[str, Tensor], folder: Path, ending: str) -> None:
    """Each table that is there, as a matrix that a study reads as `file`."""
    for relation in relations:
        if relation.name in tables:
            text = io.StringIO()
            lines = csv.writer(text, lineterminator="\n")
            lines.writerow([relation.source.name, *relation.target.outputs])
            values = tables[relation.name].tolist()
            lines.writerows([name, *row] for name, row in zip(relation.source.outputs, values, strict=True))
            write(folder / f"{relation.source.name}-{relation.target.name}{ending}", text.getvalue())
