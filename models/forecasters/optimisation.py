"""Settings of the optimiser of a fit, and who is told of its epochs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.forecasters.settings import TrainingConfig

#: Called with (epoch, validation loss); an exception that it raises ends the fit.
Report = Callable[[int, float], None]


@dataclass(frozen=True)
class Optimisation:
    """Settings of the optimiser; `steps` is the length of the one-cycle schedule, or None
    for a constant learning rate."""

    learning_rate: float
    weight_decay: float
    steps: int | None

    @classmethod
    def of(cls, training: TrainingConfig, batches: int) -> Optimisation:
        """batches   of one epoch"""
        steps = training.epochs * batches if training.schedule == "one_cycle" else None
        return cls(training.learning_rate, training.weight_decay, steps)
