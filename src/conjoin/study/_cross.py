"""Parts of a study that contradict each other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, get_args

from conjoin.cells import alike
from conjoin.names import nearest
from conjoin.study._annotations import Column, Columns, Words
from conjoin.study._sources import Official
from conjoin.study._tasks import Classes, TaskSettings
from conjoin.study._training import Aggregation

if TYPE_CHECKING:
    from conjoin.study._study import Study

Place = tuple[str | int, ...]


def contradictions(study: "Study") -> list[tuple[Place, str]]:
    """Where parts do not fit together, and what is wrong there."""
    return [
        *_task_names(study),
        *_outputs(study),
        *_source_names(study),
        *_annotations(study),
        *_relations(study),
        *_regime(study),
        *_repeated(study),
        *_balance(study),
    ]


def _task_names(study: "Study") -> Iterator[tuple[Place, str]]:
    for name in study.tasks:
        if not name or not set(name).isdisjoint("./>+") or name in {"overlap", "seed"}:
            yield (
                ("tasks", name),
                f"should be a name without '.', '/', '>' and '+', other than overlap and seed. Found {name!r}.",
            )


def _outputs(study: "Study") -> Iterator[tuple[Place, str]]:
    for name, task in study.tasks.items():
        names = task.names or ()
        if twice := next((one for number, one in enumerate(names) if one in names[:number]), None):
            yield ("tasks", name), f"should have each name once. Found {twice!r} a second time."
        elif pair := alike(names):
            yield ("tasks", name), f"should have names that cells tell apart. Found {pair[0]!r} and {pair[1]!r}."


def _source_names(study: "Study") -> Iterator[tuple[Place, str]]:
    names = [source.name for source in study.data]
    for number, source in enumerate(study.data):
        if source.name in names[:number]:
            yield ("data", number, "name"), f"should be the source's own. Found {source.name!r} a second time."
        if ": " in source.name:
            yield (
                ("data", number, "name"),
                f"should be a name without ': ', after which sets come. Found {source.name!r}.",
            )


def _annotations(study: "Study") -> Iterator[tuple[Place, str]]:
    for number, source in enumerate(study.data):
        for name, settings in source.annotations.items():
            place = ("data", number, "annotations", name)
            if name not in study.tasks:
                yield place, f"should annotate a task of this study. Found {name!r}. {nearest(name, list(study.tasks))}"
            else:
                yield from ((place, text) for text in _annotation(settings, name, study.tasks[name]))
    annotated = {name for source in study.data for name in source.annotations}
    for name in study.tasks:
        if name not in annotated:
            yield ("tasks", name), "should be annotated by a data source. Found none that names it in `annotations`."


def _annotation(settings: Column | Columns | Words, name: str, task: TaskSettings) -> Iterator[str]:
    classes = isinstance(task, Classes)
    if classes and isinstance(settings, Words):
        yield f"should be a column: task {name!r} has classes, and words settle labels. Found `words`."
    if classes and isinstance(settings, Columns) and not settings.soft:
        yield (
            f"should be one column of classes, or `soft: true` columns of probabilities: {name!r} has classes. "
            "Found `columns`."
        )
    outputs = tuple(settings.words) if isinstance(settings, Words) else ()
    outputs = tuple(settings.by_output) if isinstance(settings, Columns) else outputs
    names = task.names
    for output in outputs if names else ():
        if names and output not in names:
            yield f"should name outputs of task {name!r}. Found {output!r}. {nearest(output, names)}"
    if isinstance(settings, Words):
        yield from _words(settings)


def _words(settings: Words) -> Iterator[str]:
    for label, words in settings.words.items():
        if not all(word.strip() for word in words):
            yield f"should have words that are not empty. Found {list(words)} for {label!r}."
    grouped = [label for group in settings.groups or () for label in group]
    for label in dict.fromkeys(grouped):
        if label not in settings.words:
            yield f"should group labels that have words. Found {label!r}. {nearest(label, tuple(settings.words))}"
        elif grouped.count(label) > 1:
            yield f"should have each label in one group. Found {label!r} {grouped.count(label)} times."


def _relations(study: "Study") -> Iterator[tuple[Place, str]]:
    pairs = [(relation.source, relation.target) for relation in study.relations]
    for number, relation in enumerate(study.relations):
        source, target = pairs[number]
        if (source, target) in pairs[:number]:
            yield (
                ("relations", number),
                f"should be the only one from {source!r} to {target!r}. Found it a second time.",
            )
        elif (target, source) in pairs[:number]:
            yield (
                ("relations", number),
                f"should relate {source!r} and {target!r} in one direction. Found both. Keep the relation with the "
                "better known table: it couples both ways.",
            )
        for end in ("source", "target"):
            name = getattr(relation, end)
            if name not in study.tasks:
                yield (
                    ("relations", number, end),
                    f"should be a task of this study. Found {name!r}. {nearest(name, list(study.tasks))}",
                )
        if relation.source in study.tasks and not isinstance(study.tasks[relation.source], Classes):
            yield ("relations", number, "source"), f"should be a task with `classes`. Found {relation.source!r}."
        if relation.source == relation.target:
            yield ("relations", number, "target"), f"should differ from `source`. Found {relation.target!r} twice."
        names = [source.name for source in study.data]
        archives = [source.name for source in study.data if isinstance(source, Official)]
        if relation.archive is not None and relation.archive not in archives:
            yield (
                ("relations", number, "archive"),
                f"should name a data source of format archive. Found {relation.archive!r}. "
                f"{nearest(relation.archive, archives)}",
            )
        if isinstance(relation.counted, str) and relation.counted not in names:
            yield (
                ("relations", number, "counted"),
                f"should be true or name a data source. Found {relation.counted!r}. {nearest(relation.counted, names)}",
            )


def _regime(study: "Study") -> Iterator[tuple[Place, str]]:
    for key in (study.regime.__pydantic_extra__ or {}) if study.regime else ():
        for name in (part.strip() for part in key.split("+")):
            if name not in study.tasks:
                known = [*study.tasks, "overlap", "seed"]
                yield ("regime", key), f"should name tasks of this study. Found {name!r}. {nearest(name, known)}"


def _repeated(study: "Study") -> Iterator[tuple[Place, str]]:
    for key in ("arms", "seeds"):
        values = getattr(study, key)
        if len(set(values)) < len(values):
            yield (key,), f"should not repeat. Found {list(values)}."
    for number, source in enumerate(study.data):
        for name, prior in (source.shift.class_prior if source.shift else {}).items():
            task = study.tasks.get(name)
            place = ("data", number, "shift", "class_prior", name)
            if name not in source.annotations or not isinstance(task, Classes):
                yield place, f"should be a task with classes that this source annotates. Found {name!r}."
            elif wrong := [c for c in prior if task.names and c not in task.names]:
                yield (
                    place,
                    f"should hold classes of the task. Found {wrong[0]!r}. {nearest(wrong[0], task.names or ())}",
                )


def _balance(study: "Study") -> Iterator[tuple[Place, str]]:
    if study.backbone.freeze and study.training.balance in get_args(Aggregation):
        yield (
            ("training", "balance"),
            "should be a way to sum losses where the backbone, whose gradients would be balanced, is frozen. "
            f"Found {study.training.balance!r}.",
        )
