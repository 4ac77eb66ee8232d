"""On a panel of fund returns: do networks that go on to learn forecast better than frozen ones?

The networks of the fund-Sharpe forecaster are trained once, on what was known at a cutoff. Then
every period to the end is forecast by them as they are, and by copies that take one step on the
outcomes of the period before their forecast. Both correct the structural reference by the
shipped share. The loss of a date is the mean over funds and leads of squared error, each lead in
units of the reference's, so one is what the reference does without a network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.contract import FloatArray, IntArray, Windows
from models.errors import ConfigError, DataError
from models.forecasters.network import NetworkForecaster
from models.forecasters.online import OnlineConfig
from models.fund_sharpe import FundSharpeConfig, FundSharpeModel
from models.transforms.fund_windows import FundFeatures, network_windows
from pipelines.datasets.panel import ReturnsPanel
from pipelines.evaluation.mean_test import fixed_smoothing_test, overlap
from pipelines.evaluation.prequential import prequential

#: Share of the periods that the networks are trained on, unless a first period is given.
TRAINING_SHARE = 0.6
REFERENCE, FROZEN = "reference", "frozen"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Contestant:
    """How one way of forecasting did.

    name     reference, frozen or the way of learning
    losses   date: mean squared error in units of the reference's
    p_value  one-sided, that it is better than frozen; None for frozen itself, and where the dates
             are too few
    """

    name: str
    losses: FloatArray
    p_value: float | None

    @property
    def loss(self) -> float:
        return float(self.losses.mean())


@dataclass(frozen=True)
class PrequentialStudy:
    """All ways on the same dates, from the same networks.

    outcomes   that were learnt from
    """

    cell: str
    networks: int
    dates: tuple[str, ...]
    outcomes: int
    contestants: tuple[Contestant, ...]


def run_fund_prequential(
    panel: ReturnsPanel,
    base: FundSharpeConfig,
    cell: str,
    ways: Sequence[OnlineConfig],
    first: str | None = None,
    say: Say = lambda _line: None,
) -> PrequentialStudy:
    """Train, then go through the periods once for each way of learning.

    base    settings; `members` networks are trained, and their mean is judged
    first   period of the first forecasts, which is the last that training knows

    Raises DataError when too few periods are left, ConfigError for an unknown first period.
    """
    config = replace(base, cells=(cell,), periods_per_year=panel.periods_per_year)
    model = FundSharpeModel(config)
    features = model.features(panel.excess, panel.risk_free)
    cutoff = _cutoff(panel, config, first)
    say(f"training {config.members} networks on {panel.periods[0]} to {panel.periods[cutoff]}")
    model.fit(features, cutoff)
    stretch = Stretch.of(features, model, cutoff)
    networks = model.fitted.members[cell]
    errors = {FROZEN: stretch.errors(networks, None)}
    for way in ways:
        say(f"learning on: {name_of(way)}")
        errors[name_of(way)] = stretch.errors(networks, way)
    found = {REFERENCE: stretch.reference_errors, **errors}
    dates, losses = stretch.losses(found)
    lags = overlap(max(config.horizons), dates)
    labels = tuple(panel.periods[date] for date in dates)
    ranked = tuple(
        Contestant(name, values, _p_value(name, values, losses[FROZEN], lags))
        for name, values in losses.items()
    )
    return PrequentialStudy(cell, len(networks), labels, stretch.outcomes, ranked)


def name_of(way: OnlineConfig) -> str:
    """e.g. "sgd 0.001", "adam 0.001, 2 steps"."""
    several = "" if way.steps == 1 else f", {way.steps} steps"
    return f"{way.optimiser} {way.learning_rate:g}{several}"


def _p_value(name: str, losses: FloatArray, frozen: FloatArray, lags: int) -> float | None:
    return None if name == FROZEN else fixed_smoothing_test(losses - frozen, lags).p_less


def _cutoff(panel: ReturnsPanel, config: FundSharpeConfig, first: str | None) -> int:
    times, shortest = len(panel.periods), min(config.horizons)
    if first is None:
        chosen = int(TRAINING_SHARE * times)
    elif first in panel.periods:
        chosen = panel.periods.index(first)
    else:
        raise ConfigError(
            f"--first: expected a period from {panel.periods[0]} to {panel.periods[-1]}, as the "
            f"data write it, got {first!r}"
        )
    if chosen + shortest >= times - 1:
        raise DataError(
            f"no outcome after {panel.periods[chosen]}: the data end in {panel.periods[-1]}, and "
            f"the shortest horizon is {shortest} periods; give an earlier --first or longer data"
        )
    return chosen


@dataclass(frozen=True)
class Stretch:
    """The periods after a cutoff.

    windows    all rows with an outcome that ends after the cutoff, and those forecast
    times      of the forecasts, on the windows' axis
    front      periods that this axis has before those of the panel
    share      weight of the networks against the reference
    """

    windows: Windows
    times: tuple[int, ...]
    front: int
    share: float

    @classmethod
    def of(cls, features: FundFeatures, model: FundSharpeModel, cutoff: int) -> Stretch:
        config = model.config
        newest = features.times - 1 - min(config.horizons)
        oldest = max(cutoff - max(config.horizons) + 1, 0)
        series, origin = features.rows(np.arange(oldest, newest + 1), config.min_history)
        if not (origin >= cutoff).any():
            raise DataError(
                f"no fund has {config.min_history} periods of history after the first period of "
                "forecasts; give an earlier --first or longer data"
            )
        windows = network_windows(features, series, origin, features.times, config.lookback)
        front = int(windows.origin[0] - origin[0])
        scale = np.broadcast_to(model.fitted.scale, windows.target.shape)
        return cls(
            windows.with_reference(features.reference[series, origin], scale),
            tuple(range(cutoff + front, newest + front + 1)),
            front,
            config.shrinkage,
        )

    @property
    def judged(self) -> IntArray:
        """Rows that are forecast, in order of time."""
        return np.flatnonzero(self.windows.origin >= self.times[0])

    @property
    def outcomes(self) -> int:
        """Outcomes that end after the cutoff and are in time to be learnt from."""
        ends = self.windows.origin[:, None] + np.asarray(self.windows.horizons)
        due = (ends >= self.times[0]) & (ends <= self.times[-1])
        return int((due & np.isfinite(self.windows.target)).sum())

    @property
    def reference_errors(self) -> FloatArray:
        """Row × lead."""
        return np.asarray(self._reference - self.windows.target[self.judged])

    def errors(self, networks: Sequence[NetworkForecaster], way: OnlineConfig | None) -> FloatArray:
        """Of the mean of the networks, row × lead; copies learn, the networks themselves do not."""
        total = np.zeros(self._reference.shape)
        for network in networks:
            copy = NetworkForecaster.from_state(network.state())
            copy.online = way or copy.online
            found = prequential(copy, self.windows, self.times, learn=way is not None)
            total += found.mean - self._reference
        mean = self._reference + self.share * total / len(networks)
        return np.asarray(mean - self.windows.target[self.judged])

    def losses(self, errors: Mapping[str, FloatArray]) -> tuple[IntArray, dict[str, FloatArray]]:
        """Dates on the panel's axis with an outcome, and the loss of each way on them."""
        origin = self.windows.origin[self.judged] - self.front
        dates = np.unique(origin)
        squares = {
            name: np.stack([mean_squares(error[origin == date]) for date in dates])
            for name, error in errors.items()
        }
        plain = squares[REFERENCE]
        known = np.isfinite(plain).any(axis=1)
        usual = np.nanmean(plain[known], axis=0)
        return dates[known], {
            name: np.asarray(np.nanmean(found[known] / usual, axis=1))
            for name, found in squares.items()
        }

    @property
    def _reference(self) -> FloatArray:
        reference = self.windows.reference
        return np.zeros_like(self.windows.target) if reference is None else reference[self.judged]


def mean_squares(error: FloatArray) -> FloatArray:
    """Mean over funds of squared errors, lead; NaN without an outcome."""
    known = np.isfinite(error)
    total, count = (np.where(known, error, 0.0) ** 2).sum(axis=0), known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
