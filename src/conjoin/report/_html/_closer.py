"""How sure differences are over test images, what arms gain in all, and what they cost."""

from conjoin.evaluation import CONFIDENCE
from conjoin.report._html._blocks import Block, Column, Section, Table, Words
from conjoin.report._html._contents import Contents


def closer(contents: Contents) -> Section | None:
    """Intervals over test images, mean relative difference, recovered gap and cost; None where they were not made."""
    found = contents.details
    if found is None:
        return None
    images = len(contents.problem.test)
    drawn = f"in {found.clusters:,} groups" if found.clusters < images else "one by one"
    means = {(row.task, row.arm): row.difference.mean for row in contents.rows if row.difference}
    resampled: list[Block] = [
        Words(
            f"What another test set might show: {CONFIDENCE:.0%} intervals over the {images:,} test images, drawn anew "
            f"{drawn} (bootstrap), with the same networks. The verdict rests on the intervals over seeds above."
        ),
        Table(
            "Difference to single, interval over test images",
            [Column("task"), Column("arm"), *(Column(name, "{:+.3f}") for name in ("difference", "lower", "upper"))],
            [(one.task, one.arm, means[one.task, one.arm], one.lower, one.upper) for one in found.intervals],
            folded=True,
        ),
    ]
    blocks = resampled if found.intervals else []
    if found.delta_m:
        caption = "Mean relative difference to single over tasks (delta-m), in per cent, with its interval over seeds"
        columns = [Column("arm"), *(Column(name, "{:+.2f}") for name in ("mean", "lower", "upper"))]
        blocks.append(Table(caption, columns, [(arm, d.mean, d.lower, d.upper) for arm, d in found.delta_m.items()]))
    if found.gaps:
        columns = [Column("task"), Column("arm"), *(Column(n, "{:.2f}") for n in ("recovered", "lower", "upper"))]
        cells = [(gap.task, gap.arm, gap.value, gap.lower, gap.upper) for gap in found.gaps]
        caption = (
            "Recovered gap, (arm - single) / (full - single), with its interval over seeds (Fieller), where that of "
            "full lies above 0"
        )
        blocks.append(Table(f"{caption}: 1 is all of it, below 0 is worse than single", columns, cells))
    costs = [(one.arm, one.seconds, one.images, one.parameters) for one in found.costs]
    columns = [Column("arm"), Column("seconds", "{:,.0f}"), Column("images seen", "{:,.0f}")]
    blocks.append(
        Table("Cost of a run, all networks of the arm together", [*columns, Column("parameters", "{:,}")], costs)
    )
    return Section("closer", "Test images, gains and costs", blocks)
