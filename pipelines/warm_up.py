"""A recorded forecast that a server repeats before it answers its first request.

It fills caches, and it finds a model that no longer computes what it computed when it
was saved: another library, a damaged file, a wrong loader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from models.contract import FloatArray, Forecast
from models.errors import ArtefactError

#: Largest difference from the recorded mean, in units of the Sharpe ratio: float32
#: networks differ by about 1e-6 between processors.
TOLERANCE = 1e-3


class FundForecastLike(Protocol):
    """What `forecast` returns: series × lead, and warnings of each series."""

    @property
    def forecast(self) -> Forecast: ...

    @property
    def warnings(self) -> tuple[tuple[str, ...], ...]: ...


class FundForecaster(Protocol):
    """What `models.fund_sharpe.FundSharpeForecaster` offers to those who answer requests."""

    @property
    def window(self) -> int: ...

    @property
    def horizons(self) -> tuple[int, ...]: ...

    @property
    def targets(self) -> tuple[str, ...]: ...

    @property
    def leads(self) -> tuple[str, ...]: ...

    @property
    def periods_per_year(self) -> int: ...

    @property
    def min_history(self) -> int: ...

    @property
    def trained_until(self) -> str: ...

    def forecast(self, excess: FloatArray, last_period: str) -> FundForecastLike:
        """Forecast from excess returns, series × time, NaN where missing.

        last_period   label of the newest time, e.g. "2021-12"

        Raises ModelError for a series shorter than `min_history`.
        """
        ...


@dataclass(frozen=True)
class Sample:
    """Inputs of one forecast, series × time, and its means, series × lead."""

    excess: FloatArray
    last_period: str
    mean: FloatArray

    @classmethod
    def record(cls, model: FundForecaster, excess: FloatArray, last_period: str) -> Self:
        """Forecast and keep both sides."""
        return cls(excess, last_period, model.forecast(excess, last_period).forecast.mean)

    def repeat(self, model: FundForecaster) -> None:
        """Forecast again. Raises ArtefactError when the answer is another one."""
        mean = model.forecast(self.excess, self.last_period).forecast.mean
        difference = float(np.max(np.abs(mean - self.mean)))
        if not difference <= TOLERANCE:
            raise ArtefactError(
                f"the model's sample forecast differs by {difference:.3g} from the one recorded "
                f"when it was saved (at most {TOLERANCE:g} is allowed); train it again"
            )

    def to_json(self) -> dict[str, Any]:
        """As JSON-able data, missing returns as null."""
        rows = [[float(x) if np.isfinite(x) else None for x in row] for row in self.excess]
        return {"excess": rows, "last_period": self.last_period, "mean": self.mean.tolist()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Undo `to_json`."""
        excess = np.array(data["excess"], dtype=np.float64)
        return cls(excess, str(data["last_period"]), np.array(data["mean"]))
