"""Pictures of a comparison."""

from collections.abc import Sequence

import matplotlib as mpl
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from conjoin.evaluation import TRACE_EVERY, Row, Run
from conjoin.report._colours import COLOURS
from conjoin.report._traces import aligned


def draw_differences(rows: Sequence[Row], *, margin: float) -> Figure:
    """Difference of each arm to single-task training, by task, with intervals and the margin of harm."""
    tasks = list(dict.fromkeys(row.task for row in rows))
    figure = Figure(figsize=(3.2 * len(tasks) + 0.8, 2.6), layout="constrained")
    axes = figure.subplots(1, len(tasks), squeeze=False)[0]
    for axis, task in zip(axes, tasks, strict=True):
        shown = [(row, row.difference) for row in rows if row.task == task and row.difference]
        for place, (_, difference) in enumerate(shown):
            spread = [[difference.mean - difference.lower], [difference.upper - difference.mean]]
            axis.errorbar(difference.mean, place, xerr=spread, fmt="o", capsize=4, color=COLOURS[place])
            axis.plot(difference.values, [place + 0.18] * len(difference.values), "|", color=COLOURS[place])
        axis.axvline(0, color="black", linewidth=0.8)
        axis.axvspan(-margin, 0, color="0.85", zorder=0)
        axis.set_yticks(range(len(shown)), [row.arm for row, _ in shown] if axis is axes[0] else [])
        axis.set_ylim(len(shown) - 0.5, -0.5)
        axis.set_title(f"{task}: {shown[0][0].metric}", fontsize=10)
        axis.set_xlabel("difference to single")
        axis.xaxis.set_major_locator(mpl.ticker.MaxNLocator(4))
    return figure


def draw_evidence(runs: Sequence[Run], relation: str, labels: Sequence[str]) -> Figure:
    """Evidence of each label over training as a heat map, mean over seeds, for one relation."""
    traces = aligned([run.evidence[relation] for run in runs if run.evidence.get(relation)]).mean(0)
    figure = Figure(figsize=(7, 0.9 + 0.24 * len(labels)), layout="constrained")
    axis = figure.subplots()
    area = (0, TRACE_EVERY * len(traces), len(labels) - 0.5, -0.5)
    picture = axis.imshow(traces.T, aspect="auto", vmin=0, vmax=1, extent=area, interpolation="nearest")
    axis.set_yticks(range(len(labels)), labels)
    axis.set(xlabel="optimizer step", title=f"Evidence for {relation}, by label")
    figure.colorbar(picture, ax=axis, label="evidence")
    return figure


def draw_readings(
    images: Float[Tensor, "images 1 height width"],
    truth: Int[Tensor, "images"],
    readings: dict[str, Int[Tensor, "images"]],
    classes: Sequence[str],
    *,
    most: int = 16,
) -> Figure:
    """Images that the arms read differently, with the truth and what each arm reads."""
    reads = list(readings.values())
    differ = [i for i in range(len(images)) if any(int(r[i]) != int(reads[0][i]) for r in reads)][:most]
    columns = 8
    lines = max(-(-len(differ) // columns), 1)
    figure = Figure(figsize=(1.4 * columns, 0.4 + 2.2 * lines))
    figure.subplots_adjust(left=0.01, right=0.99, top=1 - 0.7 / figure.get_figheight(), bottom=0.13, hspace=0.75)
    figure.suptitle("Test images that the arms read differently (✗ = wrong)", fontsize=11)
    for place, index in enumerate(differ):
        axis = figure.add_subplot(lines, columns, place + 1)
        axis.imshow(images[index, 0].numpy(), cmap="gray_r")
        axis.set_axis_off()
        axis.set_title(f"is {classes[int(truth[index])]}", fontsize=9)
        for line, (arm, reading) in enumerate(readings.items()):
            right = int(reading[index]) == int(truth[index])
            axis.text(
                0.5,
                -0.08 - 0.17 * line,
                f"{arm}: {classes[int(reading[index])]}{'' if right else ' ✗'}",
                transform=axis.transAxes,
                ha="center",
                va="top",
                fontsize=8,
                color="black" if right else "#B00020",
            )
    return figure
