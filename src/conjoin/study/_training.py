"""How a network is trained."""

from typing import Literal

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from conjoin.study._strict import Strict

Scalarization = Literal["sum", "random", "uncertainty"]
"""Ways to make one loss of those of several sources."""
Aggregation = Literal["upgrad", "pcgrad", "mgda", "aligned-mtl"]
"""Ways to make one gradient of those of several sources."""


class TrainingSettings(Strict):
    """How a network is trained."""

    steps: PositiveInt = 300
    """Optimizer steps."""
    batch_size: PositiveInt = 64
    """Images in a step, of all sources together."""
    lr: PositiveFloat = 2e-3
    """Peak learning rate of AdamW; it rises and falls over the run (one cycle)."""
    backbone_lr: PositiveFloat | None = None
    """Peak learning rate of the backbone, where it differs."""
    validate_every: PositiveInt = 100
    """Steps between two looks at the validation images; the last weights within one standard error of the best mean
    over tasks are kept. Without validation annotations, those of the last step."""
    patience: PositiveInt | None = None
    """Looks at the validation images without a better score after which training ends; by default it goes on to the
    last step. The learning rate is planned for all steps: a run that ends early ends at a high one."""
    balance: Literal[Scalarization, Aggregation] = "sum"
    """How sources that pull the network in different directions are reconciled; any but `sum` needs conjoin[balance].
    Of their losses: `sum`, a weighted sum with `random` weights in each step, or with weights learnt as `uncertainty`.
    Of their gradients: `upgrad`, `pcgrad`, `mgda`, `aligned-mtl`; BatchNorm then sees one source at a time."""
    weight_decay: NonNegativeFloat = 0.01
    """Decoupled weight decay."""
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"
    """Arithmetic of the network; losses are always computed in float32."""
