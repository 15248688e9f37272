"""What stands in the way of training, and what should be known before it."""

from typing import Literal, NamedTuple

Kind = Literal["no-go", "caution", "note"]


class Remark(NamedTuple):
    """One finding."""

    kind: Kind
    """`no-go` stands in the way of training; a `caution` does not, but may make results worthless."""
    text: str


def some(names: list[str]) -> str:
    """The first of some names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
