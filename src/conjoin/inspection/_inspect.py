"""Look at everything that a study would train on."""

from pathlib import Path
from typing import Any

from conjoin.inspection._count import count
from conjoin.inspection._data_remarks import faults, leaks, preparation, shortages
from conjoin.inspection._inspection import Inspection
from conjoin.inspection._remarks import Remark
from conjoin.inspection._training_remarks import backbone, batches, relations, settings
from conjoin.sources import DataError, missing_archives, prepare, with_what_is_there
from conjoin.study import Study


def inspect_study(study: Study, given: Any = None, *, cache: Path | None = None) -> Inspection:
    """Look at everything that a study would train on; trains nothing.

    Args:
        study: what to look at.
        given: data sets of sources of format `memory`, by name.
        cache: as of `prepare`.

    """
    found = Inspection(study.name)
    settings(found, study)
    if missing := missing_archives(with_what_is_there(study)[0]):
        found.remarks += [Remark("no-go", text) for text in missing]
        return found
    try:
        prepared = prepare(study, given, seed=study.seeds[0], cache=cache, refuse=False)
    except DataError as error:
        found.remarks.append(Remark("no-go", error.message))
        faults(found, error.faults, study)
        return found
    count(found, prepared)
    faults(found, prepared.account.faults, study)
    if not prepared.account.faults.counts:
        found.remarks.append(Remark("note", "Every image decodes, and every annotation is understood."))
    leaks(found, prepared)
    relations(found, prepared, study)
    backbone(found, prepared, study)
    shortages(found, prepared)
    batches(found, study)
    preparation(found)
    return found
