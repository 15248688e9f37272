"""Relation tables: counted, read from a file, or published. Needs no torch until a `Relation` is made."""

from conjoin.relate._count import count_relation, estimate
from conjoin.relate._files import read_table
from conjoin.relate._learn import learn_relation
from conjoin.relate._partial import partial_table
from conjoin.relate._published import published
from conjoin.relate._sums import Sums
from conjoin.relate._table import CONFIDENCE, Kind, RelationTable

__all__ = [
    "CONFIDENCE",
    "Kind",
    "RelationTable",
    "Sums",
    "count_relation",
    "estimate",
    "learn_relation",
    "partial_table",
    "published",
    "read_table",
]
