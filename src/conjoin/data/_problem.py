"""Everything that the arms of a comparison have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from conjoin.data._batch import Images
from conjoin.relations import Relation
from conjoin.tasks import Task

Kept_co = TypeVar("Kept_co", bound=Images, covariant=True)
"""Where images are kept: `AnnotatedImages` or `StoredImages`."""


@dataclass(frozen=True, eq=False)
class Problem(Generic[Kept_co]):
    """Tasks, their relations, and images to train and to test on.

    Args:
        tasks: tasks to learn.
        relations: relations between them.
        train: training images with annotations.
        test: test images with annotations.
        validation: images to select weights and thresholds on; part of the annotation budget.
        everything: the training images with annotations that are hidden otherwise too, for the arm `full`.
        clusters: group of each test image (subject, video, product), None for an image without one; images of a
            group are not independent.
        groups: for a task with labels, groups of labels to be judged apart, by name.

    """

    tasks: tuple[Task, ...]
    relations: tuple[Relation, ...]
    train: Kept_co
    test: Kept_co
    validation: Kept_co | None = None
    everything: Kept_co | None = None
    clusters: Sequence[str | None] | None = None
    groups: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
