"""The demonstration: two tasks on handwritten digits whose labels never meet on one image."""

import shutil
import tempfile
from functools import partial
from pathlib import Path

import yaml
from pydantic import Field, PositiveFloat, PositiveInt
from rich.console import Console

from conjoin.data import AnnotatedImages, Problem
from conjoin.datasets import digits
from conjoin.evaluation import Run, coarse, details, judge, train_arms
from conjoin.report import (
    Contents,
    draw_differences,
    draw_evidence,
    draw_readings,
    print_results,
    run_bar,
    save,
    write_report,
    write_results,
)
from conjoin.study import Recipe, Strict, TrainingSettings


class DigitsData(Strict):
    """How many images of the built-in digits are annotated, and for what."""

    digit_images: PositiveInt = 50
    """Images annotated with their digit."""
    stroke_images: PositiveInt = 1000
    """Other images, annotated with their strokes."""


class DemoStudy(Strict):
    """A comparison of arms on the built-in digits."""

    data: DigitsData = DigitsData()
    training: TrainingSettings = TrainingSettings()
    arms: tuple[str, ...] = ("single", "joint", "kollias2024", "coupled")
    """Ways of training; the others are compared with `single`."""
    seeds: tuple[int, ...] = Field(default=(0, 1, 2, 3, 4), min_length=2)
    """Each decides annotated images, initial weights and batches."""
    margin: PositiveFloat = 0.01
    """Non-inferiority margin: "harm ruled out" rules out a loss this large or larger."""

    def to_yaml(self) -> str:
        """Text of the study file."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)


_WRITTEN = {
    *("study.yaml", "metrics.csv", "metrics.json", "report.html"),
    *(f"{picture}.{kind}" for picture in ("differences", "evidence", "readings") for kind in ("png", "svg")),
}

QUICK = DemoStudy(seeds=(0, 1), training=TrainingSettings(steps=100))
"""The same with two seeds and a third of the steps, to see that everything works."""


def demo(study: DemoStudy, folder: Path, console: Console, *, overwrite: bool = False) -> None:
    """Train all arms, show the comparison and write it to a folder.

    Nothing is written before everything is done.

    Raises:
        FileExistsError: if the folder exists and is not to be overwritten.

    """
    if folder.exists() and not overwrite:
        raise FileExistsError(f"`{folder}` exists. Choose another with --folder, or replace it with --overwrite.")
    found = {path.name for path in folder.glob("*")}
    if folder.exists() and ("study.yaml" not in found or found - _WRITTEN):
        raise FileExistsError(
            f"`{folder}` should hold an earlier demo and nothing else. Found {', '.join(sorted(found)) or 'nothing'}. "
            "It is not replaced: choose another with --folder."
        )
    data = study.data
    console.print(
        f"{data.digit_images} handwritten digits are annotated with their number, {data.stroke_images:,} others "
        "with their strokes. No image has both. A relation says which strokes each number has."
    )
    runs = _train(study, console)
    problem = digits(data.digit_images, data.stroke_images, seed=study.seeds[0])
    recipe = Recipe(training=study.training)
    rows, more = judge(runs, margin=study.margin, steps=coarse(problem, recipe)), details(runs, problem, recipe)
    print_results(rows, console, margin=study.margin)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".demo-") as scratch:
        draft = Path(scratch) / "draft"
        draft.mkdir()
        (draft / "study.yaml").write_text(study.to_yaml())
        write_results(draft, runs, rows, margin=study.margin, more=more)
        if set(study.arms) > {"single"}:
            save(draw_differences(rows, margin=study.margin), draft, "differences")
        _draw_digits(study, problem, runs, draft)
        contents = Contents("Handwritten digits", study.to_yaml(), rows, runs, study.margin, problem, more)
        write_report(draft / "report.html", contents)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    console.print(f"Written to {folder}: " + ", ".join(sorted(path.name for path in folder.iterdir())))
    console.print(f"To read: {folder / 'report.html'}", soft_wrap=True)


def _train(study: DemoStudy, console: Console) -> list[Run]:
    make_problem = partial(digits, study.data.digit_images, study.data.stroke_images)
    runs = []
    with run_bar(console) as progress:
        bar = progress.add_task("training", total=len(study.arms) * len(study.seeds))
        jobs = [(arm, seed) for seed in study.seeds for arm in study.arms]
        for run in train_arms(make_problem, jobs, Recipe(training=study.training)):
            runs.append(run)
            scores = ", ".join(f"{score.task.split('/')[-1]} {score.value:.3f}" for score in run.scores)
            progress.console.print(f"seed {run.seed} {run.arm}: {scores} ({run.seconds:.0f} s)")
            progress.advance(bar)
    order = {arm: place for place, arm in enumerate(study.arms)}
    return sorted(runs, key=lambda run: (order[run.arm], run.seed))


def _draw_digits(study: DemoStudy, problem: Problem[AnnotatedImages], runs: list[Run], folder: Path) -> None:
    digit, strokes = problem.tasks
    (relation,) = problem.relations
    if any(relation.name in run.evidence for run in runs):
        save(draw_evidence(runs, relation.name, strokes.outputs), folder, "evidence")
    readings = {
        run.arm: run.logits[digit.name].argmax(-1)
        for run in runs
        if run.seed == study.seeds[0] and run.arm in {"single", "joint", "coupled"}
    }
    truth = problem.test.annotations[digit.name]
    save(draw_readings(problem.test.images, truth, readings, digit.outputs), folder, "readings")
