"""Relation tables, and what they imply for how frequent each label is."""

import math

import altair as alt
import torch

from conjoin.relations import Relation
from conjoin.report._html._averages import (
    MOST,
    annotated_rates,
    annotated_table,
    corrected_table,
    implied_rates,
    largest,
    predicted_table,
    probabilities,
    truth,
)
from conjoin.report._html._blocks import Block, Chart, Charts, Column, Section, Table, Words
from conjoin.report._html._charts import ROW, finished, heat_map, rows_of
from conjoin.report._html._contents import Contents

_KINDS = ("annotated", "implied", "predicted")
_NARROW = 10
"""Outputs up to which the tables of a relation stand side by side."""
_UPRIGHT = "M0,-1.6L0,1.6"
"""A short upright line, on which the other two marks may lie."""


def tables(contents: Contents) -> Section | None:
    """The table of each relation beside what annotations and predictions say of it; None without relations."""
    if not contents.problem.relations:
        return None
    blocks: list[Block] = [
        Words(
            "P(target | source class): as it is used, given, counted or learnt (no probability is nearer to 0 or 1 "
            "than the relation's floor); as training images annotated for the target corrected it, which is what the "
            "target was taught as far as evidence allowed (the more images tell of a cell, the more it moved); as test "
            "images say that are annotated for both; as the network predicts it, whatever is annotated. Where the "
            "others agree and the first does not, the table is wrong here."
        )
    ]
    for relation in contents.problem.relations:
        found = {relation.origin: relation.table.float()}
        if (corrected := corrected_table(contents.runs, relation)) is not None:
            found["corrected in training"] = corrected
        annotated = annotated_table(contents.problem, relation)
        if not bool(annotated.isnan().all()):
            found["test images annotated for both"] = annotated
        if contents.shown:
            found[f"predictions of {contents.shown}"] = predicted_table(contents.of(contents.shown), relation)
        away = (relation.table - relation.table.mean(0)).abs().amax(1)
        rows, columns = largest(away), largest(relation.table.amax(0) - relation.table.amin(0))
        if (len(rows), len(columns)) != tuple(relation.table.shape):
            sizes = f"{len(rows)} of {relation.table.shape[0]} classes and {len(columns)} of {relation.table.shape[1]}"
            blocks.append(Words(f"{relation.name}: {sizes} outputs are shown, those that stand out most."))
        highest = max(float(table[rows][:, columns].nan_to_num(0.0).max()) for table in found.values())
        charts = [_table(relation, what, table, (rows, columns), highest) for what, table in found.items()]
        blocks.append(Charts(charts, wide=len(columns) > _NARROW))
    return Section("relations", "Relation tables", blocks)


def _table(
    relation: Relation, what: str, table: torch.Tensor, shown: tuple[list[int], list[int]], highest: float
) -> Chart:
    source, target = relation.source, relation.target
    values = [
        {"down": source.outputs[i], "across": target.outputs[j], "value": round(value, 4)}
        for i in shown[0]
        for j in shown[1]
        if not math.isnan(value := float(table[i, j]))
    ]
    alt_text = (
        f"Relation {relation.name}, {what}: probability of {len(shown[1])} outputs of {target.name} "
        f"for {len(shown[0])} classes of {source.name}."
    )
    spec = heat_map(
        values,
        down=[source.outputs[i] for i in shown[0]],
        across=[target.outputs[j] for j in shown[1]],
        titles=(source.name, target.name, f"P({target.name} | {source.name})"),
        highest=highest,
        alt_text=alt_text,
    )
    return Chart(f"{relation.name}: {what}", alt_text, spec)


def rates(contents: Contents) -> Section | None:
    """Annotated, implied and predicted label rates of single and of the other arm; None without relations."""
    if not contents.problem.relations:
        return None
    arms = [arm for arm in ("single", contents.shown) if arm]
    blocks: list[Block] = [
        Words(
            "How frequent each label is on the test images: predicted (mean predicted probability), implied (mean of "
            "what the source prediction says through the relation), and annotated (among the test images that are "
            "annotated for it). Where implied and annotated differ, the relation or the source prediction is wrong "
            "for these images. (With `logit_adjustment` a task is predicted as if its outputs were equally frequent, "
            "and so are the first two.)"
        )
    ]
    for relation in contents.problem.relations:
        charts, cells = [], []
        known = annotated_rates(relation.target, truth(contents.problem, relation.target))
        for arm in arms:
            implied = implied_rates(contents.of(arm), relation)
            predicted = probabilities(contents.of(arm), relation.target).mean(0)
            found = torch.stack([known, implied, predicted], 1)
            charts.append(_rates(relation, arm, found))
            cells += [
                (name, arm, *(None if value != value else value for value in values))  # noqa: PLR0124, NaN
                for name, values in zip(relation.target.outputs, found.tolist(), strict=True)
            ]
        if len(relation.target.outputs) > MOST:
            blocks.append(
                Words(
                    f"The charts show {MOST} of the {len(relation.target.outputs)} outputs of {relation.target.name}: "
                    "those whose implied and predicted rates differ most."
                )
            )
        blocks.append(Charts(charts))
        columns = [Column(relation.target.name), Column("arm"), *(Column(kind, "{:.3f}") for kind in _KINDS)]
        blocks.append(Table(f"Label rates, {relation.name}", columns, cells, folded=True))
    return Section("rates", "Implied and predicted label rates", blocks)


def _rates(relation: Relation, arm: str, found: torch.Tensor) -> Chart:
    names = relation.target.outputs
    kept = largest((found[:, 1] - found[:, 2]).abs())
    values = [
        {"label": names[i], "kind": kind, "rate": round(rate, 4)}
        for i in kept
        for kind, rate in zip(_KINDS, found[i].tolist(), strict=True)
        if rate == rate  # noqa: PLR0124, NaN
    ]
    chart = (
        alt.Chart(rows_of(values))
        .mark_point(size=70, strokeWidth=2)
        .encode(
            x=alt.X("rate:Q", title="rate", scale=alt.Scale(domainMin=0)),
            y=alt.Y("label:N", sort=[names[i] for i in kept], title=None, axis=alt.Axis(grid=True)),
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=list(_KINDS), range=["currentColor", "var(--arm-1)", "var(--arm-0)"]),
                legend=alt.Legend(orient="top"),
            ),
            shape=alt.Shape(
                "kind:N", title=None, scale=alt.Scale(domain=list(_KINDS), range=[_UPRIGHT, "square", "circle"])
            ),
            tooltip=[alt.Tooltip("label:N"), alt.Tooltip("kind:N"), alt.Tooltip("rate:Q", format=".3f")],
        )
    )
    gap = (found[:, 1] - found[:, 2]).abs().mean()
    alt_text = f"{relation.name}, {arm}: rate of each label as annotated, implied and predicted. Implied and predicted "
    alt_text += f"differ by {gap:.3f} on average; the table below has every number."
    sized = chart.properties(width="container", height=ROW * len(kept))
    return Chart(f"{relation.name}: {arm}", alt_text, finished(sized, alt_text))
