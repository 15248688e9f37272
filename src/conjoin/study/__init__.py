"""The study file: everything that decides the outcome of a run."""

from conjoin.study._annotations import AnnotationSettings, Column, Columns, Words
from conjoin.study._backbone import Backbone
from conjoin.study._lines import StudyError
from conjoin.study._recipe import Recipe
from conjoin.study._regime import Regime, Shift
from conjoin.study._relations import RelationSettings
from conjoin.study._sources import (
    Csv,
    Folder,
    Fractions,
    Hub,
    JsonLines,
    Memory,
    Official,
    Parquet,
    SourceSettings,
    SplitColumn,
    WebDataset,
    draws_from_train,
)
from conjoin.study._strict import Strict
from conjoin.study._study import Study
from conjoin.study._tasks import Classes, Labels, TaskSettings
from conjoin.study._training import Aggregation, TrainingSettings

__all__ = [
    "Aggregation",
    "AnnotationSettings",
    "Backbone",
    "Classes",
    "Column",
    "Columns",
    "Csv",
    "Folder",
    "Fractions",
    "Hub",
    "JsonLines",
    "Labels",
    "Memory",
    "Official",
    "Parquet",
    "Recipe",
    "Regime",
    "RelationSettings",
    "Shift",
    "SourceSettings",
    "SplitColumn",
    "Strict",
    "Study",
    "StudyError",
    "TaskSettings",
    "TrainingSettings",
    "WebDataset",
    "Words",
    "draws_from_train",
]
