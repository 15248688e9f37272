"""Images of a study as data of the quality grid: those whose class is known, with what its relations tell of."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from conjoin.data import AnnotatedImages, Problem, StoredImages, is_known
from conjoin.evaluation import hardened
from conjoin.sources import study_problem
from conjoin.study import Recipe, Study
from conjoin.tasks import Task


def is_study(data: str) -> bool:
    """Whether this is the file of a study; the digits and the drawn faces are none."""
    return Path(data).suffix in {".yaml", ".yml"}


def data_name(data: str) -> str:
    """What its results are called: studies/faces.yaml is not the drawn faces."""
    return f"study-{Path(data).stem}" if is_study(data) else data


def study_recipe(path: str) -> Recipe:
    """How its networks are trained."""
    return _study(path).recipe


def study_images(path: str, most: int, seed: int) -> Problem[AnnotatedImages]:
    """Training images in the order of a seed, as many as there are but no more than `most`, and all test images.

    All annotations are shown, soft ones as their most probable outcome. The class is the source of the study's first
    relation, the other tasks are the targets of that source. Tables are counted from all training images. Weights and
    thresholds are not chosen: all arms are trained to the end.

    Raises:
        ValueError: if the study has no relation.

    """
    made, test = _stored(path)
    if not made.relations:
        raise ValueError(f"{path} should have a relation, whose source is the class of the grid. Found none.")
    source = made.relations[0].source
    relations = tuple(relation for relation in made.relations if relation.source.name == source.name)
    tasks = (source, *(relation.target for relation in relations))
    known = is_known(made.train.annotation(source.name)).nonzero().flatten().numpy()
    rows = np.random.default_rng([seed, 6]).permutation(known)[:most]
    train = _in_memory(made.train, rows, made.tasks)
    return Problem(tasks, relations, train, test, everything=train)


@cache
def _study(path: str) -> Study:
    return Study.from_yaml(Path(path)).model_copy(update={"regime": None})


@cache
def _stored(path: str) -> tuple[Problem[StoredImages], AnnotatedImages]:
    made = study_problem(_study(path), cache_pixels=True)
    return made, _in_memory(made.test, np.arange(len(made.test)), made.tasks)


def _in_memory(images: StoredImages, rows: NDArray[np.int64], tasks: Sequence[Task]) -> AnnotatedImages:
    batch = images.read(rows.tolist())
    known = {task.name: hardened(task, batch.annotations[task.name]) for task in tasks}
    none = torch.zeros(len(rows), dtype=torch.long)
    return AnnotatedImages(batch.images / 255, known, none, none.bool())
