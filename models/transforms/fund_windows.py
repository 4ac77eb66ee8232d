"""Forecasting problems from a panel of funds: what models read, and what came true.

`fund_features` computes everything once, causally, for the whole panel. Windows
for any set of rows are then picked from it; outcomes after `cutoff` are hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.contract import FloatArray, IntArray, Windows
from models.transforms.fund_reference import (
    Lead,
    horizon_ratios,
    known_moments,
    reference_forecast,
)
from models.transforms.fund_state import (
    FundState,
    Market,
    fund_state,
    hold,
    mean_over_funds,
    so_far_mean,
)
from models.transforms.sharpe import lead as move_back
from models.transforms.sharpe import rolling_sharpe, trailing_moments

CHANNELS = (
    "standardised",
    "observed",
    "sharpe_over_prior",
    "vol_ratio",
    "factor",
    "market_sharpe",
    "dispersion",
    "bill",
)
KNOWN = ("prior", "mean_over_prior", "sharpe_over_prior", "sharpe_36", "vol_ratio", "months")
BASELINE_KNOWN = (
    "last",
    "mean",
    "lag",
    "cross_mean",
    "known_mean",
    "known_std",
    "known_ratio",
    "vol_24",
    "sharpe_36",
)


@dataclass(frozen=True)
class FundFeatures:
    """A panel, prepared.

    reference, spread  series × time × lead: structural forecast and its deviation
    outcome            series × time × lead: what came true, NaN where unknown
    channels           series × time × channel (see CHANNELS), finite
    known              series × time × feature (see KNOWN), finite
    ratios             time × lead (see `horizon_ratios`)
    """

    state: FundState
    leads: tuple[Lead, ...]
    reference: FloatArray
    spread: FloatArray
    outcome: FloatArray
    channels: FloatArray
    known: FloatArray
    ratios: FloatArray

    @property
    def times(self) -> int:
        return int(self.channels.shape[1])

    def rows(self, times: IntArray, min_history: int) -> tuple[IntArray, IntArray]:
        """Series and time indices of all possible forecasts at `times`, in order of time."""
        usable = self.state.eligible(min_history)[:, times]
        usable &= np.isfinite(self.reference[:, times]).all(axis=-1)
        which, series = np.nonzero(usable.T)
        return series.astype(np.int64), np.asarray(times, dtype=np.int64)[which]


def fund_features(
    excess: FloatArray,
    risk_free: FloatArray,
    leads: Sequence[Lead],
    window: int,
    periods_per_year: int,
    market: Market | None = None,
    ratios: FloatArray | None = None,
) -> FundFeatures:
    """Prepare a panel; `market` and `ratios` come from a stored model, or from the panel.

    excess     series × time, decimal, NaN where missing
    risk_free  time, decimal return of the same period
    """
    state = fund_state(excess, risk_free, window, periods_per_year, market)
    if ratios is None:
        ratios = horizon_ratios(state, leads)
    reference, spread = reference_forecast(state, leads, ratios)
    rolling = {n: rolling_sharpe(excess, n, periods_per_year) for n in {ld.length for ld in leads}}
    outcome = np.stack([move_back(rolling[ld.length], ld.horizon) for ld in leads], axis=-1)
    long = rolling_sharpe(excess, 3 * window, periods_per_year)
    known = known_of(state, so_far_mean(state.sharpe), long)
    return FundFeatures(
        state,
        tuple(leads),
        reference,
        spread,
        outcome,
        channels_of(state),
        known,
        np.asarray(ratios),
    )


def network_windows(
    features: FundFeatures, series: IntArray, origin: IntArray, cutoff: int, lookback: int
) -> Windows:
    """Windows for networks: they correct the structural reference.

    cutoff   newest known time; outcomes that end after it are NaN

    Each date counts as the square root of its number of funds, because funds of one
    date move together.
    """
    names = tuple(ld.name for ld in features.leads)
    target = _hide(features.outcome[series, origin], origin, features.leads, cutoff)
    known = np.repeat(features.known[series, origin][:, None, :], len(names), axis=1)
    per_date = np.bincount(origin, minlength=features.times)[origin]
    weight = 1.0 / np.sqrt(np.maximum(per_date, 1))
    # Where the last time alone is asked for, its window is whole: nothing to put in front.
    newest = lookback <= features.times and bool((origin == features.times - 1).all())
    front = 0 if newest else lookback - 1
    return Windows(
        channels=_pad(features.channels, front),
        history=_pad(features.state.sharpe, front, np.nan),
        series=series,
        origin=origin + front,
        known=known.astype(np.float32),
        target=target,
        leads=names,
        horizons=tuple(ld.horizon for ld in features.leads),
        lookback=lookback,
        channel_names=CHANNELS,
        known_names=KNOWN,
        reference=features.reference[series, origin],
        scale=np.ones_like(target),
        weight=weight / weight.mean() if len(weight) else weight,
    )


def baseline_windows(
    features: FundFeatures,
    series: IntArray,
    origin: IntArray,
    cutoff: int,
    lookback: int,
    leads: Sequence[Lead],
    known: FloatArray | None = None,
) -> Windows:
    """Windows for statistical models, for leads that share one length of target.

    `history` is the Sharpe ratio over that length: the series that the target continues.
    `known` may be given to save time: series × time × lead × feature (`baseline_known`).
    """
    index = [features.leads.index(ld) for ld in leads]
    length = leads[0].length
    history = rolling_sharpe(features.state.excess, length, features.state.periods_per_year)
    columns = baseline_known(features, leads) if known is None else known
    target = _hide(features.outcome[series, origin][:, index], origin, leads, cutoff)
    padded = _pad(history, lookback - 1, np.nan)
    return Windows(
        channels=np.nan_to_num(padded)[..., None].astype(np.float32),
        history=padded,
        series=series,
        origin=origin + lookback - 1,
        known=columns[series, origin],
        target=target,
        leads=tuple(ld.name for ld in leads),
        horizons=tuple(ld.horizon for ld in leads),
        lookback=lookback,
        channel_names=("history",),
        known_names=BASELINE_KNOWN,
    )


def baseline_known(features: FundFeatures, leads: Sequence[Lead]) -> FloatArray:
    """The design's covariates of the linear reference, series × time × lead × feature."""
    return np.stack([_baseline_columns(features.state, ld) for ld in leads], axis=2)


def _baseline_columns(state: FundState, lead: Lead) -> FloatArray:
    """Columns of BASELINE_KNOWN for one lead; missing ones hold the fund's own mean."""
    last = rolling_sharpe(state.excess, lead.length, state.periods_per_year)
    own = so_far_mean(state.sharpe)
    mean = so_far_mean(last)
    mean = np.nan_to_num(np.where(np.isfinite(mean), mean, own))
    last = np.where(np.isfinite(last), last, mean)
    lag = np.full(last.shape, np.nan)
    lag[:, lead.length :] = last[:, : -lead.length]
    cross = np.broadcast_to(hold(mean_over_funds(last), 0.0), last.shape)
    centre, spread = known_moments(state.excess, lead.known)
    moving = spread > 0
    ratio = np.where(moving, centre / np.where(moving, spread, 1.0), 0.0)
    vol = trailing_moments(state.excess, 2 * state.window)[1]
    long = rolling_sharpe(state.excess, 3 * state.window, state.periods_per_year)
    columns = [
        last,
        mean,
        np.where(np.isfinite(lag), lag, mean),
        cross,
        np.nan_to_num(centre),
        np.nan_to_num(spread),
        np.nan_to_num(ratio),
        np.nan_to_num(np.where(np.isfinite(vol), vol, state.vol)),
        np.where(np.isfinite(long), long, mean),
    ]
    return np.stack(columns, axis=-1)


def channels_of(state: FundState) -> FloatArray:
    """What networks read at every time, series × time × channel."""
    market = state.market
    shape = state.excess.shape
    columns = (
        _bounded(state.standardised, 4.0),
        np.isfinite(state.excess),
        _bounded(state.sharpe - state.prior, 4.0),
        _vol_ratio(state),
        market.factor,
        _bounded(market.sharpe - market.prior, 4.0),
        _bounded(market.dispersion, 4.0),
        _bounded(20.0 * market.bill, 4.0),
    )
    channels = np.empty((*shape, len(columns)), dtype=np.float32)
    for place, column in enumerate(columns):
        channels[..., place] = column
    return channels


def known_of(state: FundState, mean: FloatArray, long: FloatArray) -> FloatArray:
    """What is known of each lead at every time, series × time × feature.

    mean  of the rolling Sharpe ratio so far, series × time
    long  Sharpe ratio of three windows, series × time
    """
    columns = [
        _bounded(state.prior, 4.0),
        _bounded(mean - state.prior, 4.0),
        _bounded(state.sharpe - state.prior, 4.0),
        _bounded(long - state.prior, 4.0),
        _vol_ratio(state),
        np.log(np.maximum(state.months, 1.0)) - 4.0,
    ]
    return np.stack(columns, axis=-1).astype(np.float32)


def _vol_ratio(state: FundState) -> FloatArray:
    moving = (state.vol > 0) & (state.vol_long > 0)
    ratio = np.where(moving, state.vol, 1.0) / np.where(moving, state.vol_long, 1.0)
    return np.clip(np.log(ratio), -2.0, 2.0)


def _bounded(values: FloatArray, bound: float) -> FloatArray:
    """Clip, with zero where missing."""
    return np.clip(np.nan_to_num(values), -bound, bound)


def _pad(values: FloatArray, periods: int, fill: float = 0.0) -> FloatArray:
    """Put so many empty periods in front, so that an early time can be an origin."""
    if not periods:
        return values
    front = np.full((values.shape[0], periods, *values.shape[2:]), fill, dtype=values.dtype)
    return np.concatenate([front, values], axis=1)


def _hide(outcome: FloatArray, origin: IntArray, leads: Sequence[Lead], cutoff: int) -> FloatArray:
    """Outcomes that were known at `cutoff`; the others become NaN."""
    ends = origin[:, None] + np.asarray([ld.horizon for ld in leads])
    return np.where(ends <= cutoff, outcome, np.nan)
