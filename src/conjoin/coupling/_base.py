"""What every coupling answers: which elements it acts on, and with what loss."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple, cast

from jaxtyping import Bool, Float
from torch import Tensor, nn

from conjoin.coupling._evidence import Evidence
from conjoin.coupling._view import View
from conjoin.relations import Relation
from conjoin.tasks import MultiClass


class Term(NamedTuple):
    """Name of one part of the loss."""

    kind: str
    """`task`, `match` or `coannotate`."""
    on: str
    """The task whose logits it moves."""
    by: str = ""
    """The task that teaches; empty where several do, or none."""
    of: str = ""
    """The task whose variables are compared, where it is not the one that is moved."""

    def __str__(self) -> str:
        """`digit` for a task's own loss, else `match/strokes/digit`: kind, pupil, teacher."""
        return self.on if self.kind == "task" else "/".join(part for part in (self.kind, self.on, self.by) if part)


class BaseCoupling(nn.Module, ABC):
    """Couples a source task to the targets of one or more relations.

    Args:
        relations: relations that share their source, each with another target.

    Raises:
        ValueError: if there is no relation, they have several sources, or a target repeats.

    """

    def __init__(self, *relations: Relation) -> None:
        super().__init__()
        sources = {relation.source.name for relation in relations}
        if len(sources) != 1:
            raise ValueError(f"`relations` should share one source task. Found {sorted(sources)}.")
        targets = [relation.target.name for relation in relations]
        if len(set(targets)) < len(targets):
            raise ValueError(f"`relations` should each have a target of their own. Found {targets}.")
        self.relations = nn.ModuleList(relations)
        self.source: MultiClass = relations[0].source

    def related(self) -> list[Relation]:
        """The relations."""
        return cast("list[Relation]", list(self.relations))

    def settings(self) -> dict[str, float]:
        """What decides its losses beside tables, by name: a run goes on only with the same. By default nothing."""
        return {}

    def judged(self) -> list[tuple[Relation, Evidence]]:
        """Each relation that evidence is measured of. By default none."""
        return []

    def taught(self) -> list[tuple[Relation, Float[Tensor, "classes variables outcomes"]]]:
        """Each relation whose table is corrected, with the log of the corrected one. By default none."""
        return []

    def expect(self, known: Mapping[str, Bool[Tensor, "images _"]], measured: Bool[Tensor, "images"]) -> None:
        """Take note of how many images are annotated for what. By default nothing.

        Args:
            known: by task name, which variables are annotated, of all images.
            measured: images on which evidence is measured.

        """

    @abstractmethod
    def where(
        self, known: Mapping[str, Bool[Tensor, "batch _"]], act: Bool[Tensor, "batch"]
    ) -> dict[Term, Bool[Tensor, "batch _"]]:
        """Elements that each term acts on: shape (batch, variables of the task) or (batch, 1).

        Args:
            known: by task name, which variables are annotated.
            act: images that the coupling may act on.

        """

    @abstractmethod
    def losses(self, views: Mapping[str, View]) -> dict[Term, Float[Tensor, "batch _"]]:
        """Loss of each term for each element, in nats, evidence included."""

    def observe(self, views: Mapping[str, View], measured: Float[Tensor, "batch"], step: Float[Tensor, ""]) -> None:
        """Update what the coupling keeps from step to step. By default nothing.

        Args:
            views: predictions and annotations, by task name.
            measured: 1 for images on which evidence is measured, else 0.
            step: which part of an optimizer step this batch is; 1 without gradient accumulation.

        """
