"""What is wrong with an argument, said so that it can be mended."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from conjoin.coupling import BaseCoupling
from conjoin.names import nearest
from conjoin.tasks import MultiClass, Task


def objective(
    tasks: Sequence[Task],
    couplings: Sequence[BaseCoupling],
    weights: Mapping[str, float],
    adjustments: Mapping[str, float],
    scale: str,
) -> None:
    """Check that the parts of an objective fit together."""
    if scale not in {"likelihood", "mean"}:
        raise ValueError(f"`scale` should be 'likelihood' or 'mean'. Found {scale!r}.")
    by_name = {task.name: task for task in tasks}
    if not tasks or len(by_name) < len(tasks):
        raise ValueError(
            f"`tasks` should hold at least one task, each with its own name. Found {[t.name for t in tasks]}."
        )
    sources = [coupling.source.name for coupling in couplings]
    if len(set(sources)) < len(sources):
        raise ValueError(
            f"`couplings` should hold at most one coupling for each source task. Found {sources}. "
            "Give all relations of a source to one coupling: Coupling(relation, another)."
        )
    for coupling in couplings:
        for relation in coupling.related():
            for end in (relation.source, relation.target):
                if by_name.get(end.name) != end:
                    raise ValueError(
                        f"`couplings` should relate tasks of this objective. Found relation {relation.name} "
                        f"whose task {end.name!r} "
                        + (
                            "has other outputs there."
                            if end.name in by_name
                            else f"is not among them. {nearest(end.name, list(by_name))}"
                        )
                    )
    pairs = {(r.source.name, r.target.name) for coupling in couplings for r in coupling.related()}
    if both := sorted(pair for pair in pairs if pair[::-1] in pairs):
        raise ValueError(
            f"`couplings` should relate two tasks in one direction. Found {'->'.join(both[0])} and "
            f"{'->'.join(both[0][::-1])}. Keep the relation with the better known table: it couples both ways."
        )
    for argument, factors in (("weights", weights), ("adjustments", adjustments)):
        for name, factor in factors.items():
            if name not in by_name:
                raise ValueError(
                    f"`{argument}` should name tasks of this objective. Found {name!r}. {nearest(name, list(by_name))}"
                )
            if not 0 <= factor < math.inf:
                raise ValueError(f"`{argument}[{name!r}]` should be a number of at least 0. Found {factor}.")


def batch(
    tasks: Mapping[str, Task],
    logits: Mapping[str, Tensor],
    annotations: Mapping[str, Tensor],
    set_aside: Tensor | None,
    device: torch.device,
) -> None:
    """Check names, shapes, types and devices of one batch, for an objective on this device; looks at no value."""
    if missing := [name for name in tasks if name not in logits]:
        raise KeyError(f"`logits` should have an entry for every task. Found none for {missing}, only {list(logits)}.")
    _named("logits", tasks, logits)
    size = len(next(iter(logits.values())))
    for name, task in tasks.items():
        expected = (size, len(task.outputs))
        found = logits[name]
        if tuple(found.shape) != expected or not found.is_floating_point():
            raise ValueError(
                f"`logits[{name!r}]` should be floating-point of shape {expected}: (batch, outputs). "
                f"Found {found.dtype} of shape {tuple(found.shape)}."
            )
    annotated(tasks, annotations, set_aside, size)
    given = [(f"logits[{name!r}]", logits[name], "`objective.to(device)` moves it to the network's.") for name in tasks]
    given += [(f"annotations[{name!r}]", values, "`.to(device)` moves them.") for name, values in annotations.items()]
    given += [] if set_aside is None else [("set_aside", set_aside, "`.to(device)` moves it.")]
    for name, tensor, hint in given:
        if tensor.device != device:
            where = f"`{name}` should be on the device of the objective, {device}"
            raise ValueError(f"{where}. Found {tensor.device}. {hint}")


def annotated(
    tasks: Mapping[str, Task], annotations: Mapping[str, Tensor], set_aside: Tensor | None, size: int | None = None
) -> None:
    """Check names, shapes and types of annotations, of a batch of some size or of any."""
    _named("annotations", tasks, annotations)
    if size is None and not annotations:
        raise ValueError("`annotations` should hold those of at least one task. Found none.")
    size = len(next(iter(annotations.values()))) if size is None else size
    for name, annotation in annotations.items():
        _annotation(tasks[name], annotation, size)
    if set_aside is None:
        return
    if not isinstance(set_aside, Tensor) or tuple(set_aside.shape) != (size,) or set_aside.dtype != torch.bool:
        found = (
            f"{set_aside.dtype} of shape {tuple(set_aside.shape)}"
            if isinstance(set_aside, Tensor)
            else type(set_aside).__name__
        )
        raise ValueError(
            f"`set_aside` should be a boolean tensor of shape ({size},): one entry for each image. Found {found}."
        )


def counted(counts: Mapping[str, Tensor], expected: Sequence[str]) -> None:
    """Check that counts are those of this objective."""
    if set(counts) != set(expected) or not all(isinstance(count, Tensor) for count in counts.values()):
        raise ValueError(
            f"`counts` should be what `count` of this objective gives, or a sum of such. Found {dict(counts)}."
        )


def _named(argument: str, tasks: Mapping[str, Task], given: Mapping[str, Tensor]) -> None:
    for name, found in given.items():
        if name not in tasks:
            raise KeyError(f"`{argument}` should be keyed by task names. Found {name!r}. {nearest(name, list(tasks))}")
        if not isinstance(found, Tensor):
            raise TypeError(
                f"`{argument}[{name!r}]` should be a tensor. Found {type(found).__name__}; torch.as_tensor makes one."
            )


def _annotation(task: Task, found: Tensor, size: int) -> None:
    where = f"`annotations[{task.name!r}]`"
    outputs = len(task.outputs)
    soft = found.is_floating_point()
    if found.is_complex() or (found.dtype == torch.bool and isinstance(task, MultiClass)):
        raise TypeError(f"{where} should be whole numbers or probabilities. Found {found.dtype}.")
    codes = isinstance(task, MultiClass) and not soft
    expected = (size,) if codes else (size, outputs)
    if tuple(found.shape) != expected:
        if not isinstance(task, MultiClass):
            kind = "one column for each label"
        else:
            kind = "class codes" if codes else "a distribution over the classes for each image"
        hint = ""
        if isinstance(task, MultiClass) and soft and found.ndim == 1:
            hint = " Class codes are whole numbers: annotation.long()."
        elif codes and tuple(found.shape) == (size, outputs):
            hint = " One-hot rows are soft annotations: annotation.float()."
        raise ValueError(
            f"{where} should have shape {expected}: {kind}. Found {tuple(found.shape)} of {found.dtype}.{hint}"
        )


def values(tasks: Mapping[str, Task], logits: Mapping[str, Tensor], annotations: Mapping[str, Tensor]) -> None:
    """Check the values of one batch; waits for the device."""
    for name, task in tasks.items():
        if not bool(logits[name].isfinite().all()):
            row = int((~logits[name].isfinite()).any(-1).nonzero()[0])
            raise ValueError(
                f"`logits[{name!r}]` should be finite. Found {logits[name][row].tolist()} in row {row}. "
                "Training has diverged, or the images hold NaN: lower the learning rate, check the input."
            )
        if name in annotations:
            annotation_values(task, annotations[name])


def annotation_values(task: Task, found: Tensor, *, first: int = 0) -> None:
    """Check the values of annotations, whose rows are counted from `first`; waits for the device."""
    if found.is_floating_point():
        _probabilities(task, found, first)
    else:
        _codes(task, found, first)


def _codes(task: Task, found: Tensor, first: int) -> None:
    last, found = task.outcomes - 1, found.long()
    off = (found < -1) | (found > last)
    if bool(off.any()):
        row = off.reshape(len(found), -1).any(-1).nonzero()[0]
        hint = (
            " Codes that count from 1 are shifted: annotation - 1."
            if isinstance(task, MultiClass) and int(found.max()) == task.outcomes and not bool((found == 0).any())
            else " Other codes for a missing annotation (9, 999) are written as -1."
        )
        raise ValueError(
            f"`annotations[{task.name!r}]` should hold codes from 0 to {last}, or -1 = not annotated. "
            f"Found {found[off][0].item()} in row {first + row.item()} ({int(off.sum())} in all).{hint}"
        )


def _probabilities(task: Task, found: Tensor, first: int) -> None:
    off = (found < 0) | (found > 1)
    where = f"`annotations[{task.name!r}]`"
    if bool(off.any()):
        row = off.any(-1).nonzero()[0]
        raise ValueError(
            f"{where}, being floating-point, should hold probabilities within [0, 1], or NaN = not annotated. "
            f"Found {found[off][0].item():.9g} in row {first + row.item()} ({int(off.sum())} in all). "
            "Codes with -1 are whole numbers: annotation.long()."
        )
    if isinstance(task, MultiClass):
        sums = found.sum(-1)
        off = (sums - 1).abs() > 1e-3  # a row of NaN compares as False
        partly = found.isnan().any(-1) & ~found.isnan().all(-1)
        if bool(off.any()) or bool(partly.any()):
            row = (off | partly).nonzero()[0]
            raise ValueError(
                f"{where} should have rows that sum to 1, or are NaN throughout. "
                f"Found {[round(p, 4) for p in found[row].flatten().tolist()]} in row {first + row.item()}."
            )
