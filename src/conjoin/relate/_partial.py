"""The part of a relation table that a study has tasks for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from conjoin.cells import composed
from conjoin.names import nearest
from conjoin.relate._table import RelationTable


def partial_table(
    table: RelationTable, classes: Sequence[str], outputs: Sequence[str], *, fill: Mapping[str, float]
) -> RelationTable:
    """A table brought to the classes and labels of two tasks, which it shares some names with.

    Rows and columns that neither task has are left out. A label that the table lacks gets the same probability in each
    row, which says nothing of it. A class that the table lacks is filled in: what goes with it has to be stated. The
    origin tells both, since they are not of the table.

    Args:
        table: over labels.
        classes: names of the source classes, in order.
        outputs: names of the target's labels, in order.
        fill: for each class that the table lacks, the probability of every label that the table has.

    Raises:
        ValueError: if the table is over classes, a class is in neither the table nor `fill` or in both, or no label is
            shared.

    """
    classes, outputs, fill = composed(classes), composed(outputs), dict(zip(composed(fill), fill.values(), strict=True))
    table = replace(table, classes=composed(table.classes), outputs=composed(table.outputs))
    if table.kind != "multi-label":
        raise ValueError("A partial table should be over labels: rows over classes would no longer sum to 1.")
    if lost := [name for name in classes if name not in table.classes and name not in fill]:
        raise ValueError(
            f"`fill` should give a probability for every class that the table lacks. Found none for {lost[0]!r} "
            f"({len(lost)} missing). {nearest(lost[0], table.classes)} Or leave that class out with `missing`."
        )
    if odd := [name for name in fill if name in table.classes or name not in classes]:
        what = "which the table has" if odd[0] in table.classes else f"which is no class. {nearest(odd[0], classes)}"
        raise ValueError(f"`fill` should name classes that the table lacks. Found {odd[0]!r}, {what}")
    shared = [name for name in outputs if name in table.outputs]
    if not shared:
        raise ValueError(
            f"The table should have a column for some of the labels. Found none of {list(outputs)[:5]}. "
            f"{nearest(outputs[0], table.outputs)}"
        )
    cells = {name: np.full((len(classes), len(outputs)), np.nan) for name in ("probability", "count", "lower", "upper")}
    cells["probability"][:] = 0.5
    for row, name in enumerate(classes):
        for label in shared:
            place = row, outputs.index(label)
            if name in fill:
                cells["probability"][place] = fill[name]
                continue
            given = table.classes.index(name), table.outputs.index(label)
            for kind, values in cells.items():
                values[place] = getattr(table, kind)[given]
    silent = [name for name in outputs if name not in table.outputs]
    more = f" and {len(silent) - 3} more" if len(silent) > 3 else ""
    stated = [f"{name} {value:g} as the study states" for name, value in fill.items()]
    stated += [f"nothing said of {', '.join(silent[:3])}{more}"] if silent else []
    origin = "; ".join([table.origin, *stated])
    return RelationTable(classes, outputs, table.kind, origin=origin, notes=table.notes, **cells)
