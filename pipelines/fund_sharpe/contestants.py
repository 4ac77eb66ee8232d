"""Every model of the back-test behind one call: the forecasts of one origin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from models.catalogue import build
from models.contract import FloatArray, Forecast, IntArray, Windows
from models.fund_sharpe import FundSharpeConfig, FundSharpeModel
from models.transforms.fund_reference import Lead
from models.transforms.fund_state import hold, mean_over_funds, so_far_mean
from models.transforms.fund_windows import FundFeatures, baseline_windows
from models.transforms.sharpe import rolling_sharpe
from pipelines.evaluation.schema import forecast_rows
from pipelines.fund_sharpe.backtest_plan import BacktestPlan


@dataclass(frozen=True)
class Part:
    """Which networks of the fund model a row of the report averages, and with what weight
    against the structural reference; None stands for all, and for the model's own."""

    cells: tuple[str, ...] | None = None
    members: int | None = None
    share: float | None = None


#: Rows of the report that are made from the fund model. A network alone is the reference
#: plus its whole correction: that is what it was trained to be.
PARTS: dict[str, Part] = {
    "ensemble": Part(),
    "lstm": Part(("lstm",), 1, 1.0),
    "gru": Part(("gru",), 1, 1.0),
    "lstm_gru": Part(None, 1, 1.0),
    "structural": Part(()),
}


def parts_of(config: FundSharpeConfig) -> dict[str, Part]:
    """The rows that a configuration can fill: a model of one kind of cell has fewer."""
    kept = {n: p for n, p in PARTS.items() if set(p.cells or ()) <= set(config.cells)}
    if len(config.cells) == 1:
        del kept["lstm_gru"]
    return kept


class Contest:
    """All models over one plan; `fit` trains the networks, `forecast` does an origin."""

    def __init__(self, plan: BacktestPlan) -> None:
        self._plan = plan
        self._model = FundSharpeModel(plan.config)
        self._features = self._model.features(plan.panel.excess, plan.panel.risk_free)
        self._scale = naive_scale(self._features, plan.config.leads)
        self._baselines = Baselines(self._features, plan.config.min_history, plan.config.lookback)

    def fit(self, origin: int) -> None:
        """Train the networks on what was known at `origin`."""
        self._model.fit(self._features, origin)

    def forecast(self, origin: int) -> pl.DataFrame:
        """Return the forecasts of every model at `origin` that have an outcome."""
        plan, features = self._plan, self._features
        series, _ = features.rows(np.array([origin]), plan.config.min_history)
        sample = np.intersect1d(series, plan.sample)
        model = self._model.calibrate(features, origin)
        tables = []
        for name, forecast in self._forecasts(model, series, sample, origin):
            rows = sample if name in plan.settings.statistical else series
            tables.append(self._table(name, forecast, rows, origin))
        return pl.concat(tables)

    def _forecasts(
        self, model: FundSharpeModel, series: IntArray, sample: IntArray, origin: int
    ) -> Iterator[tuple[str, Forecast]]:
        at = np.full(len(series), origin)
        for name, part in parts_of(self._plan.config).items():
            yield (
                name,
                model.predict(self._features, series, at, part.cells, part.members, part.share),
            )
        for name in self._plan.settings.baselines:
            yield name, self._baselines.forecast(name, series, origin)
        if len(sample):
            for name in self._plan.settings.statistical:
                yield name, self._baselines.forecast(name, sample, origin)

    def _table(self, name: str, forecast: Forecast, series: IntArray, origin: int) -> pl.DataFrame:
        plan = self._plan
        outcome = self._features.outcome[series, origin]
        leads = [
            forecast_rows(
                model=name,
                target=lead.target,
                horizon=lead.horizon,
                series=[plan.panel.ids[i] for i in series],
                origin=plan.panel.periods[origin],
                origin_index=origin,
                y=outcome[:, column],
                mean=forecast.mean[:, column],
                quantiles=forecast.quantiles[:, column],
                mase_scale=self._scale[series, origin, column],
                sample=np.isin(series, plan.sample),
            )
            for column, lead in enumerate(plan.config.leads)
        ]
        return pl.concat(leads)


@dataclass(frozen=True)
class _Group:
    """Leads whose targets have one length, and the windows of every possible row."""

    columns: tuple[int, ...]
    horizons: IntArray
    windows: Windows


class Baselines:
    """Baselines over one panel; windows are prepared once and hidden by origin."""

    def __init__(self, features: FundFeatures, min_history: int, lookback: int) -> None:
        self._leads = features.leads
        self._front = lookback - 1
        series, origin = features.rows(np.arange(features.times), min_history)
        self._groups = [
            _group(features, leads, series, origin, lookback)
            for leads in _by_length(features.leads)
        ]

    def forecast(self, name: str, series: IntArray, origin: int) -> Forecast:
        """Fit on all outcomes known at `origin` and forecast these series there.

        Returns series × lead, in the order of the features' leads.
        """
        parts = [(group, self._one(name, group, series, origin)) for group in self._groups]
        levels = parts[0][1].quantiles.shape[-1]
        mean = np.empty((len(series), len(self._leads)))
        quantiles = np.empty((len(series), len(self._leads), levels))
        for group, forecast in parts:
            mean[:, group.columns] = forecast.mean
            quantiles[:, group.columns] = forecast.quantiles
        return Forecast(mean, quantiles)

    def _one(self, name: str, group: _Group, series: IntArray, origin: int) -> Forecast:
        windows = group.windows
        time = windows.origin - self._front
        train = _hidden(windows.select(time < origin), group.horizons, origin + self._front)
        train = train.select(np.flatnonzero(np.isfinite(train.target).any(axis=1)))
        now = windows.select((time == origin) & np.isin(windows.series, series))
        if not np.array_equal(now.series, series):
            raise ValueError("series must be sorted and eligible at the origin")
        return build(name).fit(train, train.select(np.arange(0))).predict(now)


def _by_length(leads: Sequence[Lead]) -> list[tuple[Lead, ...]]:
    lengths = sorted({lead.length for lead in leads})
    return [tuple(lead for lead in leads if lead.length == n) for n in lengths]


def _group(
    features: FundFeatures,
    leads: tuple[Lead, ...],
    series: IntArray,
    origin: IntArray,
    lookback: int,
) -> _Group:
    columns = tuple(features.leads.index(lead) for lead in leads)
    horizons = np.asarray([lead.horizon for lead in leads])
    windows = baseline_windows(features, series, origin, features.times, lookback, leads)
    return _Group(columns, horizons, windows)


def _hidden(windows: Windows, horizons: IntArray, cutoff: int) -> Windows:
    """Hide outcomes that end after `cutoff`, on the windows' own time axis."""
    known = windows.origin[:, None] + horizons <= cutoff
    return replace(windows, target=np.where(known, windows.target, np.nan))


def naive_scale(features: FundFeatures, leads: Sequence[Lead]) -> FloatArray:
    """Scale of MASE (Hyndman and Koehler 2006): mean absolute one-step change so far.

    Returns series × time × lead, of the Sharpe ratio over each lead's length; the mean
    over funds where a fund has none yet.
    """
    found = {length: _mean_change(features, length) for length in {ld.length for ld in leads}}
    return np.stack([found[ld.length] for ld in leads], axis=-1)


def _mean_change(features: FundFeatures, length: int) -> FloatArray:
    ratio = rolling_sharpe(features.state.excess, length, features.state.periods_per_year)
    change = np.full(ratio.shape, np.nan)
    change[:, 1:] = np.abs(np.diff(ratio, axis=1))
    mean = so_far_mean(change)
    return np.where(mean > 0, mean, hold(mean_over_funds(mean), 1.0))
