"""How sure a drift report must be, and how much it must have seen."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import ConfigError


@dataclass(frozen=True)
class DriftSettings:
    """Settings of every drift report.

    alpha         chance that an undisturbed span is flagged at all, over all tests of a report
    min_blocks    spans of the recent one's length that the reference must hold
    psi_bins      bins of the population stability index
    """

    alpha: float = 0.05
    min_blocks: int = 6
    psi_bins: int = 5

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise ConfigError(f"alpha: expected between 0 and 1, got {self.alpha}")
        for name, least in (("min_blocks", 4), ("psi_bins", 2)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name}: expected {least} or more, got {getattr(self, name)}")
