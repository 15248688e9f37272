"""How far a comparison is."""

from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text


def run_bar(console: Console) -> Progress:
    """A bar with runs done, time gone and time left; lines may be printed above it."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        _Left(),
        console=console,
    )


class _Left(ProgressColumn):
    """Time left, as long as the runs that are done have taken; rich looks at the last 30 seconds only."""

    def __init__(self) -> None:
        super().__init__()
        self._last = 0.0, 0.0

    def render(self, task: Task) -> Text:
        """Runs done and the time they took are those of when the last one ended."""
        gone = task.elapsed or 0.0
        if task.completed != self._last[0]:
            self._last = task.completed, gone
        done, took = self._last
        if not done or task.total is None:
            return Text("-:--:--", style="progress.remaining")
        left = max(took * task.total / done - gone, 0)
        return Text(str(timedelta(seconds=round(left))), style="progress.remaining")
