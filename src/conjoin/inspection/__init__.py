"""What `conjoin check` finds before anything is trained."""

from conjoin.inspection._inspect import inspect_study
from conjoin.inspection._inspection import SPLITS, Inspection
from conjoin.inspection._remarks import Remark

__all__ = ["SPLITS", "Inspection", "Remark", "inspect_study"]
