"""Images of a study as data of the quality grid: those whose class is known, with what its relations tell of."""

from functools import cache
from pathlib import Path

import numpy as np
import torch

from conjoin.data import AnnotatedImages, Problem, StoredImages, is_known
from conjoin.sources import study_problem
from conjoin.study import Recipe, Study


def is_study(data: str) -> bool:
    """Whether this is the file of a study; the digits and the drawn faces are none."""
    return Path(data).suffix in {".yaml", ".yml"}


def study_recipe(path: str) -> Recipe:
    """How its networks are trained."""
    return _study(path).recipe


def study_images(path: str, most: int, seed: int) -> Problem[AnnotatedImages]:
    """Training images in the order of a seed, as many as there are but no more than `most`, and all test images.

    All annotations are shown. The class is the source of the study's relations, the other tasks are their targets.
    Tables are counted from all training images. Weights and thresholds are not chosen: all arms are trained to the end.
    """
    made, test = _stored(path)
    source = made.relations[0].source
    relations = tuple(relation for relation in made.relations if relation.source.name == source.name)
    tasks = (source, *(relation.target for relation in relations))
    known = is_known(made.train.annotation(source.name)).nonzero().flatten().numpy()
    rows = np.random.default_rng([seed, 6]).permutation(known)[:most]
    train = _in_memory(made.train, rows)
    return Problem(tasks, relations, train, test, everything=train)


@cache
def _study(path: str) -> Study:
    return Study.from_yaml(Path(path)).model_copy(update={"regime": None})


@cache
def _stored(path: str) -> tuple[Problem[StoredImages], AnnotatedImages]:
    made = study_problem(_study(path), cache_pixels=True)
    return made, _in_memory(made.test, np.arange(len(made.test)))


def _in_memory(images: StoredImages, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> AnnotatedImages:
    batch = images.read(rows.tolist())
    none = torch.zeros(len(rows), dtype=torch.long)
    return AnnotatedImages(batch.images / 255, batch.annotations, none, none.bool())
