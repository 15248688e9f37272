"""A fingerprint of all that a study reads, so that no run is gone on with on other data."""

from pathlib import Path

import xxhash

from conjoin.sources import Given, Prepared, annotations, build_relation, prepare
from conjoin.study import Study


def data_fingerprint(study: Study, given: Given | None, prepared: Prepared) -> str:
    """Of images, annotations, splits and groups before a regime hides any, of tables from files, and of weights."""
    if study.regime is not None:
        prepared = prepare(study.model_copy(update={"regime": None}), given)
    digest = xxhash.xxh3_128(repr([(task.name, task.outputs) for task in prepared.tasks]).encode())
    for split, table in prepared.table.items():
        digest.update(f"{split} {len(table)}".encode())
        digest.update(prepared.content[split].tobytes())
        digest.update(repr(table["group"][:]).encode())
        for name, values in annotations(table).items():
            digest.update(name.encode() + values.tobytes())
    files = [relation.file for relation in study.relations] + [study.backbone.weights]
    for file in files:
        if file is not None:
            digest.update(Path(file).read_bytes() if Path(file).is_file() else b"")
    for relation in study.relations:
        if relation.archive is not None:
            digest.update(build_relation(relation, study, prepared).table.numpy().tobytes())
    return digest.hexdigest()
