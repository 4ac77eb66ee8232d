"""Classical forecasts of each series alone: SES, AutoETS, AutoARIMA, AutoTheta.

The kind that papers call traditional. Nothing is pooled: every row is fitted anew on its
own history up to its origin, by statsforecast, and the distribution is the model's own.
Milliseconds per row (120 values, no season): SES 1, AutoETS 2, AutoTheta 6, AutoARIMA
50-130; a season of 12 makes AutoETS 55 and AutoARIMA 600.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np
from joblib import Parallel, delayed

from models.baselines.base import Baseline
from models.baselines.own_fit import fit_and_forecast, newest_stretch
from models.baselines.series_mean import SeriesMean
from models.contract import FloatArray, Forecast, State, Windows
from models.errors import ConfigError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StatisticalConfig:
    """How to fit a row.

    min_observations  values without a gap up to the newest; a row with fewer gets the
                      series' mean
    n_jobs            processes that share the rows
    """

    min_observations: int = 12
    n_jobs: int = 1


@dataclass(frozen=True)
class SeasonalConfig(StatisticalConfig):
    """`season_length`: steps in a season; 1 for none."""

    season_length: int = 1

    def __post_init__(self) -> None:
        if self.season_length < 1:
            raise ConfigError(f"season_length: expected 1 or more, got {self.season_length}")


@dataclass(frozen=True)
class AutoARIMAConfig(SeasonalConfig):
    """`approximation`: choose the orders by conditional sum of squares, a third faster."""

    approximation: bool = False


ConfigT = TypeVar("ConfigT", bound=StatisticalConfig)


class StatisticalBaseline(Baseline[ConfigT], ABC):
    """One statsforecast model behind the Forecaster interface.

    fallbacks   rows of the newest `predict` that got the series' mean: "short" for a
                short history, "failed" for a fit that broke down
    """

    def __init__(self, config: ConfigT | None = None) -> None:
        super().__init__(config)
        self.fallbacks: Mapping[str, int] = {"short": 0, "failed": 0}
        self._mean = SeriesMean()

    @abstractmethod
    def _model(self) -> tuple[str, dict[str, Any]]:
        """Name of the class in `statsforecast.models` and its arguments."""

    def fit(self, train: Windows, valid: Windows) -> Self:
        """Fit the mean that stands in for rows that cannot be forecast; models come later."""
        self._mean = SeriesMean().fit(train, valid)
        self._leads = train.leads
        return self

    def predict(self, windows: Windows) -> Forecast:
        """Fit each row's own history and forecast it.

        History is the newest stretch without a gap; when it ends before the origin, the
        forecast starts there and reaches further.
        """
        self._check_leads(windows)
        fallback = self._mean.predict(windows)
        mean, quantiles = fallback.mean.copy(), fallback.quantiles.copy()
        rows, jobs = self._jobs(windows)
        name, options = self._model()
        found = Parallel(n_jobs=self.config.n_jobs)(
            delayed(fit_and_forecast)(name, options, values, steps) for values, steps in jobs
        )
        failed = 0
        for row, (_, steps), paths in zip(rows, jobs, found, strict=True):
            if paths is None:
                failed += 1
                continue
            picked = paths[np.asarray(windows.horizons) + steps - max(windows.horizons) - 1]
            mean[row], quantiles[row] = picked[:, 0], picked[:, 1:]
        self._note(len(windows), len(windows) - len(rows), failed)
        return Forecast(mean, quantiles)

    def state(self) -> State:
        """Return settings and the mean that stands in."""
        return State(self.kind, self._stored_config(), {}, {"mean": self._mean.state()})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild a fitted model."""
        model = cls._restored(state)
        model._mean = SeriesMean.from_state(state.parts["mean"])
        return model

    def _jobs(self, windows: Windows) -> tuple[list[int], list[tuple[FloatArray, int]]]:
        """Rows with enough history: their values, and steps to the farthest horizon."""
        rows, jobs = [], []
        for row, (series, origin) in enumerate(zip(windows.series, windows.origin, strict=True)):
            values, silent = newest_stretch(windows.history[series, : origin + 1])
            if len(values) >= self.config.min_observations:
                rows.append(row)
                jobs.append((values, max(windows.horizons) + silent))
        return rows, jobs

    def _note(self, rows: int, short: int, failed: int) -> None:
        self.fallbacks = {"short": short, "failed": failed}
        if short or failed:
            _log.info(
                "%s: the series' mean stands in for %d of %d rows (%d with too short a "
                "history, %d where the fit failed)",
                *(self.kind, short + failed, rows, short, failed),
            )


class SES(StatisticalBaseline[StatisticalConfig]):
    """Simple exponential smoothing, as the state-space model ANN, which has intervals."""

    kind = "ses"
    config_type = StatisticalConfig

    def _model(self) -> tuple[str, dict[str, Any]]:
        return "AutoETS", {"model": "ANN"}


class AutoETS(StatisticalBaseline[SeasonalConfig]):
    """Exponential smoothing chosen by AICc (Hyndman, Koehler, Snyder, Grose 2002)."""

    kind = "auto_ets"
    config_type = SeasonalConfig

    def _model(self) -> tuple[str, dict[str, Any]]:
        return "AutoETS", {"season_length": self.config.season_length}


class AutoTheta(StatisticalBaseline[SeasonalConfig]):
    """The best of four theta models (Fiorucci and others 2016)."""

    kind = "auto_theta"
    config_type = SeasonalConfig

    def _model(self) -> tuple[str, dict[str, Any]]:
        return "AutoTheta", {"season_length": self.config.season_length}


class AutoARIMA(StatisticalBaseline[AutoARIMAConfig]):
    """ARIMA with orders chosen stepwise by AICc (Hyndman and Khandakar 2008)."""

    kind = "auto_arima"
    config_type = AutoARIMAConfig

    def _model(self) -> tuple[str, dict[str, Any]]:
        config = self.config
        return "AutoARIMA", {
            "season_length": config.season_length,
            "approximation": config.approximation,
        }
