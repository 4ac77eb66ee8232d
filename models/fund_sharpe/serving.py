"""Forecasts of funds that come without their market: one at a time, or later months.

The market-wide series are those of training; months after it hold their last value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.contract import LEVELS, FloatArray, Forecast, IntArray
from models.errors import SeriesError
from models.fund_sharpe.model import FundSharpeModel
from models.transforms.fund_windows import FundFeatures
from models.transforms.period_labels import steps_between

#: Share of the newest window that may be missing and is then filled.
MAX_MISSING = 0.25


@dataclass(frozen=True)
class ServedForecast:
    """A forecast, series × lead, and what to know of each series."""

    forecast: Forecast
    warnings: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class SomeForecasts:
    """Forecasts of those series that can be forecast.

    rows     which they are
    forecast row × lead
    missing  row: periods missing in the newest window, filled with the series' mean
    reasons  why the other series have none
    """

    rows: IntArray
    forecast: Forecast
    missing: IntArray
    reasons: dict[int, str]


class FundSharpeForecaster:
    """A fitted model with the label of the newest period it has seen; what is stored and served.

    trained_until  e.g. "2021-12"
    """

    def __init__(self, model: FundSharpeModel, trained_until: str) -> None:
        self.model = model
        self.trained_until = trained_until

    @property
    def window(self) -> int:
        return self.model.config.window

    @property
    def horizons(self) -> tuple[int, ...]:
        return self.model.config.horizons

    @property
    def targets(self) -> tuple[str, ...]:
        return self.model.config.targets

    @property
    def leads(self) -> tuple[str, ...]:
        return tuple(lead.name for lead in self.model.config.leads)

    @property
    def periods_per_year(self) -> int:
        return self.model.config.periods_per_year

    @property
    def min_history(self) -> int:
        """Periods that a fund needs to be forecast: less than in training, with a warning."""
        return min(2 * self.window, self.model.config.min_history)

    def forecast(self, excess: FloatArray, last_period: str) -> ServedForecast:
        """Forecast at the newest period, series × lead.

        excess       series × time, decimal, NaN where missing
        last_period  label of the newest time

        Up to a quarter of the newest window may be missing: filled with the fund's mean,
        and told. Raises SeriesError for a series that cannot be forecast.
        """
        ahead = steps_between(self.trained_until, last_period, self.periods_per_year)
        some = self.forecast_some(excess, ahead)
        if some.reasons:
            raise SeriesError(some.reasons)
        return ServedForecast(some.forecast, tuple(told(int(m), self.window) for m in some.missing))

    def forecast_some(
        self,
        excess: FloatArray,
        ahead: int | IntArray,
        levels: Sequence[float] = LEVELS,
    ) -> SomeForecasts:
        """Forecast the series that can be forecast, and say why of the others.

        excess  series × time, decimal, NaN where missing; the last time is each one's newest
        ahead   periods from the end of training to the newest: one number, or one per series
        """
        filled, missing = fill_newest(excess, self.window)
        features = self.features(filled, np.asarray(ahead))
        newest = features.times - 1
        series, _ = features.rows(np.array([newest]), self.min_history)
        forecast = self.model.predict(features, series, np.full(len(series), newest), levels=levels)
        left_out = np.setdiff1d(np.arange(len(excess)), series)
        reasons = {int(row): self._reason(excess[row], missing[row]) for row in left_out}
        return SomeForecasts(series, forecast, missing[series], reasons)

    def features(self, excess: FloatArray, ahead: IntArray) -> FundFeatures:
        """What a forecast at the newest time is made from; arguments as of `forecast_some`, the
        newest window filled."""
        fitted = self.model.fitted
        # Where all series end together one axis does for all, and costs less.
        ends = ahead.flat[0] if ahead.size and (ahead == ahead.flat[0]).all() else ahead[:, None]
        times = excess.shape[1]
        positions = np.arange(times) + (fitted.market.length + ends - times)
        held = np.clip(positions, 0, fitted.market.length - 1)
        market, ratios = fitted.market.stretch(positions), fitted.ratios[held]
        return self.model.newest_features(excess, market, ratios)

    def _reason(self, excess: FloatArray, missing: int) -> str:
        periods = int(np.isfinite(excess).sum())
        if periods < self.min_history:
            return f"expected at least {self.min_history} periods, got {periods}"
        if missing > MAX_MISSING * self.window:
            return (
                f"{int(missing)} of the newest {self.window} periods are missing, at most "
                f"{int(MAX_MISSING * self.window)} may be; end the series earlier"
            )
        return (
            f"the newest {self.window} returns do not vary, so there is no Sharpe ratio to "
            "start from"
        )


def fill_newest(excess: FloatArray, window: int) -> tuple[FloatArray, IntArray]:
    """Fill gaps in the newest window with each series' mean, where few are missing.

    Returns the filled array and the number of missing periods of each series.
    """
    newest = ~np.isfinite(excess[:, -window:])
    missing = newest.sum(axis=1)
    seen = np.isfinite(excess)
    total = np.where(seen, excess, 0.0).sum(axis=1)
    mean = total / np.maximum(seen.sum(axis=1), 1)
    filled = excess.copy()
    fill = newest & (missing <= MAX_MISSING * window)[:, None]
    filled[:, -window:] = np.where(fill, mean[:, None], excess[:, -window:])
    return filled, missing.astype(np.int64)


def told(missing: int, window: int) -> tuple[str, ...]:
    """What to know of a series with so many months missing in its newest window."""
    if not missing:
        return ()
    return (
        f"{missing} of the newest {window} months have no return; the fund's mean stands in, "
        "and the true uncertainty is larger than stated",
    )
