"""What a person looks at.

Names are imported when they are first used: a relation table is shown without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conjoin.report._files import write_results
    from conjoin.report._heatmap import draw_relation
    from conjoin.report._html import Contents, versions, write_report
    from conjoin.report._inspection import print_inspection, print_skipped
    from conjoin.report._pictures import draw_differences, draw_evidence, draw_readings
    from conjoin.report._progress import run_bar
    from conjoin.report._relation import print_relation
    from conjoin.report._save import save
    from conjoin.report._terminal import print_results, print_scores
    from conjoin.report._write import write

__all__ = [
    "Contents",
    "draw_differences",
    "draw_evidence",
    "draw_readings",
    "draw_relation",
    "print_inspection",
    "print_relation",
    "print_results",
    "print_scores",
    "print_skipped",
    "run_bar",
    "save",
    "versions",
    "write",
    "write_report",
    "write_results",
]

_FILES = {
    "Contents": "_html",
    "draw_differences": "_pictures",
    "draw_evidence": "_pictures",
    "draw_readings": "_pictures",
    "draw_relation": "_heatmap",
    "print_inspection": "_inspection",
    "print_relation": "_relation",
    "print_results": "_terminal",
    "print_scores": "_terminal",
    "print_skipped": "_inspection",
    "run_bar": "_progress",
    "save": "_save",
    "versions": "_html",
    "write_report": "_html",
    "write": "_write",
    "write_results": "_files",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module 'conjoin.report' has no attribute {name!r}.")
    return getattr(import_module(f"conjoin.report.{_FILES[name]}"), name)
