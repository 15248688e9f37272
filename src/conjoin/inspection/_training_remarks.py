"""What to know of how a study trains: arms, batches, the backbone, relations."""

from functools import partial
from typing import get_args

import numpy as np

from conjoin.coupling import FEWEST_IMAGES
from conjoin.data import shares
from conjoin.evaluation import check_arms, check_comparison, try_network
from conjoin.inspection._inspection import Inspection
from conjoin.inspection._remarks import Remark, some
from conjoin.sources import DataError, Prepared, annotations, build_relation, known, set_aside
from conjoin.study import Aggregation, Study
from conjoin.tasks import MultiLabel
from conjoin.training import known_balance


def settings(found: Inspection, study: Study) -> None:
    """Arms, seeds and a balance that no data can mend."""
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


def batches(found: Inspection, study: Study) -> None:
    """Batches that do not hold all sources, or of which a balance of gradients would normalise one image by itself."""
    sizes = [counts["train"] for counts in found.images.values() if counts["train"]]
    if not sizes:
        return
    size, balance = study.training.batch_size, study.training.balance
    try:
        alone = min(shares(sizes, size)) == 1
    except ValueError as error:
        found.remarks.append(Remark("no-go", str(error)))
        return
    if alone and balance in get_args(Aggregation) and len(sizes) > 1 and not study.backbone.freeze_norm:
        text = (
            f"With `balance: {balance}` BatchNorm sees one source at a time, and of one of them a batch of {size} "
            "holds one image: it may not train. Make `batch_size` larger, or let norms be (`freeze_norm`)."
        )
        found.remarks.append(Remark("caution", text))


def backbone(found: Inspection, prepared: Prepared, study: Study) -> None:
    """A network that cannot be built, or cannot read images of this size."""
    try:
        try_network(prepared.tasks, study.recipe)
    except (FileNotFoundError, ValueError) as error:
        found.remarks.append(Remark("no-go", str(error)))


def relations(found: Inspection, prepared: Prepared, study: Study) -> None:
    """Tables, those that cannot be had, and where relations are never trusted."""
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
            of = f"{some(none)} of task {name!r}" if none else f"task {name!r}"
            text = f"No source annotates five training images for {of}: none is set aside"
            found.remarks.append(Remark("caution", f"{text}, and relations are never trusted there."))
        elif (
            name in {relation.source for relation in study.relations}
            and (few := int(told.reshape(len(told), -1).any(1).sum())) < FEWEST_IMAGES
        ):
            text = f"Of the images that are set aside {few} are annotated for task {name!r}, fewer than {FEWEST_IMAGES}"
            more = "relations from it are never trusted. Of 25 annotated images of a source five are set aside."
            found.remarks.append(Remark("caution", f"{text}: {more}"))
