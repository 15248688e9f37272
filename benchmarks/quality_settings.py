"""Settings of the quality grid: which images are annotated for what, and which table is given."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms import v2

from conjoin.data import AnnotatedImages, Problem
from conjoin.datasets import digits, drawn_faces_problem
from conjoin.relate import count_relation
from conjoin.relations import Relation
from conjoin.tasks import MultiClass

Table = Literal["true", "counted", "learned", "noisy", "uninformative", "permuted", "half-wrong"]
TABLES: tuple[Table, ...] = ("true", "counted", "learned", "noisy", "uninformative", "permuted", "half-wrong")
WRONG: tuple[Table, ...] = ("uninformative", "permuted", "half-wrong")
"""Tables that teach nothing true of a digit or an expression; coupled should equal joint."""
CO_ANNOTATED = 200
"""Images that a counted table is counted from; their annotations are not used otherwise."""


@dataclass(frozen=True)
class Setting:
    """Who is annotated for what.

    Args:
        data: "digits" or "faces".
        first: images annotated for the class.
        second: images annotated for the labels.
        overlap: share of the smaller part that is in both.
        shift: "none"; "look": images of the second part are blurred and lose contrast; "classes": frequencies of the
            classes in the second part fall evenly to a fifth, from the first class to the last.

    """

    data: str
    first: int
    second: int
    overlap: float = 0.0
    shift: Literal["none", "look", "classes"] = "none"

    def __str__(self) -> str:
        """Name of a folder."""
        more = [f"overlap{self.overlap:g}"] * (self.overlap > 0) + [self.shift] * (self.shift != "none")
        return "-".join([self.data, f"{self.first}+{self.second}", *more])


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
    second = rest[: setting.second - both]
    rows = torch.from_numpy(np.concatenate([first, second]))
    has_class = torch.arange(len(rows)) < setting.first
    has_labels = torch.arange(len(rows)) >= setting.first - both
    aside = torch.cat([torch.arange(len(part)) < min(len(part) // 5, 50) for part in (first, second)])
    pixels = images.images[rows]
    if setting.shift == "look":
        blurred = v2.functional.gaussian_blur(pixels[setting.first :], [3, 3], [0.7, 0.7])
        pixels = torch.cat([pixels[: setting.first], 0.2 + 0.6 * blurred])
    known = {task.name: images.annotation(task.name)[rows] for task in whole.tasks}
    everything = AnnotatedImages(pixels, known, (~has_class).long(), aside)
    masks = dict(zip(known, (has_class, has_labels), strict=True))
    shown = {name: _where(masks[name], values) for name, values in known.items()}
    rows_left = np.setdiff1d(np.arange(len(images)), rows.numpy())
    relation = _relation(table, whole, rows_left, seed)
    return replace(whole, relations=(relation,), train=replace(everything, annotations=shown), everything=everything)


def table_error(found: list[list[float]], setting: Setting, seed: int) -> float:
    """Mean absolute difference between a table and how often labels go with each class in all training images."""
    whole = _whole(setting.data, setting.first, setting.second, seed)
    assert whole.everything is not None
    classes, labels = (whole.everything.annotation(task.name) for task in whole.tasks)
    true = torch.stack([labels[classes == code].double().mean(0) for code in range(len(whole.tasks[0].outputs))])
    return float((torch.tensor(found).double() - true).abs().mean())


@cache
def _whole(data: str, first: int, second: int, seed: int) -> Problem[AnnotatedImages]:
    """All training images in the order of a seed, with all annotations."""
    if data == "digits":
        return digits(600, 600, seed=seed)
    return drawn_faces_problem(first + CO_ANNOTATED, 2 * second, seed=seed)  # some to choose from by class


def _skewed(rows: NDArray[np.int_], classes: NDArray[np.int_], seed: int) -> NDArray[np.int_]:
    """Rows in an order whose beginning has the class frequencies of shift "classes"."""
    keep = np.linspace(1, 0.2, classes.max() + 1)[classes]
    chosen = np.random.default_rng([seed, 3]).random(len(rows)) < keep
    return np.concatenate([rows[chosen], rows[~chosen]])


def _where(mask: Tensor, values: Tensor) -> Tensor:
    return torch.where(mask.reshape(-1, *[1] * (values.ndim - 1)), values, -1)


def _relation(table: Table, whole: Problem[AnnotatedImages], unused: NDArray[np.int_], seed: int) -> Relation:
    given = whole.relations[0]
    source, target = given.source, given.target
    values = given.table.double().numpy()
    rng = np.random.default_rng([seed, 4])
    if table == "true":
        return given
    if table == "learned":
        return Relation.unknown(source, target)
    if table == "counted":
        return _counted(whole, unused if len(unused) >= CO_ANNOTATED else None, source, seed)
    if table == "noisy":  # unit noise on the log-odds
        odds = np.log(values / (1 - values)) + rng.standard_normal(values.shape)
        values = 1 / (1 + np.exp(-odds))
    elif table == "uninformative":
        values = np.tile(values.mean(0), (len(values), 1))
    else:
        moved = rng.permutation(len(values))[: len(values) if table == "permuted" else len(values) // 2]
        order = np.arange(len(values))
        order[moved] = np.roll(moved, 1)  # a cycle: none of these keeps its own row
        values = values[order]
    return Relation(source, target, values.tolist(), origin=f"{given.origin}, made {table}")


def _counted(
    whole: Problem[AnnotatedImages], unused: NDArray[np.int_] | None, source: MultiClass, seed: int
) -> Relation:
    images, target = whole.everything, whole.tasks[1]
    assert images is not None
    pool = np.arange(len(images)) if unused is None else unused
    rows = torch.from_numpy(np.random.default_rng([seed, 5]).permutation(pool)[:CO_ANNOTATED])
    classes = [source.outputs[code] for code in images.annotation(source.name)[rows].tolist()]
    labels = dict(zip(target.outputs, images.annotation(target.name)[rows].T.tolist(), strict=True))
    frame = pl.DataFrame({"class": classes, **labels})
    return count_relation(frame, "class", target.outputs, classes=source.outputs).relation(source, target)
