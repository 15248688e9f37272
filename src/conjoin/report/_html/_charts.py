"""What all charts have in common: colours that follow the page, fonts, heat maps."""

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

INK = "currentColor"
LINE = "var(--line)"
ROW = 22
"""Pixels of a row of a chart with a name at its left."""
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1], [1, 3], [10, 4])
_NUMBERS = 200
"""Cells of a heat map up to which each carries its number."""


def arm_colour(place: int) -> str:
    """Colour of the arm in this place: a variable of the page's style, so that it fits light, dark and print."""
    return f"var(--arm-{place % 7})"


def rows_of(rows: Sequence[dict[str, Any]]) -> alt.Data:
    """Rows as data of a chart; a number that is none (NaN, infinite) is left empty, since JSON has no such numbers."""
    plain = [{key: _plain(value) for key, value in row.items()} for row in rows]
    return alt.Data(values=plain)  # type: ignore[no-untyped-call]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def finished(chart: alt.Chart | alt.LayerChart | alt.FacetChart, alt_text: str) -> dict[str, Any]:
    """The specification of a chart whose text and lines take the colours of the page."""
    text = {"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    config = {
        "background": "transparent",
        "font": "system-ui, sans-serif",
        "axis": {**text, "gridColor": LINE, "domainColor": LINE, "tickColor": LINE, "labelLimit": 150},
        "legend": {**text, "labelLimit": 200},
        "view": {"stroke": LINE},
        "axisQuantitative": {"tickCount": 5, "labelFlush": False},  # else numbers at the ends do not stand at theirs
        "mark": {"aria": False},  # the drawing as a whole has its text; its many marks are not read out
    }
    spec = chart.properties(description=alt_text).to_dict()
    if spec.get("width") == "container":  # the height follows from what it shows
        spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return {**spec, "config": config}


def heat_map(
    rows: Sequence[dict[str, Any]],
    *,
    down: Sequence[str],
    across: Sequence[str],
    titles: tuple[str, str, str],
    diverging: float | None = None,
    highest: float | None = None,
    quiet: bool = False,
    alt_text: str,
) -> dict[str, Any]:
    """A heat map of rows with keys `down`, `across` and `value`; up to 200 cells carry their number.

    Args:
        rows: its cells.
        down: names from top to bottom.
        across: names from left to right.
        titles: what is shown from top to bottom, from left to right, and in the cells.
        diverging: largest absolute value of differences around 0; None for values from 0 on.
        highest: end of the scale of values from 0 on; the highest of them by default.
        quiet: whether cells that would read 0.00 carry no number.
        alt_text: what it shows, in words.

    """
    numbers = len(rows) <= _NUMBERS
    form = "{:+.2f}" if diverging else "{:.2f}"
    cells = [{**row, "text": "" if quiet and abs(row["value"]) < 0.005 else form.format(row["value"])} for row in rows]
    tooltip = [
        alt.Tooltip("down:N", title=titles[0]),
        alt.Tooltip("across:N", title=titles[1]),
        alt.Tooltip("value:Q", title=titles[2], format="+.3f" if diverging else ".3f"),
    ]
    font = 12 if numbers else 10
    below = alt.Axis(labelAngle=-90, orient="bottom", labelFontSize=font)
    base = alt.Chart(rows_of(cells)).encode(
        x=alt.X("across:N", sort=list(across), title=titles[1], axis=below),
        y=alt.Y("down:N", sort=list(down), title=titles[0], axis=alt.Axis(labelFontSize=font)),
        tooltip=tooltip,
    )
    highest = highest or max((row["value"] for row in rows), default=1.0) or 1.0
    if diverging:
        scale = alt.Scale(domain=[-diverging, 0, diverging], range=["#E69F00", "#f4f4f4", "#56B4E9"])
        dark = "true"
    else:
        scale = alt.Scale(scheme="cividis", domain=[0, highest])
        dark = f"datum.value > {0.45 * highest}"
    legend = alt.Legend(title=titles[2], orient="top", gradientLength=160, titleLimit=260)
    chart = base.mark_rect().encode(color=alt.Color("value:Q", scale=scale, legend=legend))
    size = {"width": alt.Step(30 if numbers else 12), "height": alt.Step(24 if numbers else 12)}
    if not numbers:
        return finished(chart.properties(**size), alt_text)
    ink = alt.when(dark).then(alt.value("#000000")).otherwise(alt.value("#ffffff"))
    text = base.mark_text(fontSize=9 if diverging else 10).encode(text="text:N", color=ink)
    return finished((chart + text).properties(**size), alt_text)
