"""Fit at one time of a panel, forecast any fund of it at any time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from models.contract import LEVELS, FloatArray, Forecast, IntArray, Windows
from models.errors import ModelError, NotFittedError
from models.forecasters.many_networks import average_correction
from models.forecasters.network import NetworkForecaster
from models.fund_sharpe.error_record import ErrorRecord
from models.fund_sharpe.errors import error_path
from models.fund_sharpe.settings import FundSharpeConfig
from models.transforms.bootstrap import block_bootstrap
from models.transforms.fund_state import MIN_FUNDS, Market
from models.transforms.fund_windows import FundFeatures, fund_features, network_windows
from models.transforms.newest_features import newest_features
from models.transforms.splits import embargoed_split

#: Called with (networks trained, networks in all).
Progress = Callable[[int, int], None]
#: Dates at which the ensemble's errors are compared with the reference's, and the smallest
#: ratio that is believed: the networks have seen these dates.
GAIN_DATES = 12
SMALLEST_GAIN = 0.8


@dataclass(frozen=True)
class Fitted:
    """All that a fit makes.

    members          networks by kind of cell
    scale            lead: deviation of the reference's errors on the training rows
    error_quantiles  level: standardised errors of the reference (see errors.error_path)
    gain             lead: width of the ensemble's errors against the reference's
    market, ratios   what single funds cannot tell, so far (see FundFeatures)
    """

    members: dict[str, tuple[NetworkForecaster, ...]]
    scale: FloatArray
    error_quantiles: FloatArray
    gain: FloatArray
    market: Market
    ratios: FloatArray


class FundSharpeModel:
    """The ensemble of a structural reference and recurrent networks that correct it."""

    kind = "fund_sharpe"

    def __init__(self, config: FundSharpeConfig | None = None) -> None:
        self.config = config or FundSharpeConfig()
        self._fitted: Fitted | None = None
        # Distributions at every time of the newest features: a back-test asks for many.
        self._path: tuple[FundFeatures, FloatArray] | None = None

    @property
    def fitted(self) -> Fitted:
        """What the fit made. Raises NotFittedError."""
        if self._fitted is None:
            raise NotFittedError("FundSharpeModel: call fit before predict, forecast or state")
        return self._fitted

    def restore(self, fitted: Fitted) -> None:
        """Take what an earlier fit made."""
        self._fitted = fitted

    def features(
        self,
        excess: FloatArray,
        risk_free: FloatArray,
        market: Market | None = None,
        ratios: FloatArray | None = None,
    ) -> FundFeatures:
        """Prepare a panel: excess returns, series × time, and the risk-free rate, time."""
        c = self.config
        return fund_features(
            excess, risk_free, c.leads, c.window, c.periods_per_year, market, ratios
        )

    def newest_features(
        self, excess: FloatArray, market: Market, ratios: FloatArray
    ) -> FundFeatures:
        """Prepare a panel to be forecast at its last time (see `newest_features`)."""
        c = self.config
        return newest_features(
            excess, c.leads, c.window, c.periods_per_year, market, ratios, c.lookback
        )

    def fit(self, features: FundFeatures, cutoff: int, progress: Progress | None = None) -> Self:
        """Train and calibrate on what was known at time index `cutoff`.

        Raises ModelError when too few outcomes are known by then.
        """
        windows = self.training_windows(features, cutoff)
        scale = _residual_scale(windows)
        train, valid = self._split(_scaled(windows, scale), cutoff)
        config = self.config
        jobs = [(cell, i) for cell in config.cells for i in range(config.members)]
        members: dict[str, list[NetworkForecaster]] = {cell: [] for cell in config.cells}
        for done, (cell, index) in enumerate(jobs, start=1):
            members[cell].append(self._fit_member(train, valid, cell, index))
            if progress is not None:
                progress(done, len(jobs))
        self._fitted = Fitted(
            members={cell: tuple(networks) for cell, networks in members.items()},
            scale=scale,
            error_quantiles=np.empty(0),
            gain=np.ones(len(scale)),
            market=features.state.market.until(cutoff + 1),
            ratios=features.ratios[: cutoff + 1],
        )
        self._fitted = replace(self._fitted, gain=self._gain(features, cutoff))
        return self.calibrate(features, cutoff)

    def training_windows(self, features: FundFeatures, cutoff: int) -> Windows:
        """All rows, one per fund and month, with at least one outcome known at `cutoff`."""
        shortest = min(self.config.horizons)
        times = np.arange(self.first_training_time(features), cutoff - shortest + 1)
        series, origin = features.rows(times, self.config.min_history)
        windows = network_windows(features, series, origin, cutoff, self.config.lookback)
        windows = windows.select(np.flatnonzero(np.isfinite(windows.target).any(axis=1)))
        if not len(windows):
            raise ModelError(
                f"nothing to train on: no fund has {self.config.min_history} periods of history "
                f"and a known outcome after {self.config.warm_up} periods with {MIN_FUNDS} funds; "
                "give a longer file, or lower min_history and warm_up"
            )
        return windows

    def first_training_time(self, features: FundFeatures) -> int:
        """The time that `warm_up` periods with enough funds precede."""
        enough = features.state.eligible(self.config.min_history).sum(axis=0) >= MIN_FUNDS
        return int(np.searchsorted(np.cumsum(enough), self.config.warm_up + 1))

    def calibrate(self, features: FundFeatures, cutoff: int) -> Self:
        """Take the distribution of the reference's errors that is known at `cutoff`."""
        if self._path is None or self._path[0] is not features:
            record = ErrorRecord.of(features, self.config.min_history)
            path = error_path(record, self.config.calibration_months, self.config.periods_per_year)
            self._path = (features, path)
        self._fitted = replace(self.fitted, error_quantiles=self._path[1][cutoff])
        return self

    def predict(
        self,
        features: FundFeatures,
        series: IntArray,
        origin: IntArray,
        cells: Sequence[str] | None = None,
        members: int | None = None,
        share: float | None = None,
        levels: Sequence[float] = LEVELS,
    ) -> Forecast:
        """Forecast rows, row × lead, with the whole ensemble or a part of it.

        series, origin   indices into the features' axes
        cells            kinds of network to average; () gives the reference alone
        members          how many networks of each kind, the first ones
        share            weight of the networks against the reference
        levels           of the quantiles: some of LEVELS, or between them
        """
        share = self.config.shrinkage if share is None else share
        correction = self._correction(
            features, series, origin, self.config.cells if cells is None else cells, members
        )
        mean = features.reference[series, origin] + share * correction
        width = self.fitted.gain * features.spread[series, origin]
        errors = np.interp(levels, LEVELS, self.fitted.error_quantiles)
        return Forecast(mean, mean[..., None] + width[..., None] * errors, tuple(levels))

    def _gain(self, features: FundFeatures, cutoff: int) -> FloatArray:
        """How much narrower the ensemble's newest known errors are than the reference's, lead."""
        config = self.config
        series, origin = self._newest_rows(features, cutoff)
        if not len(series):
            return np.ones(len(features.leads))
        ends = origin[:, None] + np.asarray([lead.horizon for lead in features.leads])
        error = features.outcome[series, origin] - features.reference[series, origin]
        correction = config.shrinkage * self._correction(
            features, series, origin, config.cells, None
        )
        known = np.isfinite(error) & (ends <= cutoff)
        ratio = _rms(error - correction, known) / _rms(error, known)
        return np.asarray(np.clip(ratio, SMALLEST_GAIN, 1.0))

    def _newest_rows(self, features: FundFeatures, cutoff: int) -> tuple[IntArray, IntArray]:
        """All funds at a few dates, evenly spread over the months that errors are taken from."""
        newest = cutoff - min(self.config.horizons)
        oldest = max(newest - self.config.calibration_months + 1, 0)
        times = np.unique(np.linspace(oldest, newest, GAIN_DATES).astype(np.int64))
        return features.rows(times, self.config.min_history)

    def _correction(
        self,
        features: FundFeatures,
        series: IntArray,
        origin: IntArray,
        cells: Sequence[str],
        members: int | None,
    ) -> FloatArray:
        """Average correction of the chosen networks, row × lead; zero without any."""
        chosen = [network for cell in cells for network in self.fitted.members[cell][:members]]
        if not chosen:
            return np.zeros((len(series), len(features.leads)))
        windows = network_windows(features, series, origin, features.times, self.config.lookback)
        windows = _scaled(windows, self.fitted.scale)
        return average_correction(chosen, windows)

    def _split(self, windows: Windows, cutoff: int) -> tuple[Windows, Windows]:
        """Training rows, and those for early stopping: none unless the settings ask for them."""
        config = self.config
        if not config.validation_months:
            return windows, windows.select(np.arange(0))
        newest = cutoff - max(config.horizons) + config.lookback - 1
        first_valid = newest - config.validation_months + 1
        train, valid = embargoed_split(windows, first_valid, config.window)
        if not len(train):
            raise ModelError(
                f"nothing to train on before the {config.validation_months} months kept for "
                "validation; give a longer file or lower validation_months"
            )
        return train, valid

    def _fit_member(
        self, windows: Windows, valid: Windows, cell: str, index: int
    ) -> NetworkForecaster:
        seed = 1000 * self.config.seed + 100 * self.config.cells.index(cell) + index
        rows = np.arange(len(windows))
        if index:
            rows = block_bootstrap(windows.origin, self.config.bag_months, seed)
        network = NetworkForecaster(
            replace(self.config.network, cell=cell), replace(self.config.training, seed=seed)
        )
        return network.fit(windows.select(rows), valid)


def _rms(error: FloatArray, known: npt.NDArray[np.bool_]) -> FloatArray:
    """Root mean square of the known errors of each lead, one where there is none."""
    square = np.where(known, error, 0.0) ** 2
    count = known.sum(axis=0)
    return np.where(count > 0, np.sqrt(square.sum(axis=0) / np.maximum(count, 1)), 1.0)


def _scaled(windows: Windows, scale: FloatArray) -> Windows:
    return windows.with_reference(_reference(windows), np.broadcast_to(scale, windows.target.shape))


def _residual_scale(windows: Windows) -> FloatArray:
    """Deviation of the reference's errors per lead, one where there is none."""
    error = windows.target - _reference(windows)
    deviation = _rms(error, np.isfinite(error))
    return np.where(deviation > 0, deviation, 1.0)


def _reference(windows: Windows) -> FloatArray:
    if windows.reference is None:
        raise ModelError("these windows have no reference; make them with network_windows")
    return windows.reference
