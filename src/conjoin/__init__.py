"""Train one classifier on tasks whose labels live in different datasets, and test whether that helped.

    import conjoin as cj

Names are imported when they are first used, so that `import conjoin` is immediate.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conjoin import datasets
    from conjoin.coupling import Coupling, Evidence, Kollias2024
    from conjoin.data import AnnotatedImages, Augmentation, Preprocessing, Problem, StoredImages
    from conjoin.model import Model, load
    from conjoin.network import Network
    from conjoin.objective import Objective
    from conjoin.presets import kollias2024
    from conjoin.relate import RelationTable, count_relation, published, read_table
    from conjoin.relations import Relation
    from conjoin.runs import compare, train
    from conjoin.sources import Prepared, prepare
    from conjoin.study import Study, TrainingSettings
    from conjoin.tasks import MultiClass, MultiLabel
    from conjoin.training import fit

__version__ = version("conjoin")

__all__ = [
    "AnnotatedImages",
    "Augmentation",
    "Coupling",
    "Evidence",
    "Kollias2024",
    "Model",
    "MultiClass",
    "MultiLabel",
    "Network",
    "Objective",
    "Prepared",
    "Preprocessing",
    "Problem",
    "Relation",
    "RelationTable",
    "StoredImages",
    "Study",
    "TrainingSettings",
    "compare",
    "count_relation",
    "datasets",
    "fit",
    "kollias2024",
    "load",
    "prepare",
    "published",
    "read_table",
    "train",
]

_ROOMS = {
    "AnnotatedImages": "data",
    "Augmentation": "data",
    "Coupling": "coupling",
    "Evidence": "coupling",
    "Kollias2024": "coupling",
    "Model": "model",
    "MultiClass": "tasks",
    "MultiLabel": "tasks",
    "Network": "network",
    "Objective": "objective",
    "Prepared": "sources",
    "Preprocessing": "data",
    "Problem": "data",
    "Relation": "relations",
    "RelationTable": "relate",
    "StoredImages": "data",
    "Study": "study",
    "TrainingSettings": "study",
    "compare": "runs",
    "count_relation": "relate",
    "fit": "training",
    "kollias2024": "presets",
    "load": "model",
    "prepare": "sources",
    "published": "relate",
    "read_table": "relate",
    "train": "runs",
}


def __getattr__(name: str) -> Any:
    if name == "datasets":
        return import_module("conjoin.datasets")
    if name not in _ROOMS:
        raise AttributeError(f"module 'conjoin' has no attribute {name!r}. It has {', '.join(__all__)}.")
    return getattr(import_module(f"conjoin.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
