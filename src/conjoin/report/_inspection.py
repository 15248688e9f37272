"""What `conjoin check` found, in the terminal, within 80 columns."""

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from conjoin.inspection import SPLITS, Inspection
from conjoin.sources import Account, place

_STYLES = {"no-go": "bold red", "caution": "yellow", "note": "dim"}
_MOST = 12
"""Classes or labels of a task that are shown, and tasks in a matrix."""


def print_inspection(found: Inspection, console: Console) -> None:
    """Print tables of what there is, faults with file and row, remarks, and go or no-go."""
    if found.images:
        _images(found, console)
        _annotated(found, console)
        _overlap(found, console)
        _balance(found, console)
        _relations(found, console)
    for kind, fault in found.faults.items():
        console.print(Text(f"{kind}: {fault['rows']:,}", style="bold red"))
        for first in fault["first"]:
            line = f"{place(first['file'], first['row'])} ({first['source']}): {first['what']}"
            console.print(Padding(Text(line), (0, 0, 0, 2)))
    if found.duplicates.get("first"):
        console.print(Text("images that are in test and elsewhere, pixel by pixel", style="bold"))
        for line in found.duplicates["first"]:
            console.print(Padding(Text(line), (0, 0, 0, 2)))
    for remark in found.remarks:
        console.print(Text.assemble((f"{remark.kind}: ", _STYLES[remark.kind]), remark.text))
    stops = sum(remark.kind == "no-go" for remark in found.remarks)
    if found.go:
        console.print(Text(f"GO: {found.name} can be trained.", style="bold green"))
    else:
        many = "one thing stands" if stops == 1 else f"{stops} things stand"
        console.print(Text(f"NO-GO: {many} in the way of training {found.name}.", style="bold red"))


def print_skipped(account: Account, console: Console) -> None:
    """Say what was left out, if anything: optional archives, and rows of each kind with the first of them."""
    if account.absent:
        names = ", ".join(map(repr, account.absent))
        console.print(Text(f"Not there and left out, being optional: {names}.", style="yellow"))
    faults = account.faults
    if faults.counts:
        many = f"{(total := faults.counts.total()):,} fault{'s' * (total > 1)}"
        console.print(Text(f"{many} in rows that cannot be used and are skipped:", style="yellow"))
        console.print(Text(faults.text()))


def _table(title: str, first: str, columns: list[str]) -> Table:
    table = Table(title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column(first, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", overflow="fold")
    return table


def _images(found: Inspection, console: Console) -> None:
    table = _table("Images", "source", list(SPLITS))
    for source, counts in found.images.items():
        table.add_row(source, *(f"{counts[split]:,}" for split in SPLITS))
    console.print(table)


def _annotated(found: Inspection, console: Console) -> None:
    hidden = any(any(counts.values()) for counts in found.hidden.values())
    title = "Annotated images" + (" (+ hidden by the regime)" if hidden else "")
    table = _table(title, "task", list(SPLITS))
    for task, counts in found.annotated.items():
        cells = []
        for split in SPLITS:
            more = found.hidden[task][split]
            cells.append(f"{counts[split]:,}" + (f" (+ {more:,})" if more else ""))
        table.add_row(f"{task} ({len(found.balance[task])})", *cells)
    console.print(table)


def _overlap(found: Inspection, console: Console) -> None:
    tasks = list(found.overlap)[:_MOST]
    if len(tasks) < 2:
        return
    table = _table("Training images annotated for both", "", [str(number) for number in range(1, len(tasks) + 1)])
    for number, task in enumerate(tasks, 1):
        table.add_row(f"{number} {task}", *(f"{found.overlap[task][other]:,}" for other in tasks))
    console.print(table)


def _balance(found: Inspection, console: Console) -> None:
    for task, outputs in found.balance.items():
        labels = found.label_counts.get(task)
        ordered = sorted(outputs.items(), key=lambda item: -item[1]["train"])
        noun = "labels: present / annotated" if labels else "classes"
        table = _table(f"{task}: {len(outputs)} {noun}", "", list(SPLITS))
        half = _MOST // 2
        cut = len(ordered) > _MOST
        for at, (name, counts) in enumerate(ordered):
            if cut and at == half:
                table.add_row(f"... {len(ordered) - _MOST} more", *[""] * len(SPLITS))
            if cut and half <= at < len(ordered) - half:
                continue
            cells = (f"{counts[s]:,}" + (f" / {labels[name][s]:,}" if labels else "") for s in SPLITS)
            table.add_row(name, *cells)
        console.print(table)


def _relations(found: Inspection, console: Console) -> None:
    for name, relation in found.relations.items():
        columns = relation["columns"][:4]
        more = len(relation["columns"]) - len(columns)
        table = _table(f"Relation {name}, {relation['origin']}", "", columns + ([f"+ {more}"] if more else []))
        rows = list(zip(relation["rows"], relation["table"], strict=True))
        for row, values in rows[:_MOST]:
            table.add_row(row, *(f"{value:.2f}" for value in values[:4]), *([""] if more else []))
        if len(rows) > _MOST:
            table.add_row(f"... {len(rows) - _MOST} more", *[""] * len(table.columns[1:]))
        console.print(table)
