"""A study: everything that decides the outcome of a run, in one file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, PositiveFloat, model_validator

from conjoin.data import Augmentation
from conjoin.study._backbone import Backbone
from conjoin.study._cross import contradictions
from conjoin.study._lines import ContradictionError, located
from conjoin.study._paths import resolved
from conjoin.study._recipe import Recipe
from conjoin.study._regime import Regime
from conjoin.study._relations import RelationSettings
from conjoin.study._sources import SourceSettings
from conjoin.study._strict import Strict
from conjoin.study._tasks import TaskSettings
from conjoin.study._training import TrainingSettings

Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""What NumPy takes for one."""


class Study(Strict):
    """Tasks, data, relations and settings of a comparison."""

    name: Annotated[str, Field(pattern=r"^\w[\w.-]*$")] = "study"
    """Results are written to `runs/<name>`."""
    tasks: Annotated[Mapping[str, TaskSettings], Field(min_length=1)]
    """What there is to predict, by name."""
    data: Annotated[tuple[SourceSettings, ...], Field(min_length=1)]
    """Where images and annotations are. Sources may annotate any of the tasks, and may overlap."""
    relations: tuple[RelationSettings, ...] = ()
    """What tasks say about each other."""
    regime: Regime | None = None
    """Annotations hidden on purpose."""
    backbone: Backbone = Backbone()
    augmentation: Augmentation = Augmentation()
    training: TrainingSettings = TrainingSettings()
    arms: Annotated[tuple[str, ...], Field(min_length=1)] = ("single", "joint", "coupled")
    """Ways of training; the others are compared with `single`. `guarded` takes, for each task, what validation images
    prefer of `single` and `coupled`, and trains nothing itself."""
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = (0, 1, 2, 3, 4)
    """Each decides which annotations a regime keeps, initial weights and batches."""
    margin: PositiveFloat = 0.01
    """Non-inferiority margin: "harm ruled out" rules out a loss this large or larger."""
    on_error: Literal["fail", "skip"] = "fail"
    """Rows that cannot be used (an image that does not decode, an unknown label): fail before training, or skip
    them, count them and report them."""

    @model_validator(mode="after")
    def _fits_together(self) -> "Study":
        if found := contradictions(self):
            raise ContradictionError(found)
        return self

    @classmethod
    def from_yaml(cls, path: str | Path, *, data: Mapping[str, str] | None = None) -> "Study":
        """Read a study file; paths in it are relative to its folder and may hold `${VARIABLES}`.

        Args:
            path: the file.
            data: other paths for data sources, by their names; a key "" stands for the only source.

        Raises:
            FileNotFoundError: if there is no such file.
            StudyError: if it is no study; the message names each line, what was expected and what was found.

        """
        path = Path(path)
        return resolved(located(cls, path), path.parent, data or {})

    @property
    def recipe(self) -> Recipe:
        """How each of its networks is built, trained and measured."""
        return Recipe(training=self.training, backbone=self.backbone, augmentation=self.augmentation, tasks=self.tasks)

    def to_yaml(self) -> str:
        """Text of the study file, defaults written out."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
