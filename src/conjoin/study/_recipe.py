"""How every network of a comparison is built, trained and measured."""

from collections.abc import Mapping

from conjoin.data import Augmentation
from conjoin.study._backbone import Backbone
from conjoin.study._strict import Strict
from conjoin.study._tasks import TaskSettings
from conjoin.study._training import TrainingSettings


class Recipe(Strict):
    """How every network of a comparison is built, trained and measured."""

    training: TrainingSettings = TrainingSettings()
    backbone: Backbone = Backbone()
    augmentation: Augmentation = Augmentation()
    tasks: Mapping[str, TaskSettings] = {}
    """Options of tasks; a task that is not here has none."""
