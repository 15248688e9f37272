"""Annotations hidden on purpose, and sources made to differ, to study a setting."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from conjoin.study._strict import Strict

Unit = Annotated[float, Field(ge=0, le=1)]


class Regime(Strict):
    """How many images stay annotated for which tasks: `{article: 1000, colour+usage: 20000, overlap: 0, seed: 0}`.

    Of the images of train and validation together, so that what is validated on is paid for too.
    Tasks joined by `+` are kept on the same images, each where it is annotated; a task that is not named keeps all its
    annotations. Images outside all sets are left out, unless a task that is not named annotates them.
    Test images keep everything.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, PositiveInt]

    overlap: Unit = 0
    """Share of the images of a later set (of the smaller of both) that earlier sets hold as well."""
    seed: NonNegativeInt = 0
    """Which images are drawn; a comparison adds its own seed."""

    @model_validator(mode="after")
    def _tasks_named_once(self) -> "Regime":
        tasks = [task for tasks in self.sets for task in tasks]
        if not tasks:
            raise ValueError("a regime that names at least one task and the number of its images")
        if twice := sorted({task for task in tasks if tasks.count(task) > 1}):
            raise ValueError(f"each task in one set; {twice[0]!r} is in several")
        return self

    @property
    def sets(self) -> dict[tuple[str, ...], int]:
        """Number of annotated images for each set of tasks, in order."""
        return {tuple(part.strip() for part in key.split("+")): size for key, size in self.__pydantic_extra__.items()}


class Shift(Strict):
    """Makes a source differ from others as separately collected data do."""

    blur: NonNegativeFloat = 0
    """Standard deviation of a Gaussian blur, in pixels."""
    contrast: PositiveFloat = 1
    """Contrast is multiplied by this."""
    crop: Annotated[float, Field(gt=0, le=1)] = 1
    """Share of height and of width that a central crop keeps."""
    colour_cast: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (1, 1, 1)
    """Red, green and blue are multiplied by these."""
    class_prior: Mapping[str, Mapping[str, PositiveFloat]] = {}
    """By task: relative frequency of classes; images are left out until it holds. Other classes keep theirs all."""
    seed: NonNegativeInt = 0
    """Which images are left out."""

    @property
    def changes_images(self) -> bool:
        """Whether pixels change."""
        return any(getattr(self, name) != type(self).model_fields[name].default for name in _PIXELS)


_PIXELS = ("blur", "contrast", "crop", "colour_cast")
