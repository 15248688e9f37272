"""What a report is made of."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from conjoin.data import Problem
from conjoin.evaluation import Details, Row, Run
from conjoin.inspection import Inspection

_PACKAGES = ("conjoin", "torch", "torchvision", "timm", "lightning", "torchmetrics", "numpy", "scipy", "polars")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide a result."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def _numbered(row: int) -> str:
    return f"test image {row}"


@dataclass(frozen=True, eq=False)
class Contents:
    """What a report is made of.

    Args:
        title: heading of the page.
        study: text of the study file.
        rows: what `judge` found.
        runs: every arm on every seed, with their logits on the test images.
        margin: non-inferiority margin of the verdict.
        problem: tasks, relations and the test images.
        details: what `details` found; left out where there is none.
        inspection: what `conjoin check` finds; left out where there is none.
        versions: of Python and packages, by name.
        image_name: says which test image a row is.

    """

    title: str
    study: str
    rows: Sequence[Row]
    runs: Sequence[Run]
    margin: float
    problem: Problem[Any]
    details: Details | None = None
    inspection: Inspection | None = None
    versions: Mapping[str, str] = field(default_factory=versions)
    image_name: Callable[[int], str] = _numbered

    @property
    def arms(self) -> list[str]:
        """Names of the arms, in the order of their runs."""
        return list(dict.fromkeys(run.arm for run in self.runs))

    @property
    def shown(self) -> str | None:
        """The arm that is set beside `single` in detail: `coupled`, else the last; None where there is no other."""
        others = [arm for arm in self.arms if arm != "single"]
        return "coupled" if "coupled" in others else others[-1] if others else None

    def of(self, arm: str) -> list[Run]:
        """Runs of one arm."""
        return [run for run in self.runs if run.arm == arm]
