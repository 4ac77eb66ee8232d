"""Settings of forecasts in the code of an autoencoder."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.errors import ConfigError
from models.transforms.autoencoder_settings import AutoencoderConfig


@dataclass(frozen=True)
class JointConfig:
    """How forecaster and decoder are trained together, on the error of what is decoded.

    epochs         0 for not at all
    learning_rate  of AdamW, the peak of a one-cycle schedule
    """

    epochs: int = 0
    learning_rate: float = 5e-4

    def __post_init__(self) -> None:
        if self.epochs < 0:
            raise ConfigError(f"joint.epochs: expected 0 or more, got {self.epochs}")
        if not self.learning_rate > 0:
            raise ConfigError(f"joint.learning_rate: expected above 0, got {self.learning_rate}")


@dataclass(frozen=True)
class CodingConfig:
    """An autoencoder of the state, and whether its decoder learns with the forecaster."""

    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    joint: JointConfig = field(default_factory=JointConfig)
