"""What the quality grid shows: a table, a picture, and the bounds that coupling has to keep."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import polars as pl
from quality_parts import PARTS
from quality_settings import WRONG
from scipy import stats

from conjoin.evaluation import CONFIDENCE, MARGIN, Difference, findings, paired_difference, recovered_gap

TABLE_ERROR = 0.1
"""Mean absolute error of a learned table, at most."""
EQUAL = 0.01
"""With a table that teaches nothing true, coupled is joint up to this, in the mean."""
GAPS = {"digits-50+1000": ("digit", 0.7), "faces-500+10000": ("expression", 0.5)}
"""Share of what there is to gain that coupled recovers on the starved task."""
FAR_OFF = ("kollias2024, true", "kollias2024-reversed, true")
"""Not in the picture, where they would hide the others, as tables would that are used when images are read."""


def write_grid(rows: list[dict[str, Any]], folder: Path, data: str, suffix: str = "") -> pl.DataFrame:
    """Write every score, the table of means and a picture, named by the data and a suffix; return every score.

    Of a grid that is not finished, arms that share less than two seeds with `single` are left out.
    """
    frame = pl.DataFrame(rows, infer_schema_length=None)
    single = frame.filter(arm="single").select("setting", "seed").unique()
    paired = frame.join(single, on=["setting", "seed"], how="semi")
    enough = paired.group_by("setting", "arm").agg(pl.col("seed").n_unique()).filter(pl.col("seed") >= 2)
    frame = frame.join(enough, on=["setting", "arm"], how="semi", maintain_order="left")
    frame.write_csv(folder / f"{data}{suffix}.csv")
    (folder / f"{data}{suffix}.md").write_text(_markdown(frame), "utf-8")
    _draw(frame, data).save(folder / f"{data}{suffix}.png", scale_factor=1)
    return frame


def judge_grid(frame: pl.DataFrame) -> int:
    """Print the bounds; return 1 where one is missed. What an unfinished grid cannot tell yet is left out."""
    checks = [*_harm(frame), *_equal(frame), *_gaps(frame), *_learned(frame), *_best(frame)]
    for good, text in checks:
        print(f"{'ok    ' if good else 'MISSED'} {text}")
    for text in (*_setting_by_setting(frame), *_added(frame), *_read(frame)):
        print(f"       {text}")
    return int(not all(good for good, _ in checks))


def _seeds(frame: pl.DataFrame, setting: str, arms: list[str]) -> set[int]:
    """Seeds that all of these arms were run on."""
    return set.intersection(*(set(frame.filter(setting=setting, arm=arm)["seed"]) for arm in arms))


def _values(frame: pl.DataFrame, setting: str, task: str, *arms: str) -> tuple[np.ndarray, ...]:
    """Scores of each arm on the seeds that all of them were run on."""
    of_task = frame.filter(task=task)
    common = pl.col("seed").is_in(_seeds(of_task, setting, list(arms)))
    return tuple(of_task.filter(common, setting=setting, arm=arm).sort("seed")["value"].to_numpy() for arm in arms)


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
        shown = float(np.median([_least_shown(d, len(judged)) for _, d in judged]))
        (setting, arm, task), worst = min(judged, key=lambda pair: pair[1].mean)
        checks.append(
            (
                "negative transfer" not in counts,
                f"{name} in {len(judged)} cells, family-wise: {counts}; harm would be a loss of {shown:.3f} (median); "
                f"with an interval of its own below 0: {below}; worst {setting}, {arm}, {task}: {worst.mean:+.3f}",
            )
        )
    return checks


def _least_shown(difference: Difference, cells: int) -> float:
    """The mean loss from which the first of Holm's steps would find it below 0 and not above the margin."""
    confidence = 1 - (1 - CONFIDENCE) / 2 / cells
    noise = float(stats.t.ppf(confidence, len(difference.values) - 1)) * difference.error
    return max(noise, MARGIN - noise)


def _setting_by_setting(frame: pl.DataFrame) -> Iterator[str]:
    """What a study of one setting alone would say of its tasks; no bound, since among many some are found by chance."""
    for setting in frame["setting"].unique(maintain_order=True):
        for arm in _arms(frame, setting):
            tasks = [task for s, task in _cells(frame) if s == setting]
            compared = {task: _difference(frame, setting, task, arm, "single") for task in tasks}
            judged = {task: d for task, d in compared.items() if d and (arm == "joint" or arm.startswith("coupled"))}
            for (task, d), finding in zip(judged.items(), findings(list(judged.values())), strict=True):
                if finding == "negative transfer":
                    told = f"{setting}, {arm}, {task}: {d.mean:+.3f} [{d.lower:+.3f}, {d.upper:+.3f}]"
                    yield f"negative transfer, judged by this setting's tasks alone: {told}"


def _added(frame: pl.DataFrame) -> Iterator[str]:
    """What coupling itself adds or takes: coupled to joint, family-wise over the cells of each table."""
    for arm in dict.fromkeys(arm for setting, _ in _cells(frame) for arm in _arms(frame, setting)):
        compared = (
            [_difference(frame, *cell, arm, "joint") for cell in _cells(frame)] if arm.startswith("coupled, ") else []
        )
        if judged := [d for d in compared if d]:
            found = findings(judged)
            counts = {finding: found.count(finding) for finding in dict.fromkeys(found)}
            below = sum(d.upper < 0 for d in judged)
            yield f"{arm} to joint in {len(judged)} cells: {counts}; with an interval of its own below 0: {below}"


def _read(frame: pl.DataFrame) -> Iterator[str]:
    """Delta-m where tables are used when images are read, and of coupled and joint in the same settings and seeds."""
    for arm in dict.fromkeys(arm for setting, _ in _cells(frame) for arm in _arms(frame, setting)):
        if not arm.startswith("decoded"):
            continue
        others = (arm, f"coupled, {arm.rpartition(', ')[2]}", "joint")
        ran = [(cell, _seeds(frame, cell[0], ["single", *others])) for cell in _cells(frame)]
        if cells := [(cell, seeds) for cell, seeds in ran if seeds]:
            gains = {one: np.mean([_gains(frame, *cell, one, seeds).mean() for cell, seeds in cells]) for one in others}
            yield "mean Delta-m, per cent: " + ", ".join(f"{one} {gain:+.2f}" for one, gain in gains.items())


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
        if len(single) < 2:
            continue
        gap, lower, upper = recovered_gap(coupled, full, single) or (float("nan"),) * 3  # full is not above single
        told = f"{setting}: recovered gap on {task} {gap:.2f} [{lower:.2f}, {upper:.2f}] (at least {least})"
        checks.append((gap >= least, told))
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
    everyone = sorted({arm for setting, _ in _cells(frame) for arm in _rivals(frame, setting)})
    if "coupled, true" not in everyone:
        return []
    ran = {setting: _seeds(frame, setting, ["single", *everyone]) for setting, _ in _cells(frame)}
    cells = [(setting, task) for setting, task in _cells(frame) if ran[setting]]  # all arms have run there
    if not cells:
        return []
    gains = {arm: np.mean([_gains(frame, *cell, arm, ran[cell[0]]).mean() for cell in cells]) for arm in everyone}
    first, *others = sorted(gains, key=gains.__getitem__, reverse=True)
    told = "mean Delta-m, per cent: " + ", ".join(f"{arm} {gains[arm]:+.2f}" for arm in (first, *others))
    common = set.intersection(*(ran[setting] for setting, _ in cells))
    if others and len(common) > 1:
        rival = others[0] if first == "coupled, true" else first
        pair = [
            np.mean([_gains(frame, *cell, arm, common) for cell in cells], axis=0) for arm in ("coupled, true", rival)
        ]
        d = paired_difference(*pair)
        told += f"; coupled - {rival} {d.mean:+.2f} [{d.lower:+.2f}, {d.upper:+.2f}] on {len(common)} seeds"
    return [(first == "coupled, true", told)]


def _gains(frame: pl.DataFrame, setting: str, task: str, arm: str, seeds: set[int]) -> np.ndarray:
    """Gain of an arm on each of these seeds, in per cent of what single has in the mean."""
    found, single = _values(frame.filter(pl.col("seed").is_in(seeds)), setting, task, arm, "single")
    return np.asarray(100 * (found - single) / single.mean())


def _rivals(frame: pl.DataFrame, setting: str) -> list[str]:
    arms = _arms(frame, setting)
    given = [arm for arm in arms if arm not in {"single", "full"} and not arm.startswith(("decoded", *PARTS))]
    return [arm for arm in given if ", " not in arm or arm.endswith(", true")]


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
    """Mean, difference to single, and to joint where a table is what makes it, to coupled where a part is left out."""
    (values,) = _values(frame, setting, task, arm)
    text, (name, _, table) = f"{values.mean():.3f}", arm.partition(", ")
    others = {"single": ", "}
    if name == "coupled":
        others["joint"] = "; to joint "
    if name in PARTS:
        others[f"coupled, {table}"] = "; to coupled "
    for other, to in others.items():
        if arm != other and (d := _difference(frame, setting, task, arm, other)):
            text += f"{to}{d.mean:+.3f} [{d.lower:+.3f}, {d.upper:+.3f}]"
    return text.replace("0.", ".")


def _draw(frame: pl.DataFrame, data: str) -> alt.HConcatChart:
    """Differences to single with their intervals, a panel for each task and setting; red: the margin of harm."""
    rows = []
    for setting, task in _cells(frame):
        for arm in _arms(frame, setting):
            shown = arm not in {"single", *FAR_OFF} and not arm.startswith("decoded")
            if shown and (d := _difference(frame, setting, task, arm, "single")):
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
