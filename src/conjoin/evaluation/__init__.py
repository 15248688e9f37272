"""Does coupling help? Arms, paired comparison, verdict."""

from conjoin.evaluation._arms import ARMS, Arm, known_arms
from conjoin.evaluation._compare import TRACE_EVERY, Run, run_arm, train_arms
from conjoin.evaluation._details import Cost, Details, Gap, Interval, Output, coarse, details
from conjoin.evaluation._guard import GUARDED, check_arms, check_comparison, guarded, prefers_coupled
from conjoin.evaluation._learned import unknown_relations, with_learned_tables
from conjoin.evaluation._metrics import Score, hardened, predict, score
from conjoin.evaluation._statistics import (
    CONFIDENCE,
    MARGIN,
    Difference,
    Finding,
    findings,
    holm,
    paired_difference,
    recovered_gap,
    seeds_needed,
)
from conjoin.evaluation._thresholds import tune_thresholds
from conjoin.evaluation._train import Trained, logit_adjustments, objectives, train_network, try_network
from conjoin.evaluation._validation import scores
from conjoin.evaluation._verdict import Row, judge, verdict
from conjoin.evaluation._workers import end_with_parent

__all__ = [
    "ARMS",
    "CONFIDENCE",
    "GUARDED",
    "MARGIN",
    "TRACE_EVERY",
    "Arm",
    "Cost",
    "Details",
    "Difference",
    "Finding",
    "Gap",
    "Interval",
    "Output",
    "Row",
    "Run",
    "Score",
    "Trained",
    "check_arms",
    "check_comparison",
    "coarse",
    "details",
    "end_with_parent",
    "findings",
    "guarded",
    "hardened",
    "holm",
    "judge",
    "known_arms",
    "logit_adjustments",
    "objectives",
    "paired_difference",
    "predict",
    "prefers_coupled",
    "recovered_gap",
    "run_arm",
    "score",
    "scores",
    "seeds_needed",
    "train_arms",
    "train_network",
    "try_network",
    "tune_thresholds",
    "unknown_relations",
    "verdict",
    "with_learned_tables",
]
