"""How many images are annotated for what, and how outputs are spread."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conjoin.inspection._inspection import SPLITS, Inspection
from conjoin.sources import Prepared, annotated, annotations, known
from conjoin.tasks import MultiClass, Task


def count(found: Inspection, prepared: Prepared) -> None:
    """Images and annotations by source, split and task; what preparation did."""
    visible = {split: annotations(prepared.table[split]) for split in SPLITS}
    full = {split: annotations(prepared.hidden[split]) for split in SPLITS}
    for split in SPLITS:
        source = np.asarray(prepared.table[split].with_format("numpy")["source"][:], dtype=np.int64)
        sizes = np.bincount(source, minlength=len(prepared.sources))
        for name, size in zip(prepared.sources, sizes.tolist(), strict=True):
            found.images.setdefault(name, {})[split] = size
        for task in prepared.tasks:
            values = visible[split][task.name]
            shown_rows = annotated(values)
            found.annotated.setdefault(task.name, {})[split] = int(shown_rows.sum())
            found.hidden.setdefault(task.name, {})[split] = int((annotated(full[split][task.name]) & ~shown_rows).sum())
            _balance(found, task, split, values)
    for one in prepared.tasks:
        for other in prepared.tasks:
            both = annotated(visible["train"][one.name]) & annotated(visible["train"][other.name])
            found.overlap.setdefault(one.name, {})[other.name] = int(both.sum())
    account = prepared.account
    found.account = {
        "merged": account.merged,
        "left_out": {task: dict(names) for task, names in account.left_out.items()},
        "converted": {source: dict(kinds) for source, kinds in account.converted.items()},
        "shifted": dict(account.shifted),
        "split": dict(account.split),
        "notes": {source: list(notes) for source, notes in account.notes.items()},
        "cautions": {source: list(cautions) for source, cautions in account.cautions.items()},
    }


def _balance(found: Inspection, task: Task, split: str, values: NDArray[Any]) -> None:
    if values.ndim == 1:
        counts = np.bincount(values[values >= 0], minlength=len(task.outputs))
    elif isinstance(task, MultiClass):
        counts = np.bincount(np.nan_to_num(values[annotated(values)]).argmax(1), minlength=len(task.outputs))
    else:
        counts = (np.nan_to_num(values) > 0.5).sum(0)
        seen = known(values).sum(0)
        for name, count in zip(task.outputs, seen.tolist(), strict=True):
            found.label_counts.setdefault(task.name, {}).setdefault(name, {})[split] = count
    for name, count in zip(task.outputs, counts.tolist(), strict=True):
        found.balance.setdefault(task.name, {}).setdefault(name, {})[split] = count
