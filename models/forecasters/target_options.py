"""How targets become weights in training in target space, checked when built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.errors import ConfigError


@dataclass(frozen=True)
class TargetOptions:
    """How targets become weights.

    ridge        lambda; above zero, because what a layer reads is often rank deficient. Small
                 ones fit harder problems, and make weights large where the probe says little
    untangling   scu, a layer reads what those before it really make of the probe; ocu, what they
                 should make
    probe_rows   rows of the probe
    precision    of the regressions; float64 costs little, for they are small
    """

    ridge: float = 0.1
    untangling: Literal["scu", "ocu"] = "scu"
    probe_rows: int = 100
    precision: Literal["float32", "float64"] = "float64"

    def __post_init__(self) -> None:
        if not self.ridge > 0:
            raise ConfigError(f"training.target.ridge: expected above 0, got {self.ridge}")
        if self.untangling not in ("scu", "ocu"):
            raise ConfigError(
                f"training.target.untangling: expected scu or ocu, got {self.untangling!r}"
            )
        if self.probe_rows < 2:
            raise ConfigError(
                f"training.target.probe_rows: expected 2 or more, got {self.probe_rows}"
            )
        if self.precision not in ("float32", "float64"):
            raise ConfigError(
                f"training.target.precision: expected float32 or float64, got {self.precision!r}"
            )
