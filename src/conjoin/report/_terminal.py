"""A comparison in the terminal, within 80 columns."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conjoin.evaluation import CONFIDENCE, Row, Score, verdict

_STYLES = {"helps": "green", "negative transfer": "bold red", "not enough data": "yellow"}


def print_results(rows: Sequence[Row], console: Console, *, margin: float) -> None:
    """Print one table and the verdict on each arm."""
    table = Table(
        title="Test images, mean over seeds",
        caption=f"Difference to single: paired, {CONFIDENCE:.0%} t interval over seeds.\n"
        "Verdict: family-wise over the tasks (Holm).",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("task and arm")
    for name in ("mean", "difference to single"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for task in dict.fromkeys(row.task for row in rows):
        group = [row for row in rows if row.task == task]
        table.add_row(Text(f"{task}, {group[0].metric}", style="bold"))
        for row in group:
            finding = Text(row.finding or "", style=_STYLES.get(row.finding or "", ""))
            table.add_row(f"  {row.arm}", f"{row.mean:.3f}", _interval(row), finding)
        table.add_section()
    console.print(table)
    for arm in dict.fromkeys(row.arm for row in rows if row.difference):
        console.print(Text(verdict(rows, arm, margin=margin)))


def print_scores(scores: Sequence[tuple[str, Score]], console: Console) -> None:
    """Print arm and score on the test images of each task."""
    table = Table(title="Test images", box=box.SIMPLE_HEAD)
    table.add_column("arm", no_wrap=True)
    table.add_column("task")
    table.add_column("metric", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    for arm, score in scores:
        table.add_row(arm, Text(score.task), score.metric, f"{score.value:.3f}")
    console.print(table)


def _interval(row: Row) -> str:
    if row.difference is None:
        return ""
    return f"{row.difference.mean:+.3f} [{row.difference.lower:+.3f}, {row.difference.upper:+.3f}]"
