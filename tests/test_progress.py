"""The bar over the runs of a comparison."""

import io

from rich.console import Console

from conjoin.report import run_bar


def test_time_left_is_that_of_all_runs_so_far() -> None:
    """Two side by side, 100 seconds each: four of ten are done after 200 seconds, and 300 are left; later fewer."""
    now = 0.0
    shown = io.StringIO()
    bar = run_bar(Console(file=shown, width=80))
    bar.get_time = lambda: now
    task = bar.add_task("training", total=10)

    def line() -> str:
        console = Console(file=io.StringIO(), width=80)
        with console.capture() as capture:
            console.print(bar.get_renderable())
        return capture.get()

    assert "-:--:--" in line()
    for end in (99.0, 100.0, 199.0, 200.0):
        now = end
        bar.advance(task)
        line()
    assert "4/10 0:03:20 0:05:00" in line()
    now = 260.0
    assert "4/10 0:04:20 0:04:00" in line()
    now = 600.0
    assert "0:00:00" in line()
