"""Test images that are worth a look: those that changed most, and conflicts through a relation."""

import base64
import io
from collections import Counter
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int, Shaped
from PIL import Image
from torch import Tensor

from conjoin.relations import Relation
from conjoin.report._html._averages import presence, probabilities, truth
from conjoin.report._html._blocks import Block, Gallery, Picture, Section, Words
from conjoin.report._html._contents import Contents
from conjoin.tasks import MultiClass, Task

_SHOWN = 12
"""Images of a gallery."""
_OF_ONE = 4
"""Images of a gallery of conflicts about one class or label."""
_UNLIKELY = 0.25
"""Probability from which on there is no conflict."""
_SIDE = 96
"""Pixels of the longer side at most."""
_SMALL = 48
"""Images up to this side are shown with their pixels as squares."""


def changes(contents: Contents) -> Section | None:
    """Images of which single and the other arm think most differently; None without another arm."""
    arm = contents.shown
    if not arm:
        return None
    words = f"Test images on which the predicted probability of what is annotated differs most, single to {arm}, mean "
    blocks: list[Block] = [Words(f"{words}over seeds; the largest change first.")]
    for task in contents.problem.tasks:
        blocks.extend(_changes(contents, task, arm))
    return Section("changes", "Images that changed most", blocks)


def _changes(contents: Contents, task: Task, arm: str) -> list[Block]:
    known = presence(task, truth(contents.problem, task))
    said = {name: probabilities(contents.of(name), task) for name in ("single", arm)}
    right = {name: _chance(p, known, task) for name, p in said.items()}
    change = (right[arm] - right["single"]).nan_to_num()
    size, output = change.abs().max(1)
    rows = [row for row in size.argsort(descending=True, stable=True)[:_SHOWN].tolist() if float(size[row]) > 0]
    lines = []
    for row in rows:
        at = int(output[row])
        before, after = (float(right[name][row, at]) for name in ("single", arm))
        told = [_annotated(task, at, int(known[row, at])), f"probability {before:.2f} → {after:.2f}"]
        if isinstance(task, MultiClass):
            reads = [task.outputs[int(said[name][row].argmax())] for name in ("single", arm)]
            told.append(f"read as {reads[0]} → {reads[1]}")
        lines.append(told)
    if not rows:
        return []
    caption = f"{task.name}, single → {arm}"
    return [Gallery(caption, _pictures(contents, rows, lines))]


def conflicts(contents: Contents) -> Section | None:
    """Images whose annotation for one task and prediction for the other do not fit together by a relation.

    None without relations, or where no image is in conflict.
    """
    arm = contents.shown or "single"
    blocks: list[Block] = []
    for relation in contents.problem.relations:
        blocks.extend(_by_target(contents, relation, arm))
        blocks.extend(_by_source(contents, relation, arm))
    if not blocks:
        return None
    words = (
        "Test images on which a known annotation for one task is improbable by what is predicted for the other "
        f"({arm}, mean over seeds), through the relation. Either the prediction is wrong, or the annotation, or the "
        f"image is an exception to the relation. Those below {_UNLIKELY}, the least probable first; at "
        f"most {_OF_ONE} for each class or label."
    )
    return Section("conflicts", "Conflicts between annotation and prediction", [Words(words), *blocks])


def _by_target(contents: Contents, relation: Relation, arm: str) -> list[Block]:
    """Known target annotations that the predicted source class makes improbable."""
    source, target = relation.source, relation.target
    predicted = probabilities(contents.of(arm), source)
    known = presence(target, truth(contents.problem, target))
    chance, output = _chance(predicted @ relation.table.float(), known, target).nan_to_num(1.0).min(1)
    rows = _lowest(chance, output)
    lines = []
    for row in rows:
        at, best = int(output[row]), int(predicted[row].argmax())
        lines.append(
            [
                _annotated(target, at, int(known[row, at])),
                f"{source.name} predicted: {source.outputs[best]} ({float(predicted[row, best]):.2f})",
                f"probability of the annotation: {float(chance[row]):.2f}",
            ]
        )
    caption = f"{target.name} annotated, {source.name} predicted"
    return [Gallery(caption, _pictures(contents, rows, lines))] if rows else []


def _by_source(contents: Contents, relation: Relation, arm: str) -> list[Block]:
    """Target predictions that the known source class makes improbable."""
    source, target = relation.source, relation.target
    predicted = probabilities(contents.of(arm), target)
    classes = truth(contents.problem, source)
    expected = relation.table.float()[classes.clamp(min=0)]
    agreement = expected * predicted
    if isinstance(target, MultiClass):
        chance, output = agreement.sum(1), predicted.argmax(1)
    else:
        chance, output = (agreement + (1 - expected) * (1 - predicted)).min(1)
    rows = _lowest(chance.where(classes >= 0, 1.0), output)
    lines = []
    for row in rows:
        at, name = int(output[row]), source.outputs[int(classes[row])]
        lines.append(
            [
                f"{source.name} is {name}",
                f"{target.name} predicted: {target.outputs[at]} {float(predicted[row, at]):.2f}",
                f"by the relation: {float(expected[row, at]):.2f}",
            ]
        )
    caption = f"{source.name} annotated, {target.name} predicted"
    return [Gallery(caption, _pictures(contents, rows, lines))] if rows else []


def _chance(
    probability: Float[Tensor, "images outputs"], known: Shaped[Tensor, "images outputs"], task: Task
) -> Float[Tensor, "images outputs"]:
    """Probability of what is annotated; NaN where nothing is, or where a class is not the annotated one."""
    absent = float("nan") if isinstance(task, MultiClass) else 1 - probability
    return torch.where(known == 1, probability, torch.where(known == 0, absent, float("nan")))


def _lowest(chance: Float[Tensor, "images"], output: Int[Tensor, "images"]) -> list[int]:
    """Images with the least chance, at most a few for each output, so that a frequent one does not hide the others."""
    seen: Counter[int] = Counter()
    rows: list[int] = []
    for row in chance.argsort(stable=True).tolist():
        if len(rows) == _SHOWN or float(chance[row]) >= _UNLIKELY:
            break
        if seen[int(output[row])] < _OF_ONE:
            seen[int(output[row])] += 1
            rows.append(row)
    return rows


def _annotated(task: Task, output: int, known: int) -> str:
    if isinstance(task, MultiClass):
        return f"{task.name} is {task.outputs[output]}"
    return f"{task.outputs[output]} is {'present' if known else 'absent'}"


def _pictures(contents: Contents, rows: Sequence[int], lines: Sequence[Sequence[str]]) -> list[Picture]:
    if not rows:
        return []
    images = contents.problem.test.read(rows).images
    small = max(images.shape[-2:]) <= _SMALL
    names = [contents.image_name(row) for row in rows]
    return [
        Picture(_uri(image), f"{name}: {', '.join(told)}", [name, *told], small)
        for image, name, told in zip(images, names, lines, strict=True)
    ]


def _uri(image: Shaped[Tensor, "channels height width"]) -> str:
    """A small picture as a data URI: PNG up to 48 pixels, JPEG above."""
    pixels = (image * 255).round() if image.is_floating_point() else image
    array = pixels.clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
    picture = Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array)
    kind = "PNG" if max(picture.size) <= _SMALL else "JPEG"
    picture.thumbnail((_SIDE, _SIDE))
    file = io.BytesIO()
    picture.save(file, kind, quality=80)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"
