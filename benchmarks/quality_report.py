"""What the quality grid shows: a table, a picture, and the bounds that coupling has to keep."""

from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import polars as pl
from quality_settings import WRONG

from conjoin.evaluation import MARGIN, Difference, findings, paired_difference

TABLE_ERROR = 0.1
"""Mean absolute error of a learned table, at most."""
EQUAL = 0.01
"""With a table that teaches nothing true, coupled is joint up to this, in the mean."""
GAPS = {"digits-50+1000": ("digit", 0.7), "faces-500+10000": ("expression", 0.5)}
"""Share of what there is to gain that coupled recovers on the starved task."""
FAR_OFF = ("kollias2024, true", "kollias2024-reversed, true")
"""Not in the picture, where they would hide the others."""


def write_grid(rows: list[dict[str, Any]], folder: Path, data: str) -> pl.DataFrame:
    """Write every score, the table of means and a picture; return every score.

    Of a grid that is not finished, arms that share less than two seeds with `single` are left out.
    """
    frame = pl.DataFrame(rows, infer_schema_length=None)
    single = frame.filter(arm="single").select("setting", "seed").unique()
    paired = frame.join(single, on=["setting", "seed"], how="semi")
    enough = paired.group_by("setting", "arm").agg(pl.col("seed").n_unique()).filter(pl.col("seed") >= 2)
    frame = frame.join(enough, on=["setting", "arm"], how="semi", maintain_order="left")
    frame.write_csv(folder / f"{data}.csv")
    (folder / f"{data}.md").write_text(_markdown(frame), "utf-8")
    _draw(frame, data).save(folder / f"{data}.png", scale_factor=1)
    return frame


def judge_grid(frame: pl.DataFrame) -> int:
    """Print the bounds; return 1 where one is missed. What an unfinished grid cannot tell yet is left out."""
    checks = [*_harm(frame), *_equal(frame), *_gaps(frame), *_learned(frame), *_best(frame)]
    for good, text in checks:
        print(f"{'ok    ' if good else 'MISSED'} {text}")
    return int(not all(good for good, _ in checks))


def _values(frame: pl.DataFrame, setting: str, task: str, *arms: str) -> tuple[np.ndarray, ...]:
    """Scores of each arm on the seeds that all of them were run on."""
    found = [frame.filter(setting=setting, arm=arm, task=task).select("seed", "value").sort("seed") for arm in arms]
    common = set.intersection(*(set(part["seed"]) for part in found))
    return tuple(part.filter(pl.col("seed").is_in(common))["value"].to_numpy() for part in found)


def _difference(frame: pl.DataFrame, setting: str, task: str, arm: str, other: str) -> Difference | None:
    """Paired difference of two arms; None with fewer than two common seeds."""
    found, given = _values(frame, setting, task, arm, other)
    return paired_difference(found, given) if len(found) > 1 else None


def _cells(frame: pl.DataFrame) -> list[tuple[str, str]]:
    return sorted(set(frame.select("setting", "task").iter_rows()))


def _arms(frame: pl.DataFrame, setting: str) -> list[str]:
    return frame.filter(setting=setting)["arm"].unique(maintain_order=True).to_list()


def _harm(frame: pl.DataFrame) -> list[tuple[bool, str]]:
    """No cell of coupled harms a task: family-wise over the grid, and over its cells with the true table."""
    cells = [(s, a, t) for s, t in _cells(frame) for a in _arms(frame, s) if a.startswith("coupled")]
    families = {"coupled": cells, "coupled, true": [cell for cell in cells if cell[1] == "coupled, true"]}
    checks = []
    for name, family in families.items():
        compared = [(cell, _difference(frame, cell[0], cell[2], cell[1], "single")) for cell in family]
        judged = [(cell, d) for cell, d in compared if d]
        if not judged:
            continue
        found = findings([d for _, d in judged])
        for ((setting, arm, task), d), finding in zip(judged, found, strict=True):
            if finding == "negative transfer":
                told = f"{setting}, {arm}, {task}: {d.mean:+.3f} [{d.lower:+.3f}, {d.upper:+.3f}]"
                checks.append((False, f"negative transfer: {told}"))
        counts = {finding: found.count(finding) for finding in dict.fromkeys(found)}
        below = sum(d.upper < 0 for _, d in judged)
        (setting, arm, task), worst = min(judged, key=lambda pair: pair[1].mean)
        checks.append(
            (
                "negative transfer" not in counts,
                f"{name} in {len(judged)} cells, family-wise: {counts}; "
                f"with an interval of its own below 0: {below}; worst {setting}, {arm}, {task}: {worst.mean:+.3f}",
            )
        )
    return checks


def _equal(frame: pl.DataFrame) -> list[tuple[bool, str]]:
    """Tables that teach nothing true do nothing."""
    checks = []
    for kind in WRONG:
        compared = [(_difference(frame, s, t, f"coupled, {kind}", "joint"), s, t) for s, t in _cells(frame)]
        gaps = [(abs(d.mean), s, t) for d, s, t in compared if d]
        if gaps:
            gap, setting, task = max(gaps)
            checks.append((gap <= EQUAL, f"{kind}: largest mean |coupled - joint| {gap:.4f} ({setting}, {task})"))
    return checks


def _gaps(frame: pl.DataFrame) -> list[tuple[bool, str]]:
    checks = []
    for setting, (task, least) in GAPS.items():
        single, coupled, full = _values(frame, setting, task, "single", "coupled, true", "full")
        if len(single):
            gap = (coupled.mean() - single.mean()) / (full.mean() - single.mean())
            checks.append((gap >= least, f"{setting}: recovered gap on {task} {gap:.2f} (at least {least})"))
    return checks


def _learned(frame: pl.DataFrame) -> list[tuple[bool, str]]:
    """Tables that were learned are near the truth, and recover half of what the true ones do."""
    arm, checks = "coupled, learned", []
    for setting, (task, _) in GAPS.items():
        joint, true, found = _values(frame, setting, task, "joint", "coupled, true", arm)
        if len(found):
            error = frame.filter(setting=setting, arm=arm)["table error"].to_list()
            checks.append((max(error) <= TABLE_ERROR, f"{setting}: largest error of a learned table {max(error):.3f}"))
            share = (found.mean() - joint.mean()) / (true.mean() - joint.mean())
            checks.append((share >= 0.5, f"{setting}: learned table gives {share:.2f} of the true one (at least 0.5)"))
    return checks


def _best(frame: pl.DataFrame) -> list[tuple[bool, str]]:
    """Best mean Delta-m (Maninis et al. 2019) of all arms but full, over the settings of every arm, true tables."""
    arms = {setting: _rivals(frame, setting) for setting, _ in _cells(frame)}
    everyone = set().union(*arms.values())
    if "coupled, true" not in everyone:
        return []
    gains: dict[str, list[float]] = {}
    for setting, task in _cells(frame):
        single, *others = _values(frame, setting, task, "single", *sorted(everyone))
        if len(single):  # all arms have run here
            for arm, found in zip(sorted(everyone), others, strict=True):
                gains.setdefault(arm, []).append(100 * (found.mean() / single.mean() - 1))
    means = {arm: float(np.mean(values)) for arm, values in gains.items()}
    told = ", ".join(f"{arm} {mean:+.2f}" for arm, mean in sorted(means.items(), key=lambda item: -item[1]))
    return [(max(means, key=means.__getitem__) == "coupled, true", f"mean Delta-m, per cent: {told}")] if means else []


def _rivals(frame: pl.DataFrame, setting: str) -> list[str]:
    arms = _arms(frame, setting)
    return [arm for arm in arms if arm not in {"single", "full"} and (", " not in arm or arm.endswith(", true"))]


def _markdown(frame: pl.DataFrame) -> str:
    lines = []
    seeds = frame["seed"].n_unique()
    for setting in frame["setting"].unique(maintain_order=True):
        tasks = [task for s, task in _cells(frame) if s == setting]
        lines += [f"### {setting}", "", "| arm | " + " | ".join(tasks) + " |", "|---|" + "---|" * len(tasks)]
        for arm in _arms(frame, setting):
            cells = [_cell(frame, setting, task, arm) for task in tasks]
            count = frame.filter(setting=setting, arm=arm)["seed"].n_unique()
            name = arm if count == seeds else f"{arm} ({count} seeds)"
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def _cell(frame: pl.DataFrame, setting: str, task: str, arm: str) -> str:
    """Mean, difference to single, and to joint where a table is what makes it."""
    (values,) = _values(frame, setting, task, arm)
    text = f"{values.mean():.3f}"
    others = {"single": ", ", "joint": "; to joint "} if arm.startswith("coupled") else {"single": ", "}
    for other, join in others.items():
        if arm != other and (d := _difference(frame, setting, task, arm, other)):
            text += f"{join}{d.mean:+.3f} [{d.lower:+.3f}, {d.upper:+.3f}]"
    return text.replace("0.", ".")


def _draw(frame: pl.DataFrame, data: str) -> alt.HConcatChart:
    """Differences to single with their intervals, a panel for each task and setting; red: the margin of harm."""
    rows = []
    for setting, task in _cells(frame):
        for arm in _arms(frame, setting):
            if arm not in {"single", *FAR_OFF} and (d := _difference(frame, setting, task, arm, "single")):
                line = {"setting": setting.removeprefix(f"{data}-"), "task": task, "arm": arm, "mean": d.mean}
                rows.append(line | {"lower": d.lower, "upper": d.upper})
    table, panels = pl.DataFrame(rows), []
    for task in table["task"].unique(maintain_order=True):
        base = alt.Chart().encode(y=alt.Y("arm:N", title=None, sort=None), color=alt.Color("arm:N", legend=None))
        points = base.mark_point(filled=True).encode(x=alt.X("mean:Q", title="difference to single, 95 % interval"))
        bars = base.mark_rule().encode(x="lower:Q", x2="upper:Q")
        zero = alt.Chart().mark_rule(strokeDash=[3, 3]).encode(x=alt.datum(0))
        margin = alt.Chart().mark_rule(color="firebrick").encode(x=alt.datum(-MARGIN))
        layers = alt.layer(zero, margin, bars, points, data=table.filter(task=task)).properties(width=260)
        above = alt.Header(labelOrient="top", labelAnchor="start", labelFontWeight="bold")
        facets = layers.facet(row=alt.Row("setting:N", title=None, header=above))
        panels.append(facets.resolve_scale(x="independent", y="independent").properties(title=task))
    return alt.hconcat(*panels)
