"""The known name that a wrong one is nearest to."""

import difflib
from collections.abc import Sequence


def nearest(name: str, known: Sequence[str]) -> str:
    """` Did you mean 'x'?` where a known name is close, else the known names."""
    near = difflib.get_close_matches(name, known, 1)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {list(known)}."
