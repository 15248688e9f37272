"""Rare classes and labels: what logit adjustment and tuned thresholds do to a study's tasks.

    python benchmarks/rare.py examples/fashion.yaml --data 'folder/*.parquet' --seeds 100 101

One network for all tasks is trained on all training annotations (without the study's regime), for each strength of
logit adjustment. Weights and thresholds are chosen on one half of the validation images; scores are of the other
half. No test image is read.
"""

import argparse
from dataclasses import replace

import numpy as np
import polars as pl

from conjoin.data import Problem, StoredImages
from conjoin.evaluation import Score, objectives, predict, score, train_network
from conjoin.sources import prepare, problem_of
from conjoin.study import Classes, Recipe, Study

STRENGTHS = (0.0, 0.5, 1.0)
METRICS = ("accuracy", "balanced accuracy")


def halved(study: Study, seed: int) -> Problem[StoredImages]:
    """The study's problem with one half of its validation images as validation, the other as test."""
    prepared = prepare(study, seed=seed)
    images = prepared.table["validation"]
    order = np.random.default_rng(seed).permutation(len(images))
    first, second = (images.select(np.sort(half)) for half in np.array_split(order, 2))
    return problem_of(replace(prepared, table={**prepared.table, "validation": first, "test": second}), study)


def measure(study: Study, strength: float, seed: int) -> list[Score]:
    """Every metric of every task on the second half."""
    tasks = {n: settings.model_copy(update={"logit_adjustment": strength}) for n, settings in study.tasks.items()}
    recipe = Recipe(training=study.training, backbone=study.backbone, augmentation=study.augmentation, tasks=tasks)
    problem = halved(study, seed)
    (objective,) = objectives("joint", problem, recipe)
    trained = train_network(objective, problem, recipe, seed)
    logits = predict(trained.network, problem.test)
    found = []
    for task in problem.tasks:
        truth, settings = problem.test.annotation(task.name), tasks[task.name]
        if isinstance(settings, Classes):
            for metric in METRICS:
                found += score(task, logits[task.name], truth, settings=settings.model_copy(update={"metric": metric}))
        else:
            for name, limits in (("at half", None), ("tuned", trained.thresholds.get(task.name))):
                (one,) = score(task, logits[task.name], truth, thresholds=limits)
                found.append(one._replace(metric=f"{one.metric}, {name}"))
    return found


def main() -> None:
    """Train all strengths on all seeds; print means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("--data", default=None, help="another path for the study's data source")
    parser.add_argument("--seeds", type=int, nargs="+", default=[100, 101])
    given = parser.parse_args()
    study = Study.from_yaml(given.study, data={"": given.data} if given.data else None)
    study = study.model_copy(update={"regime": None})
    rows = []
    for seed in given.seeds:
        for strength in STRENGTHS:
            for one in measure(study, strength, seed):
                rows.append({"seed": seed, "strength": strength, **one._asdict()})
                print(rows[-1], flush=True)
    table = pl.DataFrame(rows).pivot("strength", index=["task", "metric"], values="value", aggregate_function="mean")
    with pl.Config(tbl_rows=-1, float_precision=3):
        print(table)


if __name__ == "__main__":
    main()
