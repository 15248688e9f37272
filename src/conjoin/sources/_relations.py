"""Relations of a study, from where it says that their tables are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conjoin.datasets import read_archive_relation
from conjoin.relate import RelationTable, Sums, estimate, partial_table, published, read_table
from conjoin.relations import Relation
from conjoin.sources._aside import set_aside
from conjoin.sources._faults import DataError
from conjoin.sources._prepare import Prepared
from conjoin.sources._rows import annotated, known
from conjoin.sources._tables import annotations
from conjoin.study import Official, RelationSettings, Study
from conjoin.tasks import MultiClass, MultiLabel, Task


def build_relations(study: Study, prepared: Prepared) -> tuple[Relation, ...]:
    """Every relation of a study.

    Raises:
        DataError: if a table cannot be found or counted.
        ValueError: if a table does not fit its tasks.

    """
    return tuple(build_relation(settings, study, prepared) for settings in study.relations)


def build_relation(settings: RelationSettings, study: Study, prepared: Prepared) -> Relation:
    """One relation; errors as of `build_relations`."""
    tasks = {task.name: task for task in prepared.tasks}
    source, target = tasks[settings.source], tasks[settings.target]
    assert isinstance(source, MultiClass)  # the study has seen to it
    if settings.learned:
        return Relation.unknown(source, target)
    if settings.table is not None:
        return Relation(source, target, settings.table, origin="study file")
    if settings.counted:
        return _counted(settings, study, prepared, source, target)
    try:
        table = _stated(settings, study)
        if settings.partial or settings.archive is not None:
            table = partial_table(table, source.outputs, target.outputs, fill=settings.fill)
        return table.relation(source, target)
    except (OSError, ValueError) as error:
        raise DataError(f"`{settings.origins[0]}` of relation {settings.name}: {error}") from error


def _stated(settings: RelationSettings, study: Study) -> RelationTable:
    """From a file, a distribution or the literature."""
    if settings.file is not None:
        return read_table(settings.file)
    if settings.archive is not None:
        (given,) = (one for one in study.data if isinstance(one, Official) and one.name == settings.archive)
        return read_archive_relation(given.archive, given.path)
    assert settings.published is not None
    return published(settings.published)


def _counted(
    settings: RelationSettings, study: Study, prepared: Prepared, source: MultiClass, target: Task
) -> Relation:
    """Count training images that are annotated for both, but those set aside; soft annotations count in parts."""
    table = prepared.table["train"]
    values = annotations(table)
    given, told = values[source.name], values[target.name]
    both = annotated(given) & annotated(told) & ~set_aside(study, prepared)
    if isinstance(settings.counted, str):
        names = [name for name in prepared.sources if name.split(": ")[0] == settings.counted]  # or sets of a regime
        both &= np.isin(np.asarray(table.with_format("numpy")["source"][:]), [prepared.sources.index(n) for n in names])
    if not both.any():
        raise DataError(
            f"Relation {settings.name} should be counted from training images that are annotated for both tasks. "
            "Found none. (An image of several sources counts to the first.) Give a `file` or a `table`"
            + (", or a regime with more `overlap`." if study.regime else ".")
        )
    given, told = _shares(given[both], source), told[both]
    labels = isinstance(target, MultiLabel)
    present = np.where(known(told), told, 0.0) if labels else _shares(told, target)
    seen = known(told).astype(float) if labels else np.ones_like(present)
    sums = Sums(source.outputs, target.outputs, given.T @ present, given.T @ seen, given.T @ seen)
    table = estimate(sums, "multi-label" if labels else "multi-class", "counted from training images:")
    return table.relation(source, target)


def _shares(values: NDArray[Any], task: Task) -> NDArray[np.float64]:
    """One-hot rows of codes; probabilities as they are."""
    return values.astype(np.float64) if values.ndim == 2 else np.eye(len(task.outputs))[values]
