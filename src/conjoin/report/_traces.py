"""What several runs kept over time, brought to one length."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

Trace = Sequence[float] | Sequence[Sequence[float]]
"""What one run kept, at each time one value or one for each variable."""


def aligned(traces: Sequence[Trace]) -> Float[np.ndarray, "runs times *variables"]:
    """Traces of runs, of which some may have ended early: those stay as they were in the end.

    Args:
        traces: of each run; at least one time.

    """
    longest = max(map(len, traces))
    return np.asarray([[*trace, *[trace[-1]] * (longest - len(trace))] for trace in traces])
