"""From a study's data sources to the tables that training reads."""

from conjoin.sources._aside import set_aside
from conjoin.sources._faults import DataError, Fault, Faults, place
from conjoin.sources._official import missing_archives, with_what_is_there
from conjoin.sources._open import Given
from conjoin.sources._prepare import Account, Prepared, prepare
from conjoin.sources._problem import problem_of, study_problem
from conjoin.sources._relations import build_relation, build_relations
from conjoin.sources._rows import annotated, known
from conjoin.sources._soft import write_soft
from conjoin.sources._tables import annotations

__all__ = [
    "Account",
    "DataError",
    "Fault",
    "Faults",
    "Given",
    "Prepared",
    "annotated",
    "annotations",
    "build_relation",
    "build_relations",
    "known",
    "missing_archives",
    "place",
    "prepare",
    "problem_of",
    "set_aside",
    "study_problem",
    "with_what_is_there",
    "write_soft",
]
