"""Look at everything that a study would train on."""

from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from conjoin.data import shares
from conjoin.evaluation import check_arms, check_comparison, try_network
from conjoin.inspection._duplicates import duplicates, shown
from conjoin.inspection._remarks import Remark
from conjoin.sources import (
    DataError,
    Faults,
    Prepared,
    annotated,
    annotations,
    build_relation,
    known,
    missing_archives,
    prepare,
    set_aside,
    with_what_is_there,
)
from conjoin.study import Aggregation, Study
from conjoin.tasks import MultiClass, MultiLabel, Task
from conjoin.training import known_balance

SPLITS = ("train", "validation", "test")


@dataclass
class Inspection:
    """What was found; every number is of images that would be used.

    Args:
        name: of the study.
        images: by source and split.
        annotated: by task and split; what a regime hides does not count.
        hidden: annotations that a regime hides, by task and split.
        balance: by task and output, images by split: of that class, or on which the label is present.
        label_counts: by task and label, images by split on which the label is annotated.
        overlap: by pair of tasks, training images annotated for both.
        relations: by name: origin, and the table with its rows and columns.
        faults: by kind: how many rows, and the first of them.
        duplicates: how many test images are also in train or validation, and the first of them.
        account: what preparation merged, left out and converts, and how splits came about.
        remarks: what stands in the way, or should be known.

    """

    name: str
    images: dict[str, dict[str, int]] = field(default_factory=dict)
    annotated: dict[str, dict[str, int]] = field(default_factory=dict)
    hidden: dict[str, dict[str, int]] = field(default_factory=dict)
    balance: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    label_counts: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    overlap: dict[str, dict[str, int]] = field(default_factory=dict)
    relations: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)
    account: dict[str, Any] = field(default_factory=dict)
    duplicates: dict[str, Any] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def go(self) -> bool:
        """Whether nothing stands in the way of training."""
        return all(remark.kind != "no-go" for remark in self.remarks)

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {"go": self.go, **asdict(self), "remarks": [remark._asdict() for remark in self.remarks]}


def inspect_study(study: Study, given: Any = None, *, cache: Path | None = None) -> Inspection:
    """Look at everything that a study would train on; trains nothing.

    Args:
        study: what to look at.
        given: data sets of sources of format `memory`, by name.
        cache: as of `prepare`.

    """
    found = Inspection(study.name)
    _settings(found, study)
    if missing := missing_archives(with_what_is_there(study)[0]):
        found.remarks += [Remark("no-go", text) for text in missing]
        return found
    try:
        prepared = prepare(study, given, seed=study.seeds[0], cache=cache, refuse=False)
    except DataError as error:
        found.remarks.append(Remark("no-go", error.message))
        _faults(found, error.faults, study)
        return found
    _count(found, prepared)
    _faults(found, prepared.account.faults, study)
    if not prepared.account.faults.counts:
        found.remarks.append(Remark("note", "Every image decodes, and every annotation is understood."))
    _leaks(found, prepared)
    _relations(found, prepared, study)
    _backbone(found, prepared, study)
    _shortages(found, prepared, study)
    _prepared(found)
    return found


def _settings(found: Inspection, study: Study) -> None:
    """What no data can mend."""
    for stands_in_the_way in (partial(check_arms, study.arms), partial(known_balance, study.training.balance)):
        try:
            stands_in_the_way()
        except ValueError as error:
            found.remarks.append(Remark("no-go", str(error)))
    try:
        check_comparison(study.arms, study.seeds)
    except ValueError as error:  # `conjoin train` needs neither
        found.remarks.append(Remark("caution", f"`conjoin compare` would refuse this: {error}"))
    if study.regime and len(study.seeds) > 1:
        found.remarks.append(
            Remark("note", f"The regime draws other images for each seed; this is seed {study.seeds[0]}.")
        )


def _count(found: Inspection, prepared: Prepared) -> None:
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


def _faults(found: Inspection, faults: Faults, study: Study) -> None:
    for kind, count in faults.counts.items():
        found.faults[kind] = {"rows": count, "first": [fault._asdict() for fault in faults.first[kind]]}
    if not faults.counts:
        return
    many = f"{(total := faults.counts.total()):,} fault{'s' * (total > 1)} in rows that cannot be used"
    if study.on_error == "fail":
        text = f"{many} (see above). Mend them, or leave such rows out with `on_error: skip`."
        found.remarks.append(Remark("no-go", text))
    else:
        found.remarks.append(Remark("caution", f"{many} and are skipped, since the study says `on_error: skip`."))


def _leaks(found: Inspection, prepared: Prepared) -> None:
    twins = duplicates(prepared)
    tests = len(prepared.table["test"])
    found.duplicates = {"test_images": twins.height, "first": shown(twins, prepared.table)}
    if twins.height:
        found.remarks.append(
            Remark(
                "caution",
                f"{twins.height:,} of {tests:,} test images ({twins.height / tests:.1%}) are also in train or "
                "validation, pixel by pixel: results on them are too good.",
            )
        )
    else:
        found.remarks.append(
            Remark("note", f"None of {tests:,} test images is also in train or validation, pixel by pixel.")
        )
    if prepared.account.crossing:
        found.remarks.append(Remark("no-go", prepared.account.crossing))


def _relations(found: Inspection, prepared: Prepared, study: Study) -> None:
    if not study.relations and len(study.tasks) > 1:
        found.remarks.append(
            Remark("note", "Without `relations` there is nothing to couple: arm coupled is arm joint.")
        )
    for settings in study.relations:
        try:
            relation = build_relation(settings, study, prepared)
        except (DataError, ValueError) as error:
            found.remarks.append(Remark("no-go", str(error)))
            continue
        found.relations[relation.name] = {
            "origin": relation.origin,
            "rows": list(relation.source.outputs),
            "columns": list(relation.target.outputs),
            "table": [[round(value, 4) for value in row] for row in relation.table.tolist()],
        }
    if study.relations:
        _aside(found, prepared, study)


def _aside(found: Inspection, prepared: Prepared, study: Study) -> None:
    aside, values = set_aside(study, prepared), annotations(prepared.table["train"])
    many = f"{int(aside.sum()):,} of {len(aside):,} training images are set aside from couplings"
    found.remarks.append(Remark("note", f"{many}: how far relations are trusted is measured there."))
    tasks = {task.name: task for task in prepared.tasks}
    for name in dict.fromkeys(name for relation in study.relations for name in (relation.source, relation.target)):
        task, told = tasks[name], known(values[name][aside])
        none = [task.outputs[i] for i in np.flatnonzero(~told.any(0))] if isinstance(task, MultiLabel) else []
        if none or not told.any():
            of = f"{_some(none)} of task {name!r}" if none else f"task {name!r}"
            text = f"No source annotates five training images for {of}: none is set aside"
            found.remarks.append(Remark("caution", f"{text}, and relations are never trusted there."))


def _backbone(found: Inspection, prepared: Prepared, study: Study) -> None:
    try:
        try_network(prepared.tasks, study.recipe)
    except (FileNotFoundError, ValueError) as error:
        found.remarks.append(Remark("no-go", str(error)))


def _shortages(found: Inspection, prepared: Prepared, study: Study) -> None:
    add = found.remarks.append
    for split, kind in (("train", "no-go"), ("test", "no-go"), ("validation", "caution")):
        total = sum(counts[split] for counts in found.images.values())
        if not total:
            add(Remark(kind, f"No image is in split {split!r}."))  # type: ignore[arg-type]
            continue
        for task in prepared.tasks:
            if not found.annotated[task.name][split]:
                add(Remark(kind, f"No {split} image is annotated for task {task.name!r}."))  # type: ignore[arg-type]
            elif not any(counts[split] for counts in found.balance[task.name].values()):
                add(Remark(kind, f"No {split} image has a label of task {task.name!r}."))  # type: ignore[arg-type]
    if batches := _batches(found, study):
        add(Remark("no-go", batches))
    elif lonely := _lonely(found, study):
        add(Remark("caution", lonely))
    for task in prepared.tasks:
        counts = found.balance[task.name]
        if found.annotated[task.name]["test"] and (none := [n for n in task.outputs if not counts[n]["test"]]):
            add(Remark("note", _without(task, none, "test") + " Scores that are means over them leave them out."))
        if found.annotated[task.name]["train"] and (none := [n for n in task.outputs if not counts[n]["train"]]):
            add(Remark("caution", _without(task, none, "training")))


def _prepared(found: Inspection) -> None:
    add = found.remarks.append
    for name, left_out in found.account["left_out"].items():
        add(
            Remark(
                "note",
                f"{len(left_out)} outputs of {name!r} are too rare (`at_least`): {sum(left_out.values()):,} "
                "annotations count as none.",
            )
        )
    if found.account["merged"]:
        add(Remark("note", f"{found.account['merged']:,} rows were merged into another row of the same image."))
    for source, kinds in found.account["converted"].items():
        told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
        add(Remark("note", f"Images of {source!r} are converted to upright 8-bit RGB: {told}."))
    for source, count in found.account["shifted"].items():
        add(Remark("note", f"{count:,} images of {source!r} are left out to change its class frequencies."))
    for source, how in found.account["split"].items():
        add(Remark("note", f"Split of {source!r}: {how}."))
    for source, notes in found.account["notes"].items():
        found.remarks += [Remark("note", f"{source!r}: {text}") for text in notes]
    for source, cautions in found.account["cautions"].items():
        found.remarks += [Remark("caution", f"{source!r}: {text}") for text in cautions]


def _batches(found: Inspection, study: Study) -> str:
    """What is wrong with the batches of a network that trains on all sources."""
    sizes = [counts["train"] for counts in found.images.values() if counts["train"]]
    try:
        shares(sizes, study.training.batch_size)
    except ValueError as error:
        return str(error) if sizes else ""
    return ""


def _lonely(found: Inspection, study: Study) -> str:
    """Where a balance of gradients would normalise one image by itself."""
    sizes = [counts["train"] for counts in found.images.values() if counts["train"]]
    if study.training.balance not in get_args(Aggregation) or len(sizes) < 2 or study.backbone.freeze_norm:
        return ""
    parts = shares(sizes, study.training.batch_size)
    if min(parts) > 1:
        return ""
    return (
        f"With `balance: {study.training.balance}` BatchNorm sees one source at a time, and of one of them a batch of "
        f"{study.training.batch_size} holds one image: it may not train. Make `batch_size` larger, or let norms be "
        "(`freeze_norm`)."
    )


def _without(task: Task, outputs: list[str], split: str) -> str:
    noun = "classes" if isinstance(task, MultiClass) else "labels"
    return f"{len(outputs)} {noun} of {task.name!r} have no {split} image: {_some(outputs)}."


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
