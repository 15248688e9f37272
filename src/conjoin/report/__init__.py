"""What a person looks at."""

from conjoin.report._files import write_results
from conjoin.report._inspection import print_inspection
from conjoin.report._pictures import draw_differences, draw_evidence, draw_readings, save
from conjoin.report._terminal import print_results

__all__ = [
    "draw_differences",
    "draw_evidence",
    "draw_readings",
    "print_inspection",
    "print_results",
    "save",
    "write_results",
]
