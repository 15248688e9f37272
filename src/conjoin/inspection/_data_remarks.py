"""What to know of the data: rows that cannot be used, leaks, outputs that no image has, what preparation did."""

from conjoin.inspection._duplicates import duplicates, shown
from conjoin.inspection._inspection import Inspection
from conjoin.inspection._remarks import Kind, Remark, some
from conjoin.sources import Faults, Prepared
from conjoin.study import Study
from conjoin.tasks import MultiClass, Task

_WITHOUT_IMAGES: dict[str, Kind] = {"train": "no-go", "test": "no-go", "validation": "caution"}
"""What it means for training that a split holds none."""


def faults(found: Inspection, wrong: Faults, study: Study) -> None:
    """Rows that cannot be used."""
    for kind, count in wrong.counts.items():
        found.faults[kind] = {"rows": count, "first": [fault._asdict() for fault in wrong.first[kind]]}
    if not wrong.counts:
        return
    many = f"{(total := wrong.counts.total()):,} fault{'s' * (total > 1)} in rows that cannot be used"
    if study.on_error == "fail":
        text = f"{many} (see above). Mend them, or leave such rows out with `on_error: skip`."
        found.remarks.append(Remark("no-go", text))
    else:
        found.remarks.append(Remark("caution", f"{many} and are skipped, since the study says `on_error: skip`."))


def leaks(found: Inspection, prepared: Prepared) -> None:
    """Test images that are trained on, and groups in several splits."""
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


def shortages(found: Inspection, prepared: Prepared) -> None:
    """Splits and tasks that no image stands for, classes and labels that none has."""
    add = found.remarks.append
    for split, kind in _WITHOUT_IMAGES.items():
        total = sum(counts[split] for counts in found.images.values())
        if not total:
            add(Remark(kind, f"No image is in split {split!r}."))
            continue
        for task in prepared.tasks:
            if not found.annotated[task.name][split]:
                add(Remark(kind, f"No {split} image is annotated for task {task.name!r}."))
            elif not any(counts[split] for counts in found.balance[task.name].values()):
                add(Remark(kind, f"No {split} image has a label of task {task.name!r}."))
    for task in prepared.tasks:
        counts = found.balance[task.name]
        if found.annotated[task.name]["test"] and (none := [n for n in task.outputs if not counts[n]["test"]]):
            add(Remark("note", _without(task, none, "test") + " Scores that are means over them leave them out."))
        if found.annotated[task.name]["train"] and (none := [n for n in task.outputs if not counts[n]["train"]]):
            add(Remark("caution", _without(task, none, "training")))


def preparation(found: Inspection) -> None:
    """What was merged, left out, converted or doubtful on the way."""
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


def _without(task: Task, outputs: list[str], split: str) -> str:
    noun = "classes" if isinstance(task, MultiClass) else "labels"
    return f"{len(outputs)} {noun} of {task.name!r} have no {split} image: {some(outputs)}."
