"""What was found: numbers of images, tables, and what stands in the way."""

from dataclasses import asdict, dataclass, field
from typing import Any

from conjoin.inspection._remarks import Remark

SPLITS = ("train", "validation", "test")


@dataclass
class Inspection:
    """What was found; every number is of images that would be used.

    Args:
        name: of the study.
        images: by source and split.
        annotated: by task and split; what a regime hides does not count.
        hidden: annotations that a regime hides, by task and split.
        balance: by task and output, images by split: of that class, or on which the label is present.
        label_counts: by task and label, images by split on which the label is annotated.
        overlap: by pair of tasks, training images annotated for both.
        relations: by name: origin, and the table with its rows and columns.
        faults: by kind: how many rows, and the first of them.
        duplicates: how many test images are also in train or validation, and the first of them.
        account: what preparation merged, left out and converts, and how splits came about.
        remarks: what stands in the way, or should be known.

    """

    name: str
    images: dict[str, dict[str, int]] = field(default_factory=dict)
    annotated: dict[str, dict[str, int]] = field(default_factory=dict)
    hidden: dict[str, dict[str, int]] = field(default_factory=dict)
    balance: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    label_counts: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    overlap: dict[str, dict[str, int]] = field(default_factory=dict)
    relations: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)
    account: dict[str, Any] = field(default_factory=dict)
    duplicates: dict[str, Any] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def go(self) -> bool:
        """Whether nothing stands in the way of training."""
        return all(remark.kind != "no-go" for remark in self.remarks)

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {"go": self.go, **asdict(self), "remarks": [remark._asdict() for remark in self.remarks]}
