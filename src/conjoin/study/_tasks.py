"""Tasks, as a study file declares them."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, NonNegativeFloat, PositiveInt, Tag

from conjoin.study._strict import Strict, tag_of

Names = Annotated[tuple[str, ...], Field(min_length=1)]


class _Options(Strict):
    logit_adjustment: NonNegativeFloat = 0.0
    """For rare classes and labels: while training, this times the log base rate is added to each logit (Menon et al.
    2021). At 1 the logits themselves tell classes, or present and absent, as if all were equally frequent."""


class Classes(_Options):
    """A multi-class task: one of these."""

    classes: Literal["collected"] | Annotated[Names, Field(min_length=2)]
    """Names in the order of their codes; or `collected`: what the annotations hold, sorted."""
    at_least: PositiveInt = 1
    """Collected classes are kept with this many annotated images; others become not annotated, and are counted."""
    metric: Literal["accuracy", "balanced accuracy", "macro-F1"] = "accuracy"
    """What is reported and judged: the share of images that are right, its mean over classes, or the mean over classes
    of F1."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """Declared names; None where they are collected."""
        return None if self.classes == "collected" else self.classes


class Labels(_Options):
    """A multi-label task: any of these."""

    labels: Literal["collected"] | Names
    """Names in the order of their columns; or `collected`: what the annotations hold, sorted."""
    at_least: PositiveInt = 1
    """Collected labels are kept when present on this many images; others are left out, and are counted."""
    metric: Literal["macro-F1", "mean accuracy"] = "macro-F1"
    """What is reported and judged, as a mean over labels: F1, or the share of annotated images that are right."""
    threshold: Literal["tuned", "half"] = "tuned"
    """From which probability on a label counts as present: where F1 is best on validation annotations, or 0.5. With
    `mean accuracy` it is 0.5."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """Declared names; None where they are collected."""
        return None if self.labels == "collected" else self.labels


def _kind(value: Any) -> str | None:
    if isinstance(value, Strict):
        return tag_of(type(value))
    kinds: dict[str, type[Strict]] = {"classes": Classes, "labels": Labels}
    return next((tag_of(kind) for key, kind in kinds.items() if isinstance(value, dict) and key in value), None)


TaskSettings = Annotated[
    Annotated[Classes, Tag(tag_of(Classes))] | Annotated[Labels, Tag(tag_of(Labels))],
    Discriminator(
        _kind,
        custom_error_type="task_kind",
        custom_error_message="a task with `classes` (one of them holds) or `labels` (any of them may hold)",
    ),
]
