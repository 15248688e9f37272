"""Train the arms of a study on its seeds, each run once, and judge them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from os.path import commonprefix
from pathlib import Path

import torch
from rich.console import Console

from conjoin.data import Problem, StoredImages, shares
from conjoin.evaluation import (
    GUARDED,
    Row,
    Run,
    check_arms,
    check_comparison,
    coarse,
    details,
    guarded,
    judge,
    train_arms,
    try_network,
)
from conjoin.inspection import inspect_study
from conjoin.relations import Relation
from conjoin.report import (
    Contents,
    draw_differences,
    draw_evidence,
    print_results,
    print_skipped,
    run_bar,
    save,
    write,
    write_report,
    write_results,
)
from conjoin.runs._folder import claimed, in_one_process, listed, not_imported_by_a_child
from conjoin.runs._looks import looks_table
from conjoin.runs._origin import data_fingerprint
from conjoin.runs._stored import save_run, stored_run
from conjoin.sources import Given, place, prepare, problem_of, study_problem
from conjoin.study import Study
from conjoin.tasks import MultiClass
from conjoin.training import known_balance, known_loggers, make_loggers


def compare(
    study: Study,
    given: Given | None = None,
    *,
    folder: Path | None = None,
    overwrite: bool = False,
    processes: int | None = None,
    cache_pixels: bool = False,
    loggers: Sequence[str] = (),
    console: Console | None = None,
) -> list[Row]:
    """Train every arm of a study on every seed, say what that shows, and write it to `runs/<name>/compare`.

    Every finished run is kept there: a comparison that was interrupted goes on with the others, and so does one to
    whose study arms or seeds were added. Each run trains on one thread, so that results do not depend on how many
    train side by side.

    The folder then holds `study.yaml`, `runs/` (scores, losses and evidence over time, logits), `metrics.csv`,
    `metrics.json` (means, differences to single-task training, verdicts, and what `details` gives), `validation.csv`,
    `test.parquet` (file, row, group and annotations of each test image), pictures, and
    `report.html`, which shows all of it.

    Args:
        study: what to compare.
        given: data sets of sources of format `memory`, by name.
        folder: where to write.
        overwrite: replace what is there instead of going on with it.
        processes: how many runs train side by side; by default one for each core, or one where there is a GPU. Where
            there are several, a script calls this under `if __name__ == "__main__":`.
        cache_pixels: decode and resize every image once and keep it: 3 * height * width bytes an image.
        loggers: Lightning loggers of each run, see `make_loggers`; those that write files write to `logs/`.
        console: where to say what happens; nowhere by default.

    Returns:
        Mean and difference to single-task training of each arm on each task.

    Raises:
        DataError: if data cannot be used.
        FileExistsError: if the folder holds something else, or another process writes to it.
        RuntimeError: if a script calls it other than under `if __name__ == "__main__":`, and starts processes.
        ValueError: if an arm is unknown, `single` or a second seed is missing, or the folder holds results of
            another study or other data.

    """
    in_one_process("compare")
    not_imported_by_a_child()
    check_arms(study.arms)
    known_loggers(loggers)
    known_balance(study.training.balance)
    check_comparison(study.arms, study.seeds)
    console, folder = console or Console(quiet=True), folder or Path("runs") / study.name / "compare"
    for seed in reversed(study.seeds if study.regime else study.seeds[:1]):  # a regime draws other images for each
        prepared = prepare(study, given, seed=seed)
        problem = problem_of(prepared, study)
    try_network(problem.tasks, study.recipe)
    shares([len(rows) for rows in problem.train.sources().values()], study.training.batch_size)
    print_skipped(prepared.account, console)
    _print_same(study, console)
    data = data_fingerprint(study, given, prepared)
    origin = {"made by": "conjoin compare", "conjoin": version("conjoin"), "data": data}
    with claimed(folder, study, origin, overwrite=overwrite, go_on=True):
        test = prepared.hidden["test"].remove_columns(["image", "source"])
        test.with_format("polars")[:].write_parquet(folder / "test.parquet")
        train = partial(
            train_arms,
            partial(study_problem, study, given, cache_pixels=cache_pixels),
            recipe=study.recipe,
            processes=processes,
            keep=partial(save_run, folder=folder / "runs"),
            loggers=partial(make_loggers, loggers, folder / "logs"),
        )
        runs = _runs(study, train, folder / "runs", console)
        problem = _with_learnt_tables(problem, runs)
        rows = judge(runs, margin=study.margin, steps=coarse(problem, study.recipe))
        more = details(runs, problem, study.recipe)
        print_results(rows, console, margin=study.margin)
        write_results(folder, runs, rows, margin=study.margin, more=more)
        write(folder / "validation.csv", looks_table(runs).write_csv())
        if set(study.arms) > {"single"}:
            save(draw_differences(rows, margin=study.margin), folder, "differences")
        _draw(runs, problem, folder)
        folder_ends = commonprefix(test["file"][:]).rfind("/") + 1  # noqa: RUF071, cut at a folder here
        contents = Contents(
            study.name,
            study.to_yaml(),
            rows,
            runs,
            study.margin,
            problem,
            more,
            inspect_study(study, given),
            image_name=lambda row: place(test[row]["file"][folder_ends:], test[row]["row"]),
        )
        write_report(folder / "report.html", contents)
    console.print(f"Written to {folder}: {', '.join(listed(folder))}")
    console.print(f"To read: {folder / 'report.html'}", soft_wrap=True)
    return rows


def _print_same(study: Study, console: Console) -> None:
    """Say which arms are one and the same in this study."""
    if "full" in study.arms and not study.regime:
        console.print("Without a `regime` nothing is hidden: arm full is arm joint.")
    if not study.relations:
        console.print("Without `relations` there is nothing to couple: arm coupled is arm joint.")
    if len(study.tasks) == 1:
        console.print("With one task all arms are arm single.")


def _runs(
    study: Study, train: Callable[[list[tuple[str, int]]], Iterator[Run]], folder: Path, console: Console
) -> list[Run]:
    """All runs of a study, the finished ones from the folder."""
    wanted = [(arm, seed) for seed in study.seeds for arm in study.arms if arm != GUARDED]
    runs = {job: run for job in wanted if (run := stored_run(*job, folder))}
    left = [job for job in wanted if job not in runs]
    if runs:
        console.print(f"{len(runs)} of {len(wanted)} runs are finished and kept.")
    with run_bar(console) as bar:
        task = bar.add_task("training", total=len(left))
        for run in train(left):
            runs[run.arm, run.seed] = run
            scores = ", ".join(f"{score.task} {score.value:.3f}" for score in run.scores)
            bar.console.print(f"seed {run.seed} {run.arm}: {scores} ({run.seconds:.0f} s)")
            bar.advance(task)
    for seed in study.seeds if GUARDED in study.arms else ():
        runs[GUARDED, seed] = guarded(runs["single", seed], runs["coupled", seed])
    return [runs[arm, seed] for arm in study.arms for seed in study.seeds]


def _with_learnt_tables(problem: Problem[StoredImages], runs: Sequence[Run]) -> Problem[StoredImages]:
    """With those tables that runs learnt, each the mean over the runs of one arm: for the report."""
    relations = []
    for relation in problem.relations:
        if learnt := [run for run in runs if relation.name in run.tables]:
            tables = torch.tensor([run.tables[relation.name] for run in learnt if run.arm == learnt[-1].arm])
            origin = f"learnt, mean over {len(tables)} runs of {learnt[-1].arm}"
            relation = Relation(relation.source, relation.target, tables.mean(0), origin=origin)  # noqa: PLW2901
        relations.append(relation)
    return replace(problem, relations=tuple(relations))


def _draw(runs: Sequence[Run], problem: Problem[StoredImages], folder: Path) -> None:
    """Evidence of each relation over time."""
    for number, relation in enumerate(problem.relations, 1):
        if any(relation.name in run.evidence for run in runs):
            target = relation.target
            names = [target.name] if isinstance(target, MultiClass) else target.outputs
            save(draw_evidence(runs, relation.name, names), folder, f"evidence-{number}")
