"""The verdict on each arm, and each arm on each task."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import altair as alt

from conjoin.evaluation import CONFIDENCE, Difference, Row, verdict
from conjoin.report._html._blocks import Block, Chart, Charts, Column, Section, Table, Words
from conjoin.report._html._charts import INK, SHAPES, arm_colour, finished, rows_of
from conjoin.report._html._contents import Contents

_WORST_FIRST = ("negative transfer", "not enough data", "helps", "harm ruled out")

_ARMS = {
    "single": "a network for each task",
    "joint": "one network for all tasks, without coupling",
    "kollias2024": "the losses of Kollias et al., AAAI 2024, as recalled",
    "kollias2024-reversed": "the same with the cross-entropy of distribution matching the other way round",
    "coupled": "one network for all tasks, coupled by the relations: conjoin's default",
    "guarded": "for each task, what validation images prefer of single and coupled",
    "full": "one network that is shown every annotation, also those that are hidden from the others",
}


@dataclass(frozen=True)
class Said:
    """One arm: what was found in a word, and in words."""

    arm: str
    finding: str
    text: str


def verdicts(contents: Contents) -> list[Said]:
    """What was found on each arm; its word is that of the task that weighs most, and harm weighs more than help."""
    told = []
    for arm in contents.arms:
        found = {row.finding for row in contents.rows if row.arm == arm}
        if word := next((word for word in _WORST_FIRST if word in found), None):
            text = verdict(contents.rows, arm, margin=contents.margin).removeprefix(f"{arm}: ")
            told.append(Said(arm, word, text[:1].upper() + text[1:]))
    return told


def arms(contents: Contents) -> Section:
    """Difference of each arm to single-task training with its interval, by task, as charts and as a table."""
    rows = contents.rows
    seeds = len(contents.of("single"))
    blocks: list[Block] = [
        Words("; ".join(f"{arm}: {_ARMS[arm]}" for arm in contents.arms if arm in _ARMS) + "."),
        Words(
            f"Scores are of the test images, mean over {seeds} seeds. The interval is a paired {CONFIDENCE:.0%} t "
            "interval of the difference to single over these seeds, each task by itself; the finding holds for all "
            "tasks of an arm together (Holm), so that an interval may leave out 0 where not enough is known yet. "
            f"Harm is ruled out where a loss of {contents.margin:g}, the margin, is. In the charts "
            "the margin is grey, and each seed has a tick."
        ),
    ]
    tasks = list(dict.fromkeys(row.task for row in rows))
    charts = [_chart(task, [row for row in rows if row.task == task], contents) for task in tasks]
    blocks.append(Charts([chart for chart in charts if chart]))
    columns = [
        Column("task"),
        Column("arm"),
        Column("finding", finding=True),  # near the front: a narrow screen shows it without scrolling
        Column("mean", "{:.3f}"),
        Column("difference", "{:+.3f}"),
        Column("lower", "{:+.3f}"),
        Column("upper", "{:+.3f}"),
        Column("metric"),
    ]
    cells = [
        (row.task, row.arm, row.finding, None if isnan(row.mean) else row.mean, *_interval(row.difference), row.metric)
        for row in rows
    ]
    blocks.append(Table("Arms by task: mean, and difference to single with its interval", columns, cells))
    return Section("arms", "Arms by task", blocks)


def _interval(difference: Difference | None) -> tuple[float | None, float | None, float | None]:
    return (difference.mean, difference.lower, difference.upper) if difference else (None, None, None)


def _chart(task: str, rows: Sequence[Row], contents: Contents) -> Chart | None:
    shown = [(row, row.difference) for row in rows if row.difference]
    if not shown:
        return None
    order = [row.arm for row, _ in shown]
    values = [
        {"arm": r.arm, "mean": r.mean, "diff": d.mean, "lower": d.lower, "upper": d.upper, "finding": r.finding}
        for r, d in shown
    ]
    seeds = [{"arm": row.arm, "diff": value} for row, difference in shown for value in difference.values]
    scale = alt.Scale(domain=order, range=[arm_colour(contents.arms.index(arm)) for arm in order])
    colour = alt.Color("arm:N", scale=scale, legend=None)
    shapes = alt.Scale(domain=order, range=[SHAPES[contents.arms.index(arm) % len(SHAPES)] for arm in order])
    y = alt.Y("arm:N", sort=order, title=None)
    band = alt.Chart(rows_of([{"from": -contents.margin, "to": 0}])).mark_rect(color=INK, opacity=0.13)
    zero = alt.Chart(rows_of([{"at": 0}])).mark_rule(color=INK).encode(x="at:Q")
    base = alt.Chart(rows_of(values)).encode(
        y=y,
        color=colour,
        tooltip=[
            alt.Tooltip("arm:N"),
            alt.Tooltip("mean:Q", format=".3f"),
            alt.Tooltip("diff:Q", title="difference", format="+.3f"),
            alt.Tooltip("lower:Q", format="+.3f"),
            alt.Tooltip("upper:Q", format="+.3f"),
            alt.Tooltip("finding:N"),
        ],
    )
    title = "difference to single"
    interval = base.mark_rule(strokeWidth=2.5).encode(x=alt.X("lower:Q", title=title), x2="upper:Q")
    point = base.mark_point(size=90, filled=True, opacity=1).encode(
        x="diff:Q", shape=alt.Shape("arm:N", scale=shapes, legend=None)
    )
    ticks = (
        alt.Chart(rows_of(seeds)).mark_tick(yOffset=11, height=7, thickness=1.5).encode(x="diff:Q", y=y, color=colour)
    )
    chart = alt.layer(band.encode(x=alt.X("from:Q", title=title), x2="to:Q"), zero, interval, ticks, point)
    words = "; ".join(f"{row.arm} {d.mean:+.3f} [{d.lower:+.3f}, {d.upper:+.3f}], {row.finding}" for row, d in shown)
    alt_text = f"{task}, {rows[0].metric}, difference to single: {words}."
    sized = chart.properties(width="container", height=38 * len(order))
    return Chart(f"{task}: {rows[0].metric}", alt_text, finished(sized, alt_text))
