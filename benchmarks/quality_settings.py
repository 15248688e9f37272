"""Settings of the quality grid: which images are annotated for what, and which table is given."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from quality_study import data_name, is_study, study_images, study_recipe
from torch import Tensor
from torchvision.transforms import v2

from conjoin.data import AnnotatedImages, Problem
from conjoin.datasets import digits, drawn_faces_problem
from conjoin.relate import count_relation
from conjoin.relations import Relation
from conjoin.study import Recipe, TrainingSettings
from conjoin.tasks import MultiClass, MultiLabel, Task

Table = Literal["true", "counted", "learned", "noisy", "uninformative", "permuted", "half-wrong"]
TABLES: tuple[Table, ...] = ("true", "counted", "learned", "noisy", "uninformative", "permuted", "half-wrong")
WRONG: tuple[Table, ...] = ("uninformative", "permuted", "half-wrong")
"""Tables that are wrong for most classes; coupled should equal joint."""
CO_ANNOTATED = 200
"""Images that a counted table is counted from, or that validate, or as many as are left; they are not trained on."""


@dataclass(frozen=True)
class Setting:
    """Who is annotated for what.

    Args:
        data: "digits", "measured" (digits with those properties alone that vary within one), "faces" or the file of
            a study.
        first: images annotated for the class.
        second: images annotated for the labels.
        overlap: share of the smaller part that is in both.
        shift: "none"; "look": images of the second part are blurred and lose contrast; "classes": frequencies of the
            classes in the second part fall evenly to a fifth, from the first class to the last.
        validated: whether networks are trained until validation images say to stop (`recipe`); else for all steps.
        neither: further images, annotated for nothing, a source of their own.

    """

    data: str
    first: int
    second: int
    overlap: float = 0.0
    shift: Literal["none", "look", "classes"] = "none"
    validated: bool = False
    neither: int = 0

    def __str__(self) -> str:
        """Name of a folder."""
        more = [f"overlap{self.overlap:g}"] * (self.overlap > 0) + [self.shift] * (self.shift != "none")
        more += ["validated"] * self.validated + [f"neither{self.neither}"] * (self.neither > 0)
        return "-".join([data_name(self.data), f"{self.first}+{self.second}", *more])


def recipe(setting: Setting) -> Recipe:
    """How all arms are trained: as in `conjoin demo`, on drawn faces for as long as `studies/affect-drawn.yaml`.

    Where validation images stop them, there are four times as many steps, with 24 looks, of which eight in a row that
    find nothing better are the end.
    """
    made = Recipe(training=TrainingSettings(steps=2000)) if setting.data == "faces" else Recipe()
    if is_study(setting.data):
        made = study_recipe(setting.data)
    if not setting.validated:
        return made
    steps = made.training.steps
    until = {"steps": 4 * steps, "validate_every": max(steps // 6, 1), "patience": 8}
    return made.model_copy(update={"training": made.training.model_copy(update=until)})


def problem(setting: Setting, table: Table, seed: int) -> Problem[AnnotatedImages]:
    """The problem of one seed: annotated images are drawn by it, and so is what is wrong with a table."""
    whole = _whole(setting.data, setting.first, setting.second, seed)
    images = whole.everything
    assert images is not None
    first = np.arange(setting.first)
    both = round(setting.overlap * min(setting.first, setting.second))
    rest = np.arange(setting.first, len(images))
    if setting.shift == "classes":
        rest = _skewed(rest, images.annotation(whole.tasks[0].name)[rest].numpy(), seed)
    if len(images) < setting.first or len(rest) < setting.second - both + setting.neither:
        raise ValueError(f"{setting} should have as many images. Found {len(images)} with a class.")
    second, neither = np.split(rest[: setting.second - both + setting.neither], [setting.second - both])
    rows = torch.from_numpy(np.concatenate([first, second, neither]))
    place, annotated = torch.arange(len(rows)), len(rows) - setting.neither
    has_class, has_labels = place < setting.first, (place >= setting.first - both) & (place < annotated)
    aside = torch.cat([torch.arange(len(part)) < min(len(part) // 5, 50) for part in (first, second)])
    aside = torch.cat([aside, torch.zeros(setting.neither, dtype=torch.bool)])
    pixels = images.images[rows]
    if setting.shift == "look":
        blurred = v2.functional.gaussian_blur(pixels[setting.first :], [3, 3], [0.7, 0.7])
        pixels = torch.cat([pixels[: setting.first], 0.2 + 0.6 * blurred])
    known = {task.name: images.annotation(task.name)[rows] for task in whole.tasks}
    everything = AnnotatedImages(pixels, known, (place >= setting.first).long() + (place >= annotated), aside)
    masks = {task.name: has_labels for task in whole.tasks} | {whole.tasks[0].name: has_class}
    shown = {name: _where(masks[name], values) for name, values in known.items()}
    rows_left = np.setdiff1d(np.arange(len(images)), rows.numpy())
    relations = tuple(_relation(given, table, whole, rows_left, seed) for given in whole.relations)
    made = replace(whole, relations=relations, train=replace(everything, annotations=shown), everything=everything)
    return replace(made, validation=_validation(whole, rows_left)) if setting.validated else made


def table_error(name: str, found: list[list[float]], setting: Setting, seed: int) -> float:
    """Mean absolute difference between a relation's table and how often labels go with classes in training images."""
    whole = _whole(setting.data, setting.first, setting.second, seed)
    assert whole.everything is not None
    (given,) = (relation for relation in whole.relations if relation.name == name)
    classes, labels = (whole.everything.annotation(task.name) for task in (given.source, given.target))
    if labels.ndim == 1:
        classes, labels = classes[labels >= 0], torch.nn.functional.one_hot(labels[labels >= 0], len(found[0]))
    seen = [labels[classes == code].double() for code in range(len(found))]
    true = torch.stack([rows.where(rows >= 0, torch.nan).nanmean(0) for rows in seen])  # nothing seen: not compared
    return float((torch.tensor(found).double() - true).abs().nanmean())


@lru_cache(maxsize=1)  # jobs come setting by setting and seed by seed; images are large
def _whole(data: str, first: int, second: int, seed: int) -> Problem[AnnotatedImages]:
    """All training images in the order of a seed, with all annotations."""
    if is_study(data):
        return study_images(data, first + 2 * second + CO_ANNOTATED, seed)  # some to choose from by class
    if data == "digits":
        return digits(600, 600, seed=seed)
    if data == "measured":
        return _measured(digits(600, 600, seed=seed))
    return drawn_faces_problem(first + CO_ANNOTATED, 2 * second, seed=seed)  # some to choose from by class


def _measured(whole: Problem[AnnotatedImages]) -> Problem[AnnotatedImages]:
    """Without the segments: a relation that is right, since counted from all training images, and tells little."""
    digit, strokes = whole.tasks
    assert isinstance(digit, MultiClass)
    assert whole.everything is not None
    names = whole.groups[strokes.name]["measured"]
    task, columns = MultiLabel(strokes.name, names), [strokes.outputs.index(name) for name in names]

    def restricted(images: AnnotatedImages) -> AnnotatedImages:
        return replace(images, annotations={**images.annotations, task.name: images.annotation(task.name)[:, columns]})

    train, test, everything = (restricted(part) for part in (whole.train, whole.test, whole.everything))
    made = replace(whole, tasks=(digit, task), train=train, test=test, everything=everything, groups={})
    return replace(made, relations=(_count(made, torch.arange(len(everything)), digit, task),))


def _skewed(rows: NDArray[np.int_], classes: NDArray[np.int_], seed: int) -> NDArray[np.int_]:
    """Rows in an order whose beginning has the class frequencies of shift "classes"."""
    keep = np.linspace(1, 0.2, classes.max() + 1)[classes]
    chosen = np.random.default_rng([seed, 3]).random(len(rows)) < keep
    return np.concatenate([rows[chosen], rows[~chosen]])


def _validation(whole: Problem[AnnotatedImages], unused: NDArray[np.int_]) -> AnnotatedImages:
    """Images that are left, every other one annotated for the class, the rest for the other tasks."""
    images = whole.everything
    assert images is not None
    rows = torch.from_numpy(unused[:CO_ANNOTATED])
    first = torch.arange(len(rows)) % 2 == 0
    masks = {task.name: first if task is whole.tasks[0] else ~first for task in whole.tasks}
    shown = {name: _where(mask, images.annotation(name)[rows]) for name, mask in masks.items()}
    return AnnotatedImages(images.images[rows], shown, (~first).long(), torch.zeros(len(rows), dtype=torch.bool))


def _where(mask: Tensor, values: Tensor) -> Tensor:
    return torch.where(mask.reshape(-1, *[1] * (values.ndim - 1)), values, -1)


def _relation(
    given: Relation, table: Table, whole: Problem[AnnotatedImages], unused: NDArray[np.int_], seed: int
) -> Relation:
    source, target = given.source, given.target
    values = given.table.double().numpy()
    rng = np.random.default_rng([seed, 4])
    if table == "true":
        return given
    if table == "learned":
        return Relation.unknown(source, target)
    if table == "counted":
        return _counted(whole, unused, source, target, seed)
    if table == "noisy":  # unit noise on the log-odds, or on the log-probabilities
        exclusive = isinstance(target, MultiClass)
        noisy = np.exp(np.log(values if exclusive else values / (1 - values)) + rng.standard_normal(values.shape))
        values = noisy / (noisy.sum(1, keepdims=True) if exclusive else 1 + noisy)
    elif table == "uninformative":
        values = np.tile(values.mean(0), (len(values), 1))
    else:
        moved = rng.permutation(len(values))[: len(values) if table == "permuted" else len(values) // 2]
        order = np.arange(len(values))
        order[moved] = np.roll(moved, 1)  # a cycle: none of these keeps its own row
        values = values[order]
    return Relation(source, target, values.tolist(), origin=f"{given.origin}, made {table}")


def _counted(
    whole: Problem[AnnotatedImages], unused: NDArray[np.int_], source: MultiClass, target: Task, seed: int
) -> Relation:
    rows = torch.from_numpy(np.random.default_rng([seed, 5]).permutation(unused)[:CO_ANNOTATED])
    return _count(whole, rows, source, target)


def _count(whole: Problem[AnnotatedImages], rows: Tensor, source: MultiClass, target: Task) -> Relation:
    images = whole.everything
    assert images is not None
    classes = [source.outputs[code] for code in images.annotation(source.name)[rows].tolist()]
    labels = images.annotation(target.name)[rows]
    if isinstance(target, MultiClass):
        names = [None if code < 0 else target.outputs[code] for code in labels.tolist()]
        frame = pl.DataFrame({"class": classes, "target": names}, {"class": pl.String, "target": pl.String})
        counted = count_relation(frame, "class", "target", classes=source.outputs, outputs=target.outputs)
    else:
        frame = pl.DataFrame({"class": classes, **dict(zip(target.outputs, labels.T.tolist(), strict=True))})
        counted = count_relation(frame, "class", target.outputs, classes=source.outputs, missing=[-1])
    return counted.relation(source, target)
