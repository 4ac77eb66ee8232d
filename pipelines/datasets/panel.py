"""A panel of returns as arrays: what the readers make and the transforms take."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.contract import FloatArray, IntArray
from models.errors import DataError


@dataclass(frozen=True)
class ReturnsPanel:
    """Periodic simple returns of many series on one time axis.

    ids               name of each series
    periods           label of each period, ascending and gapless, e.g. "2013-07"
    returns           series × time, decimal (0.01 = 1 %), NaN where there is none
    risk_free         time, decimal return of the same period (zeros when not given)
    periods_per_year  12 for monthly; explicit, never guessed
    groups            optional group of each series
    data_hash         sha256 of the returns and the risk-free rate
    """

    ids: tuple[str, ...]
    periods: tuple[str, ...]
    returns: FloatArray
    risk_free: FloatArray
    periods_per_year: int
    groups: tuple[str, ...] | None = None
    data_hash: str = ""

    def __post_init__(self) -> None:
        want = (len(self.ids), len(self.periods))
        if self.returns.shape != want:
            raise DataError(f"returns: expected series × time {want}, got {self.returns.shape}")
        if self.risk_free.shape != want[1:]:
            raise DataError(f"risk_free: expected {want[1:]}, got {self.risk_free.shape}")

    @property
    def excess(self) -> FloatArray:
        """Returns less the risk-free return of the same period, series × time."""
        return np.asarray(self.returns - self.risk_free)

    def until(self, stop: int) -> ReturnsPanel:
        """The same panel as it was known after its first `stop` periods."""
        return replace(
            self,
            periods=self.periods[:stop],
            returns=self.returns[:, :stop],
            risk_free=self.risk_free[:stop],
        )

    def with_min_periods(self, minimum: int) -> ReturnsPanel:
        """Keep the series with at least `minimum` observed returns."""
        return self.pick(self.rows_with_min_periods(minimum))

    def rows_with_min_periods(self, minimum: int) -> IntArray:
        """Indices of the series with at least `minimum` observed returns; DataError if none."""
        counts = np.isfinite(self.returns).sum(axis=1)
        if not (counts >= minimum).any():
            raise DataError(
                f"no series has {minimum} observed returns (the longest has "
                f"{int(counts.max(initial=0))}); lower --min-months"
            )
        return np.nonzero(counts >= minimum)[0]

    def pick(self, series: IntArray) -> ReturnsPanel:
        """Keep the series at these indices."""
        return replace(
            self,
            ids=tuple(self.ids[i] for i in series),
            returns=self.returns[series],
            groups=None if self.groups is None else tuple(self.groups[i] for i in series),
        )
