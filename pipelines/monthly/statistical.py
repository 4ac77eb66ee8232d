"""Classical models of each series alone, where they can be afforded.

What a model will cost is reckoned from the number and length of the series, not from a
clock, so that the same data always give the same table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.baselines.own_fit import fit_and_forecast, newest_stretch
from models.contract import LEVELS, Forecast, Windows
from models.errors import ConfigError
from pipelines.monthly.members import Advance
from pipelines.parallel import in_order

#: CPU milliseconds for each value of a series: without a season, with one of 12 (measured
#: on the M3 and Hospital sets, all quantiles included).
_COST = {
    "ses": (0.02, 0.02),
    "auto_theta": (0.03, 0.09),
    "auto_ets": (0.05, 0.6),
    "auto_arima": (0.6, 2.3),
}
#: Cheapest first, so that the budget goes as far as it can.
MODELS = tuple(_COST)
#: Values that a model needs; with fewer, the last value stands in.
MIN_VALUES = 4
#: Longest season that ETS knows; others grow expensive with it.
MAX_SEASON = 24
#: Rows of one job.
CHUNK = 64


@dataclass(frozen=True)
class Plan:
    """Which models are run, and why the others are not."""

    models: tuple[str, ...]
    left_out: dict[str, str]


def plan(windows: Windows, season: int, budget: float) -> Plan:
    """Choose models whose expected cost adds up to at most `budget` CPU seconds."""
    chosen, left_out, spent = [], {}, 0.0
    for name in MODELS:
        cost = expected_seconds(name, windows, season)
        if spent + cost <= budget:
            chosen.append(name)
            spent += cost
        else:
            left_out[name] = (
                f"expected to take {cost:.0f} CPU seconds, {max(budget - spent, 0):.0f} of "
                f"{budget:.0f} are left; raise --statistical-minutes"
            )
    return Plan(tuple(chosen), left_out)


def expected_seconds(name: str, windows: Windows, season: int) -> float:
    """CPU seconds of a model on all rows, on a core of 2024."""
    flat, seasonal = _COST[name]
    growth = max(1.0, season / 12) ** 2 if name == "auto_arima" else 1.0
    each = flat if season == 1 else seasonal * growth
    return float(each * _lengths(windows).sum() / 1000)


def statistical_forecast(
    name: str, windows: Windows, season: int, jobs: int, advance: Advance
) -> Forecast:
    """Forecast every row; rows shorter than two seasons are fitted without a season.

    Raises ConfigError for an unknown name.
    """
    if name not in MODELS:
        raise ConfigError(f"no classical model {name!r}; there are: {', '.join(MODELS)}")
    cost = expected_seconds(name, windows, season)
    chunks = [
        windows.select(np.arange(start, min(start + CHUNK, len(windows))))
        for start in range(0, len(windows), CHUNK)
    ]
    found = in_order(_forecast, [(name, chunk, season) for chunk in chunks], jobs)
    parts = []
    for chunk, part in zip(chunks, found, strict=True):
        parts.append(part)
        advance(cost * len(chunk) / len(windows))
    return Forecast(
        np.concatenate([part.mean for part in parts]),
        np.concatenate([part.quantiles for part in parts]),
    )


def _forecast(name: str, windows: Windows, season: int) -> Forecast:
    """Fit each row's newest stretch without a gap; the last value where that fails."""
    leads = np.asarray(windows.horizons)
    paths = []
    for series, origin in zip(windows.series, windows.origin, strict=True):
        values, silent = newest_stretch(windows.history[series, : origin + 1])
        found = None
        if len(values) >= MIN_VALUES:
            kind, options = _model(name, season if len(values) > 2 * season else 1)
            found = fit_and_forecast(kind, options, values, int(leads.max()) + silent)
        if found is None:
            last = values[-1] if len(values) else 0.0
            found = np.full((int(leads.max()) + silent, 1 + len(LEVELS)), last)
        paths.append(found[leads + silent - 1])
    every = np.stack(paths)
    return Forecast(every[..., 0], every[..., 1:])


def _model(name: str, season: int) -> tuple[str, dict[str, Any]]:
    """Name of the class in `statsforecast.models` and its arguments."""
    if name == "ses":
        return "AutoETS", {"model": "ANN"}
    if name == "auto_ets":
        return "AutoETS", {"season_length": season if season <= MAX_SEASON else 1}
    if name == "auto_theta":
        return "AutoTheta", {"season_length": season}
    return "AutoARIMA", {"season_length": season, "approximation": True}


def _lengths(windows: Windows) -> np.ndarray:
    """Known values of each row up to its origin."""
    count = np.isfinite(windows.history).cumsum(axis=1)
    return np.asarray(count[windows.series, windows.origin])
