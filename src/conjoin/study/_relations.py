"""Relations, as a study file declares them."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from conjoin.study._strict import Strict

Probability = Annotated[float, Field(ge=0, le=1)]


class RelationSettings(Strict):
    """What one task says about another, and where its table comes from: one of six."""

    source: str
    """A task with classes: the rows of the table."""
    target: str
    """The other task: the columns."""
    table: tuple[tuple[Probability, ...], ...] | None = None
    """P(target output | source class), a row for each class."""
    file: str | None = None
    """A CSV or Parquet file: a first column of classes, then a column for each output. Relative to the study file."""
    published: str | None = None
    """Name of a published table that comes with conjoin."""
    archive: str | None = None
    """Name of a data source whose distribution has a table of attributes by class: an archive `awa2` or `cub`."""
    counted: bool | str = False
    """Counted from training images that are annotated for both tasks; or from those of the data source of this
    name."""
    learned: bool = False
    """Learnt in each run from images that are annotated for the target only; it takes one more training."""
    partial: bool = False
    """Use the part of a file or published table that the tasks have: its other rows and columns are left out, and
    it says nothing of labels that it lacks. So it always is with the table of a distribution."""
    fill: Mapping[str, Probability] = {}
    """For each class that a partial table lacks, the probability of every label: `{neutral: 0.03}`."""

    @model_validator(mode="after")
    def _parts_of_a_table(self) -> "RelationSettings":
        if self.partial and self.file is None and self.published is None:
            raise ValueError("`partial` with a `file` or a `published` table only")
        if self.fill and not self.partial and self.archive is None:
            raise ValueError("`fill` together with `partial: true` or an `archive` only")
        return self

    @model_validator(mode="after")
    def _one_origin(self) -> "RelationSettings":
        if len(self.origins) != 1:
            found = self.origins or "none"
            raise ValueError(f"one of `table`, `file`, `published`, `archive`, `counted` and `learned`. Found {found}")
        return self

    @property
    def origins(self) -> list[str]:
        """Which of the six is given."""
        names = ("table", "file", "published", "archive", "counted", "learned")
        return [name for name in names if getattr(self, name) not in (None, False)]

    @property
    def name(self) -> str:
        """`source->target`."""
        return f"{self.source}->{self.target}"
