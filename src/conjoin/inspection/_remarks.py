"""What stands in the way of training, and what should be known before it."""

from typing import Literal, NamedTuple


class Remark(NamedTuple):
    """One finding."""

    kind: Literal["no-go", "caution", "note"]
    """`no-go` stands in the way of training; a `caution` does not, but may make results worthless."""
    text: str
