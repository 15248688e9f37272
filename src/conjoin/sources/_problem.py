"""What the arms of a study have in common."""

from pathlib import Path

import datasets
import torch
from torch import Tensor

from conjoin.data import Preprocessing, Problem, StoredImages
from conjoin.network import pixel_scale
from conjoin.sources._aside import set_aside
from conjoin.sources._mapped import cache_folder
from conjoin.sources._open import Given
from conjoin.sources._prepare import Prepared, prepare
from conjoin.sources._relations import build_relations
from conjoin.study import Backbone, Study


def study_problem(
    study: Study, given: Given | None = None, *, seed: int = 0, cache: Path | None = None, cache_pixels: bool = False
) -> Problem[StoredImages]:
    """Prepare a study's data for one seed: `prepare`, then `problem_of`."""
    return problem_of(prepare(study, given, seed=seed, cache=cache), study, cache=cache, cache_pixels=cache_pixels)


def problem_of(
    prepared: Prepared, study: Study, *, cache: Path | None = None, cache_pixels: bool = False
) -> Problem[StoredImages]:
    """Tasks, relations and images of a study, some training images set aside from couplings (`set_aside`).

    Args:
        prepared: its data.
        study: the study.
        cache: folder of caches; by default beside that of Hugging Face `datasets`.
        cache_pixels: whether to decode and resize every image once and keep it: 3 * height * width bytes an image.

    Raises:
        DataError: if a relation cannot be found or counted.
        ValueError: if a table does not fit its tasks.

    """
    preprocessing = _preprocessing(study.backbone)

    def images(table: datasets.Dataset, aside: Tensor | None = None) -> StoredImages:
        stored = StoredImages(table, preprocessing, set_aside=aside)
        return stored.cached((cache or cache_folder()) / "pixels") if cache_pixels else stored

    return Problem(
        prepared.tasks,
        build_relations(study, prepared),
        train=images(prepared.table["train"], torch.from_numpy(set_aside(study, prepared))),
        test=images(prepared.table["test"]),
        validation=images(prepared.table["validation"]) if len(prepared.table["validation"]) else None,
        everything=images(prepared.hidden["train"]) if study.regime else None,
        clusters=prepared.table["test"]["group"][:],
    )


def _preprocessing(backbone: Backbone) -> Preprocessing:
    """Pixels as the weights were trained with; else as most are, which weights drawn at random do not mind."""
    scale = pixel_scale(backbone.name) if backbone.weights else None
    how = dict(zip(("mean", "std"), scale, strict=True)) if scale else {}
    return Preprocessing(size=backbone.image_size, **how)
