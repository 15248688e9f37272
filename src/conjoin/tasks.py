"""Tasks: what there is to predict, and how its annotations are written.

Every task is seen by the losses as a set of categorical *variables*, each with some *outcomes*:
`MultiClass` is one variable with C outcomes, `MultiLabel` is L variables with two outcomes
(0 = absent, 1 = present). One tensor layout, `batch × variables × outcomes`, serves both.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor
from torch.nn import functional as F


class Annotation(NamedTuple):
    """Annotations of one task in the layout of the losses."""

    soft: Float[Tensor, "batch variables outcomes"]
    """Probability of each outcome; 0 for all outcomes of a variable that is not annotated."""
    known: Bool[Tensor, "batch variables"]
    """Which variables are annotated."""


@dataclass(frozen=True)
class Task(ABC):
    """One thing to predict.

    Args:
        name: the key of this task in the dictionaries of logits and annotations.
        outputs: names of the classes or labels, in the order of the logits.

    Raises:
        TypeError: if `outputs` is a single string.
        ValueError: if the name is empty or holds '.', '/' or '>', an output name repeats, or there are too few outputs.

    """

    name: str
    outputs: tuple[str, ...]

    _fewest = 1
    _noun = "outputs"

    def __init__(self, name: str, outputs: Sequence[str]) -> None:
        if not name or not set(name).isdisjoint("./>"):
            raise ValueError(f"`name` should be a string without '.', '/' and '>', not empty. Found {name!r}.")
        if isinstance(outputs, str):
            raise TypeError(f"`{self._noun}` of task {name!r} should be a sequence of names. Found a string.")
        names = tuple(str(output) for output in outputs)
        if len(names) < self._fewest:
            raise ValueError(
                f"`{self._noun}` of task {name!r} should hold at least {self._fewest} name(s). Found {len(names)}."
            )
        if repeated := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"`{self._noun}` of task {name!r} should be unique. Found {repeated} repeated.")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "outputs", names)

    @property
    @abstractmethod
    def variables(self) -> int:
        """How many categorical variables the task has: 1, or the number of labels."""

    @property
    @abstractmethod
    def outcomes(self) -> int:
        """How many outcomes each variable has: the number of classes, or 2."""

    @abstractmethod
    def log_probabilities(self, logits: Float[Tensor, "batch outputs"]) -> Float[Tensor, "batch variables outcomes"]:
        """Log-probability of each outcome of each variable, computed in log space."""

    @abstractmethod
    def annotation(self, annotation: Shaped[Tensor, "batch"] | Shaped[Tensor, "batch outputs"]) -> Annotation:
        """Bring hard or soft annotations into the layout of the losses.

        Whole numbers are codes with -1 = not annotated; floating-point numbers are probabilities
        with NaN = not annotated.
        """

    @abstractmethod
    def by_output(self, values: Float[Tensor, "*batch variables outcomes"]) -> Float[Tensor, "*batch outputs"]:
        """Values in the layout of the losses, of each output: of each class, or of each label's being present."""


@dataclass(frozen=True, init=False)
class MultiClass(Task):
    """One of C classes, softmax.

    Annotations are class codes, whole numbers of shape (batch,), -1 = not annotated; or soft:
    distributions over the classes, floats of shape (batch, C), a row of NaN = not annotated.

    Examples:
        >>> MultiClass("digit", ["zero", "one", "two"]).classes
        ('zero', 'one', 'two')

    """

    _fewest = 2
    _noun = "classes"

    def __init__(self, name: str, classes: Sequence[str]) -> None:
        super().__init__(name, classes)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.outputs

    @property
    def variables(self) -> int:
        """One."""
        return 1

    @property
    def outcomes(self) -> int:
        """The number of classes."""
        return len(self.outputs)

    def log_probabilities(self, logits: Float[Tensor, "batch outputs"]) -> Float[Tensor, "batch variables outcomes"]:
        """Log-softmax over the classes, shape (batch, 1, C)."""
        return logits.log_softmax(-1).unsqueeze(1)

    def annotation(self, annotation: Shaped[Tensor, "batch"] | Shaped[Tensor, "batch outputs"]) -> Annotation:
        """One-hot or soft rows, shape (batch, 1, C)."""
        if annotation.is_floating_point():
            known = ~annotation.isnan().any(-1, keepdim=True)
            soft = torch.where(known, annotation, 0.0)
        else:
            known = (annotation >= 0).unsqueeze(-1)
            codes = F.one_hot(annotation.long().clamp(min=0), self.outcomes)
            soft = (codes * known).to(torch.get_default_dtype())
        return Annotation(soft.unsqueeze(1), known)

    def by_output(self, values: Float[Tensor, "*batch variables outcomes"]) -> Float[Tensor, "*batch outputs"]:
        """Those of the only variable, shape (..., C)."""
        return values.squeeze(-2)


@dataclass(frozen=True, init=False)
class MultiLabel(Task):
    """Any of L labels, each present or absent, sigmoid.

    Annotations have shape (batch, L): whole numbers 0 or 1, -1 = not annotated; or soft:
    probabilities as floats, NaN = not annotated. Each element stands for itself.
    Labels that exclude each other are a `MultiClass` task.

    Examples:
        >>> MultiLabel("pattern", ["striped", "checked"]).labels
        ('striped', 'checked')

    """

    _noun = "labels"

    def __init__(self, name: str, labels: Sequence[str]) -> None:
        super().__init__(name, labels)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the labels."""
        return self.outputs

    @property
    def variables(self) -> int:
        """The number of labels."""
        return len(self.outputs)

    @property
    def outcomes(self) -> int:
        """Two: absent, present."""
        return 2

    def log_probabilities(self, logits: Float[Tensor, "batch outputs"]) -> Float[Tensor, "batch variables outcomes"]:
        """Log-sigmoid of -z and z, shape (batch, L, 2)."""
        return F.logsigmoid(torch.stack([-logits, logits], -1))

    def annotation(self, annotation: Shaped[Tensor, "batch"] | Shaped[Tensor, "batch outputs"]) -> Annotation:
        """Probability of absent and present, shape (batch, L, 2)."""
        if annotation.is_floating_point():
            known = ~annotation.isnan()
        else:
            known, annotation = annotation >= 0, annotation.to(torch.get_default_dtype())
        present = torch.where(known, annotation, 0.0)
        return Annotation(torch.stack([1 - present, present], -1) * known.unsqueeze(-1), known)

    def by_output(self, values: Float[Tensor, "*batch variables outcomes"]) -> Float[Tensor, "*batch outputs"]:
        """Those of the outcome "present", shape (..., L)."""
        return values[..., 1]
