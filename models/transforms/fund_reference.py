"""The reference forecast of a Sharpe ratio, with its spread, before any network.

For each lead the unseen returns are taken as normal with the fund's prior mean
and its recent volatility; the Sharpe ratio of known and unseen months together
is then averaged over their mean and their sum of squares (both independent for
normal returns: Cochran's theorem) by quadrature, so that a window that is partly
known uses what is known of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from models.contract import FloatArray
from models.errors import ModelError
from models.transforms.fund_state import (
    HORIZON_BOUNDS,
    MIN_HISTORY,
    FundState,
    mean_ratio,
    so_far_mean,
)
from models.transforms.sharpe import MIN_DISPERSION, rolling_sharpe, trailing_moments

#: Weight of the recent volatility against that of the whole history.
RECENT_VOL = 0.7
#: Volatility above which no node of the quadrature comes near MIN_DISPERSION.
_CLEARLY_MOVING = 1e-6
#: Quadrature nodes along the mean and along the sum of squares.
NODES = 7


@dataclass(frozen=True)
class Lead:
    """One thing to forecast: `rolling` is the Sharpe of the window that ends `horizon`
    periods ahead, `forward` that of the next `horizon` periods."""

    target: str
    horizon: int
    window: int

    @property
    def name(self) -> str:
        return f"{self.target}_{self.horizon}"

    @property
    def length(self) -> int:
        """Periods in the target's window."""
        return self.window if self.target == "rolling" else self.horizon

    @property
    def known(self) -> int:
        """Periods of the target's window that lie in the past."""
        return max(self.length - self.horizon, 0)

    @property
    def unseen(self) -> int:
        return self.length - self.known


def make_leads(horizons: Sequence[int], targets: Sequence[str], window: int) -> tuple[Lead, ...]:
    """Every target at every horizon, targets outermost."""
    unknown = [t for t in targets if t not in ("rolling", "forward")]
    if unknown:
        raise ModelError(f"target {unknown[0]!r}: expected 'rolling' or 'forward'")
    small = [h for h in horizons if h < (3 if "forward" in targets else 1)]
    if small:
        raise ModelError(f"horizon {small[0]}: a forward Sharpe ratio needs at least 3 periods")
    return tuple(Lead(target, h, window) for target in targets for h in horizons)


def horizon_ratios(state: FundState, leads: Sequence[Lead]) -> FloatArray:
    """Mean Sharpe ratio over each lead's length against that over the window, time × lead.

    A ratio over few periods is larger on average than one over many; how much, is
    measured on the funds themselves, so far.
    """
    enough = state.eligible(MIN_HISTORY)
    means = {
        length: so_far_mean(rolling_sharpe(state.excess, length, state.periods_per_year))
        for length in {lead.length for lead in leads} | {state.window}
    }
    base = means[state.window]
    columns = [mean_ratio(means[ld.length], base, enough, HORIZON_BOUNDS) for ld in leads]
    return np.stack(columns, axis=1)


def reference_forecast(
    state: FundState, leads: Sequence[Lead], ratios: FloatArray, recent: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each lead, both series × time × lead.

    ratios   time × lead, from `horizon_ratios`; or series × time × lead
    recent   compute so many newest times alone, and leave NaN before; None computes all

    NaN where the state has no prior or a known month of the target is missing.
    """
    times = state.excess.shape[1] if recent is None else recent
    mean = np.full((*state.prior.shape, len(leads)), np.nan)
    spread = np.full_like(mean, np.nan)
    newest = state.newest(times)
    vol = RECENT_VOL * newest.vol + (1.0 - RECENT_VOL) * newest.vol_long
    for index, lead in enumerate(leads):
        prior = newest.prior * ratios[..., -times:, index]
        known = known_moments(state.excess[:, -(times + lead.known) :], lead.known)
        centre, around = _predict(
            newest, lead, prior, vol, known[0][:, -times:], known[1][:, -times:]
        )
        mean[:, -times:, index] = centre if lead.known else prior
        spread[:, -times:, index] = around
    return mean, spread


def _predict(
    state: FundState,
    lead: Lead,
    prior: FloatArray,
    vol: FloatArray,
    known_mean: FloatArray,
    known_spread: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Quadrature over the unseen periods of one lead, where it can be computed."""
    usable = np.isfinite(prior) & (vol > MIN_DISPERSION) & np.isfinite(known_mean + known_spread)
    per_period = prior[usable] / np.sqrt(state.periods_per_year) / small_sample_bias(lead.length)
    moments = sharpe_moments(
        per_period * vol[usable],
        vol[usable],
        lead.unseen,
        known_mean[usable],
        known_spread[usable],
        lead.known,
    )
    filled = np.full((2, *prior.shape), np.nan)
    filled[:, usable] = np.asarray(moments) * np.sqrt(state.periods_per_year)
    return filled[0], filled[1]


def known_moments(excess: FloatArray, known: int) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the newest `known` periods; zero where not needed."""
    if known == 0:
        return np.zeros(excess.shape), np.zeros(excess.shape)
    if known == 1:
        return excess, np.where(np.isfinite(excess), 0.0, np.nan)
    return trailing_moments(excess, known)


def small_sample_bias(length: int) -> float:
    """Expected Sharpe ratio of `length` normal returns over the true one (Miller and Gehr 1978)."""
    if length < 3:
        return 1.0
    half = (length - 1) / 2
    return math.sqrt(half) * math.exp(math.lgamma(half - 0.5) - math.lgamma(half))


def sharpe_moments(
    mean: FloatArray,
    vol: FloatArray,
    unseen: int,
    known_mean: FloatArray,
    known_spread: FloatArray,
    known: int,
) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the per-period Sharpe ratio of known and unseen periods.

    All arrays share one shape. The unseen periods are independent normal with `mean`
    and `vol`: their sample mean is N(mean, vol²/unseen), their sum of squares
    vol² χ²(unseen - 1). `known_mean`, `known_spread` (ddof 1) describe the known ones.
    """
    if known == 0 and mean.size and vol.min() > _CLEARLY_MOVING:
        return _unseen_moments(mean / vol, unseen)
    points, weights, squares = _nodes(unseen)
    total = known + unseen
    fixed = (known - 1) * known_spread**2 if known > 1 else np.zeros(mean.shape)
    first = np.zeros(mean.shape)
    second = np.zeros(mean.shape)
    for point, weight in zip(points, weights, strict=True):
        unseen_mean = mean + vol * point / np.sqrt(unseen)
        centre = (known * known_mean + unseen * unseen_mean) / total
        between = known * unseen / total * (known_mean - unseen_mean) ** 2
        for square in squares:
            variance = (fixed + between + vol**2 * square) / (total - 1)
            ratio = centre / np.sqrt(np.maximum(variance, MIN_DISPERSION**2))
            first += weight / len(squares) * ratio
            second += weight / len(squares) * ratio**2
    return first, np.sqrt(np.maximum(second - first**2, 1e-6))


def _unseen_moments(ratio: FloatArray, unseen: int) -> tuple[FloatArray, FloatArray]:
    """The same quadrature where nothing is known: its sums over both axes then factor.

    ratio   mean over volatility, per period
    """
    points, weights, squares = (np.asarray(values) for values in _nodes(unseen))
    stretch = np.sqrt((unseen - 1) / np.maximum(squares, MIN_DISPERSION))
    first = stretch.mean() * (ratio + (weights * points).sum() / np.sqrt(unseen))
    square = ratio**2 + 2 * ratio * (weights * points).sum() / np.sqrt(unseen)
    second = (stretch**2).mean() * (square + (weights * points**2).sum() / unseen)
    return first, np.sqrt(np.maximum(second - first**2, 1e-6))


@cache
def _nodes(unseen: int) -> tuple[list[float], list[float], list[float]]:
    """Quadrature: points and weights of a standard normal, equally likely χ²(unseen - 1)."""
    points, weights = np.polynomial.hermite_e.hermegauss(NODES)
    squares = stats.chi2.ppf((np.arange(NODES) + 0.5) / NODES, max(unseen - 1, 1))
    return (
        [float(point) for point in points],
        [float(weight) for weight in weights / weights.sum()],
        [float(square) for square in squares] if unseen > 1 else [0.0],
    )
