"""What happened during training: scores on validation images, losses, and evidence."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import torch

from conjoin.evaluation import TRACE_EVERY
from conjoin.relations import Relation
from conjoin.report._html._averages import MOST, largest
from conjoin.report._html._blocks import Block, Chart, Charts, Section, Words
from conjoin.report._html._charts import DASHES, ROW, arm_colour, finished, rows_of
from conjoin.report._html._contents import Contents
from conjoin.report._traces import aligned
from conjoin.tasks import MultiClass

_TIMES = 60
"""Points in time that losses and evidence are shown at, at most."""


def learning_curves(contents: Contents) -> Section | None:
    """Score of each arm on the validation images over time, by task; None where nobody looked at any."""
    rows: dict[str, dict[tuple[str, int], list[float]]] = {}
    for run in contents.runs:
        for look in (look for looks in run.looks for look in looks):
            for task, score in look.scores.items():
                rows.setdefault(task, {}).setdefault((run.arm, look.step), []).append(score)
    if not rows:
        return None
    words = Words(
        "Score on the annotated validation images, mean over seeds; the band goes from the lowest to the highest seed."
        " The last weights within one standard error of the best mean over tasks were kept."
    )
    charts = [_curve(task, rows[task], contents, "score", "score on validation images") for task in rows]
    return Section("curves", "Learning curves", [words, Charts(charts)])


def losses(contents: Contents) -> Section | None:
    """Each part of the loss over time, where an arm couples tasks; None where none does."""
    traces: dict[str, dict[str, list[list[float]]]] = {}
    for run in contents.runs:
        for term, values in run.losses.items():
            if values:
                traces.setdefault(term, {}).setdefault(run.arm, []).append(values)
    if not set(traces) - {task.name for task in contents.problem.tasks}:
        return None
    words = Words(
        "Each part of the loss, before any weight, on the training images it acts on, in nats an image (kollias2024: a "
        "mean over labels); mean over seeds, the band from the lowest to the highest. A seed that ended early stays as "
        "it was. A task's own part is the negative log-likelihood of its annotations; match/A/B pulls the mean "
        "prediction of A to what B implies, coannotate/A teaches A by soft labels. What evidence holds back is near 0, "
        "and so is a divergence (coannotate of a class) where the network agrees already."
    )
    charts = [
        _curve(term, binned, contents, "loss", "training loss")
        for term, found in traces.items()
        if (binned := _binned(found))
    ]
    return Section("losses", "Losses over time", [words, Charts(charts)])


def _binned(traces: dict[str, list[list[float]]]) -> dict[tuple[str, int], list[float]]:
    """Values of all seeds by arm and step, means over so many times that `_TIMES` points are left."""
    every = -(-max(len(trace) for some in traces.values() for trace in some) // _TIMES)
    found = {}
    for arm, some in traces.items():
        values = aligned(some)
        for first in range(0, values.shape[1], every):
            part = values[:, first : first + every]
            if np.isfinite(part).all():
                found[arm, TRACE_EVERY * (first + part.shape[1])] = part.mean(1).tolist()
    return found


def _curve(title: str, found: dict[tuple[str, int], list[float]], contents: Contents, axis: str, what: str) -> Chart:
    values = [
        {"arm": arm, "step": step, "value": float(np.mean(some)), "low": min(some), "high": max(some)}
        for (arm, step), some in found.items()
    ]
    order = [arm for arm in contents.arms if any(value["arm"] == arm for value in values)]
    places = [contents.arms.index(arm) for arm in order]
    colours = alt.Scale(domain=order, range=[arm_colour(place) for place in places])
    dashes = alt.Scale(domain=order, range=[DASHES[place % len(DASHES)] for place in places])
    legend = alt.Legend(
        orient="top", title=None, columns=3, symbolType="stroke", symbolSize=400, symbolStrokeWidth=2, symbolOpacity=1
    )
    tooltip = [
        alt.Tooltip("arm:N"),
        alt.Tooltip("step:Q"),
        *(alt.Tooltip(f"{key}:Q", format=".3f") for key in ("value", "low", "high")),
    ]
    base = alt.Chart(rows_of(values)).encode(
        x=alt.X("step:Q", title="optimizer step"), color=alt.Color("arm:N", scale=colours, legend=legend)
    )
    y = alt.Scale(zero=False)
    band = base.mark_area(opacity=0.15).encode(y=alt.Y("low:Q", title=axis, scale=y), y2="high:Q")
    line = base.mark_line(strokeWidth=2, point={"size": 30}).encode(
        y="value:Q", strokeDash=alt.StrokeDash("arm:N", scale=dashes, legend=legend), tooltip=tooltip
    )
    ends = {arm: max(step for name, step in found if name == arm) for arm in order}
    last = {arm: float(np.mean(found[arm, step])) for arm, step in ends.items()}
    told = ", ".join(f"{arm} {value:.3f}" for arm, value in last.items())
    alt_text = f"{title}, {what} by optimizer step. At the end: {told}."
    sized = (band + line).properties(width="container", height=240)
    return Chart(title, alt_text, finished(sized, alt_text))


def evidence(contents: Contents) -> Section | None:
    """Evidence of each relation over time; None where no arm measured any."""
    found = [
        (relation, arm, aligned(traces).mean(0))
        for relation in contents.problem.relations
        for arm in contents.arms
        if (traces := [run.evidence[relation.name] for run in contents.of(arm) if run.evidence.get(relation.name)])
    ]
    if not found:
        return None
    words = Words(
        "How far a relation is trusted, from 0 (not at all: the arm trains as joint does) to 1, measured while "
        "training on images that couplings do not act on; mean over seeds. Beside each name: in the end."
    )
    return Section("evidence", "Evidence over time", [words, *_evidence_blocks(found)])


def _evidence_blocks(found: Sequence[tuple[Relation, str, np.ndarray]]) -> list[Block]:
    blocks: list[Block] = []
    for relation, arm, trace in found:
        target = relation.target
        names = [target.name] if isinstance(target, MultiClass) else list(target.outputs)
        kept = largest(torch.from_numpy(np.ptp(trace, axis=0)), MOST)
        if len(kept) < len(names):
            blocks.append(Words(f"{len(kept)} of {len(names)} labels are shown: those whose evidence changed most."))
        blocks.append(_evidence_chart(relation.name, arm, [names[i] for i in kept], trace[:, kept]))
    return blocks


def _evidence_chart(relation: str, arm: str, names: Sequence[str], trace: np.ndarray) -> Chart:
    every = -(-len(trace) // _TIMES)
    times = range(0, len(trace), every)
    rows = [f"{name} {value:.2f}" for name, value in zip(names, trace[-1], strict=True)]
    values = [
        {"step": TRACE_EVERY * t, "end": TRACE_EVERY * (t + every), "label": row, "evidence": round(float(value), 4)}
        for t in times
        for row, value in zip(rows, trace[t : t + every].mean(0), strict=True)
    ]
    chart = (
        alt.Chart(rows_of(values))
        .mark_rect()
        .encode(
            x=alt.X("step:Q", title="optimizer step", scale=alt.Scale(nice=False), axis=alt.Axis(grid=False)),
            x2="end:Q",
            y=alt.Y("label:N", sort=rows, title=None, axis=alt.Axis(labelLimit=250)),
            color=alt.Color(
                "evidence:Q",
                scale=alt.Scale(scheme="cividis", domain=[0, 1]),
                legend=alt.Legend(orient="top", gradientLength=160),
            ),
            tooltip=[alt.Tooltip("label:N"), alt.Tooltip("step:Q"), alt.Tooltip("evidence:Q", format=".3f")],
        )
    )
    alt_text = f"Evidence for {relation} in arm {arm} over training. At the end: {', '.join(rows)}."
    sized = chart.properties(width="container", height=ROW * len(names))
    return Chart(f"{relation}, {arm}", alt_text, finished(sized, alt_text))
