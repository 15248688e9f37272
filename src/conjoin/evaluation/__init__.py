"""Does coupling help? Arms, paired comparison, verdict."""

from conjoin.evaluation._arms import ARMS
from conjoin.evaluation._compare import TRACE_EVERY, Run, compare, run_arm
from conjoin.evaluation._metrics import Score, predict, score
from conjoin.evaluation._statistics import (
    CONFIDENCE,
    MARGIN,
    Difference,
    findings,
    holm,
    paired_difference,
    seeds_needed,
)
from conjoin.evaluation._verdict import Row, judge, verdict

__all__ = [
    "ARMS",
    "CONFIDENCE",
    "MARGIN",
    "TRACE_EVERY",
    "Difference",
    "Row",
    "Run",
    "Score",
    "compare",
    "findings",
    "holm",
    "judge",
    "paired_difference",
    "predict",
    "run_arm",
    "score",
    "seeds_needed",
    "verdict",
]
