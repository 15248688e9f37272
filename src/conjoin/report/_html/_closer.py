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
    groups = f"{found.clusters:,} groups of them" if found.clusters < images else "each for itself"
    blocks: list[Block] = [
        Words(
            f"Another test set: intervals of {CONFIDENCE:.0%} over the {images:,} test images drawn anew, {groups} "
            "(bootstrap), the networks as they are. The verdict rests on the intervals over seeds above."
        ),
        Table(
            "Difference to single, interval over test images",
            [Column("task"), Column("arm"), Column("lower", "{:+.3f}"), Column("upper", "{:+.3f}")],
            [(one.task, one.arm, one.lower, one.upper) for one in found.intervals],
            folded=True,
        ),
        Table(
            "Mean relative difference to single over tasks (delta-m), in per cent, with its interval over seeds",
            [Column("arm"), Column("mean", "{:+.2f}"), Column("lower", "{:+.2f}"), Column("upper", "{:+.2f}")],
            [(arm, d.mean, d.lower, d.upper) for arm, d in found.delta_m.items()],
        ),
    ]
    if found.gaps:
        columns = [Column("task"), Column("arm"), Column("recovered", "{:.2f}")]
        cells = [(gap.task, gap.arm, gap.value) for gap in found.gaps]
        blocks.append(Table("Recovered gap: (arm - single) / (full - single), where full is better", columns, cells))
    costs = [(one.arm, one.seconds, one.images, one.parameters) for one in found.costs]
    columns = [Column("arm"), Column("seconds", "{:,.0f}"), Column("images seen", "{:,.0f}")]
    blocks.append(
        Table("Cost of a run, all networks of the arm together", [*columns, Column("parameters", "{:,}")], costs)
    )
    return Section("closer", "Test images, gains and costs", blocks)
