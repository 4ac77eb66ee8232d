"""From arrays of forecasts to the bodies that are answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.contract import FloatArray, Forecast
from pipelines.months import month_label
from service.schemas import Interval, LeadForecast

#: Digits after the point; more would be noise.
DIGITS = 6


@dataclass(frozen=True)
class Lead:
    """One column of the model's answer."""

    column: int
    target: str
    horizon: int


@dataclass(frozen=True)
class LeadColumns:
    """Forecasts of several funds as plain numbers, row × lead, bands level × row × lead.

    Taken from the arrays at once: one by one they would cost more than the forecast.
    """

    leads: Sequence[Lead]
    levels: Sequence[float]
    mean: list[list[float]]
    median: list[list[float]]
    lower: list[list[list[float]]]
    upper: list[list[list[float]]]

    def of(self, row: int, last: int) -> list[LeadForecast]:
        """The forecasts of one fund, made at month `last`."""
        # Not validated again: types are right here, and that all is finite was looked at.
        return [
            LeadForecast.model_construct(
                target=lead.target,
                horizon=lead.horizon,
                month=month_label(last + lead.horizon),
                mean=self.mean[row][at],
                median=self.median[row][at],
                intervals=[
                    Interval.model_construct(
                        level=level, lower=self.lower[k][row][at], upper=self.upper[k][row][at]
                    )
                    for k, level in enumerate(self.levels)
                ],
            )
            for at, lead in enumerate(self.leads)
        ]


def lead_columns(forecast: Forecast, leads: Sequence[Lead], levels: Sequence[float]) -> LeadColumns:
    """Pick the chosen leads and central intervals of a forecast, row × lead."""
    chosen = [lead.column for lead in leads]
    bands = [forecast.interval(level) for level in levels]
    return LeadColumns(
        leads,
        levels,
        _numbers(forecast.mean, chosen),
        _numbers(forecast.median, chosen),
        [_numbers(lower, chosen) for lower, _ in bands],
        [_numbers(upper, chosen) for _, upper in bands],
    )


def _numbers(values: FloatArray, columns: Sequence[int]) -> list[list[float]]:
    picked: list[list[float]] = np.round(values[:, columns].astype(np.float64), DIGITS).tolist()
    return picked
