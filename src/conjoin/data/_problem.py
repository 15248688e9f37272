"""Everything that the arms of a comparison have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from conjoin.data._table import AnnotatedImages
from conjoin.relations import Relation
from conjoin.tasks import Task


@dataclass(frozen=True, eq=False)
class Problem:
    """Tasks, their relations, and images to train and to test on.

    Args:
        tasks: tasks to learn.
        relations: relations between them.
        train: training images with annotations.
        test: test images with annotations.
        groups: for a task with labels, groups of labels to be judged apart, by name.

    """

    tasks: tuple[Task, ...]
    relations: tuple[Relation, ...]
    train: AnnotatedImages
    test: AnnotatedImages
    groups: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
