"""A study: everything that decides the outcome of a run, in one file."""

from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TrainingSettings(_Strict):
    """How a network is trained."""

    steps: PositiveInt = 300
    """Optimizer steps."""
    batch_size: PositiveInt = 64
    """Images in a step, of all sources together."""
    lr: PositiveFloat = 2e-3
    """Peak learning rate of AdamW; it rises and falls over the run (one cycle)."""
    backbone_lr: PositiveFloat | None = None
    """Peak learning rate of the backbone, where it differs."""
    weight_decay: NonNegativeFloat = 0.01
    """Decoupled weight decay."""
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"
    """Arithmetic of the network; losses are always computed in float32."""


class DigitsData(_Strict):
    """How many images of the built-in digits are annotated, and for what."""

    digit_images: PositiveInt = 50
    """Images annotated with their digit."""
    stroke_images: PositiveInt = 1000
    """Other images, annotated with their strokes."""


class Study(_Strict):
    """A comparison of arms on the built-in digits."""

    data: DigitsData = DigitsData()
    training: TrainingSettings = TrainingSettings()
    arms: tuple[str, ...] = ("single", "joint", "kollias2024", "coupled")
    """Ways of training; the others are compared with `single`."""
    seeds: tuple[int, ...] = Field(default=(0, 1, 2, 3, 4), min_length=2)
    """Each decides annotated images, initial weights and batches."""
    margin: PositiveFloat = 0.01
    """Non-inferiority margin: "no harm shown" means that a loss this large is ruled out."""

    def to_yaml(self) -> str:
        """Text of the study file."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)
