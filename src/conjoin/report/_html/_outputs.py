"""What changes from single-task training, class by class and label by label."""

import altair as alt
import torch

from conjoin.report._html._averages import MOST, confusion, largest, presence, shares, truth
from conjoin.report._html._blocks import Block, Chart, Charts, Column, Section, Table, Words
from conjoin.report._html._charts import INK, ROW, SHAPES, arm_colour, finished, heat_map, rows_of
from conjoin.report._html._contents import Contents
from conjoin.tasks import MultiClass, Task

_NARROW = 10
"""Classes up to which three confusion matrices stand side by side."""


def confusions(contents: Contents) -> Section | None:
    """Confusion matrix of each multi-class task; None without any, or without another arm than single."""
    tasks = [task for task in contents.problem.tasks if isinstance(task, MultiClass)]
    if not tasks or not contents.shown:
        return None
    blocks: list[Block] = [
        Words(
            "Of the test images of each annotated class (a row), the share that is predicted as each class, mean "
            f"over seeds (below 0.005 without a number); and {contents.shown} minus single: blue where the share grows."
        )
    ]
    for task in tasks:
        blocks.extend(_confusion(contents, task, contents.shown))
    return Section("confusion", "Confusion", blocks)


def _confusion(contents: Contents, task: MultiClass, arm: str) -> list[Block]:
    target = truth(contents.problem, task)
    if not bool((target >= 0).any()):
        return [Words(f"{task.name}: no test image is annotated.")]
    counts = {name: confusion(contents.of(name), task, target) for name in ("single", arm)}
    matrices = {name: shares(found) for name, found in counts.items()}
    difference = matrices[arm] - matrices["single"]
    kept = largest(difference.abs().sum(1))
    blocks: list[Block] = []
    if len(kept) < len(task.outputs):
        text = f"{task.name}: {len(kept)} of {len(task.outputs)} classes are shown, those that changed most."
        blocks.append(Words(f"{text} Predictions of other classes are left out."))
    charts = [_matrix(task, name, matrix, kept) for name, matrix in matrices.items()]
    charts.append(_matrix(task, f"{arm} minus single", difference, kept, diverging=True))
    return [*blocks, Charts(charts, wide=len(kept) > _NARROW)]


def _matrix(task: MultiClass, what: str, matrix: torch.Tensor, kept: list[int], *, diverging: bool = False) -> Chart:
    names, found = [task.outputs[i] for i in kept], matrix[kept][:, kept]
    values = [
        {"down": names[i], "across": names[j], "value": round(value, 4)}
        for i, row in enumerate(found.tolist())
        for j, value in enumerate(row)
    ]
    right = found.diagonal().mean()
    alt_text = f"{task.name}, {what}: confusion matrix of {len(names)} classes; diagonal {right:.3f} on average."
    spec = heat_map(
        values,
        down=names,
        across=names,
        titles=("annotated", "predicted", "difference of shares" if diverging else "share of the class"),
        diverging=max(float(found.abs().max()), 1e-3) if diverging else None,
        highest=1.0,  # single and the other arm are compared by eye
        quiet=True,
        alt_text=alt_text,
    )
    return Chart(f"{task.name}: {what}", alt_text, spec)


def f1_changes(contents: Contents) -> Section | None:
    """F1 of each class and label, single and the other arm; None without another arm, or where it was not made."""
    arm, found = contents.shown, contents.details
    if not arm or not found:
        return None
    f1 = {(one.task, one.output, one.arm): one.value for one in found.outputs}
    blocks: list[Block] = [
        Words(f"F1 of each class and label on the test images, mean over seeds, from single to {arm}.")
    ]
    charts, figures = [], []
    for task in contents.problem.tasks:
        before, after = (
            torch.tensor([f1[task.name, output, name] for output in task.outputs]) for name in ("single", arm)
        )
        images = (presence(task, truth(contents.problem, task)) == 1).sum(0)
        if not bool((images > 0).any()):
            continue
        if len(task.outputs) > MOST:
            few = f"{task.name}: the chart shows {MOST} of {len(task.outputs)}, those that changed most."
            blocks.append(Words(few))
        charts.append(_dumbbells(contents, task, before, after))
        cells = [
            (name, count, *((None,) * 3 if a != a else (a, b, b - a)))  # noqa: PLR0124, NaN
            for name, count, a, b in zip(task.outputs, images.tolist(), before.tolist(), after.tolist(), strict=True)
        ]
        columns = [Column(task.name), Column("test images", "{:,}"), Column("single", "{:.3f}")]
        columns += [Column(arm, "{:.3f}"), Column("change", "{:+.3f}")]
        figures.append(Table(f"F1 by output of {task.name}", columns, cells, folded=True))
    return Section("outputs", "Changes by class and label", [*blocks, Charts(charts), *figures])


def _dumbbells(contents: Contents, task: Task, before: torch.Tensor, after: torch.Tensor) -> Chart:
    arm = contents.shown or "single"
    kept = [i for i in largest((after - before).abs()) if not bool(before[i].isnan())]
    kept.sort(key=lambda i: float(before[i] - after[i]))
    names = [task.outputs[i] for i in kept]
    pairs = [{"label": task.outputs[i], "from": float(before[i]), "to": float(after[i])} for i in kept]
    points = [
        {"label": p["label"], "arm": name, "F1": p[key]}
        for p in pairs
        for name, key in (("single", "from"), (arm, "to"))
    ]
    places = [contents.arms.index(name) for name in ("single", arm)]
    y = alt.Y("label:N", sort=names, title=None)
    rule = alt.Chart(rows_of(pairs)).mark_rule(color=INK, strokeWidth=2, opacity=0.5)
    rule = rule.encode(x=alt.X("from:Q", title="F1", scale=alt.Scale(zero=False)), x2="to:Q", y=y)
    domain = ["single", arm]
    point = (
        alt.Chart(rows_of(points))
        .mark_point(size=80, filled=True, opacity=1)
        .encode(
            x="F1:Q",
            y=y,
            color=alt.Color(
                "arm:N",
                title=None,
                scale=alt.Scale(domain=domain, range=[arm_colour(place) for place in places]),
                legend=alt.Legend(orient="top"),
            ),
            shape=alt.Shape(
                "arm:N", title=None, scale=alt.Scale(domain=domain, range=[SHAPES[p % len(SHAPES)] for p in places])
            ),
            tooltip=[alt.Tooltip("label:N"), alt.Tooltip("arm:N"), alt.Tooltip("F1:Q", format=".3f")],
        )
    )
    up, down = int((after > before).sum()), int((after < before).sum())
    alt_text = f"{task.name}, F1 from single to {arm}: {up} outputs rise, {down} fall; a table below has the numbers."
    sized = (rule + point).properties(width="container", height=ROW * len(names))
    return Chart(f"{task.name}: F1, single to {arm}", alt_text, finished(sized, alt_text))
