"""What is known of a panel of funds at every month, computed causally.

Every array at time t is a function of months up to t alone, so one pass serves
all origins: changing a later month changes nothing earlier. The market-wide
series live in `Market`, which a model stores to serve funds one at a time.

The expected Sharpe ratio of unseen months (`FundState.prior`) is structural: a
fund's standardised return is its loading on the common factor plus its own part;
the loading is shrunken to one, the own mean to zero, and the factor's premium is
its long mean. Months of high volatility count no more than calm ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from models.contract import FloatArray, IntArray
from models.transforms.sharpe import MIN_DISPERSION, ratio_of, trailing_moments

BoolArray = npt.NDArray[np.bool_]

#: Months that a fund needs before it has a standardised return.
MIN_STANDARDISED = 6
#: Funds needed at a month before their mean stands for the market.
MIN_FUNDS = 10
#: Months that a fund needs before it takes part in market-wide means.
MIN_HISTORY = 36
#: Months of prior belief in a loading of one, and in an own mean of zero.
LOADING_MONTHS = 5.0
OWN_MEAN_MONTHS = 120.0
#: Bounds of the ratio of observed mean Sharpe ratios to their prior.
LEVEL_BOUNDS = (0.8, 2.2)
HORIZON_BOUNDS = (0.7, 1.5)


@dataclass(frozen=True)
class Market:
    """Market-wide series, one value per time (or series × time, see `stretch`).

    They are what a single fund cannot tell.

    factor      mean of the funds' standardised excess returns, zero where too few
    seen        one where `factor` is known, else zero
    sharpe      mean rolling Sharpe
    prior       mean of the funds' prior
    dispersion  standard deviation of the rolling Sharpe over funds
    bill        annualised risk-free rate
    premium     mean of `factor` so far
    power       variance of `factor` so far
    level       mean rolling Sharpe so far over the mean unscaled prior
    """

    factor: FloatArray
    seen: FloatArray
    sharpe: FloatArray
    prior: FloatArray
    dispersion: FloatArray
    bill: FloatArray
    premium: FloatArray
    power: FloatArray
    level: FloatArray

    @property
    def length(self) -> int:
        return len(self.factor)

    def arrays(self) -> dict[str, FloatArray]:
        """The series by name, as they are stored with a model."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def until(self, stop: int) -> Market:
        """The series as they were known after their first `stop` times."""
        return Market(**{name: values[:stop] for name, values in self.arrays().items()})

    def stretch(self, positions: IntArray) -> Market:
        """Take the series at `positions`; outside the stored span hold the nearest value.

        No factor is known there: `factor` and `seen` are zero. Positions of series × time
        give series of that shape, for funds that end at different times.
        """
        inside = np.clip(positions, 0, self.length - 1)
        picked = {name: values[inside] for name, values in self.arrays().items()}
        for name in ("factor", "seen"):
            picked[name] = np.where(positions == inside, picked[name], 0.0)
        return Market(**picked)

    def newest(self, times: int) -> Market:
        """The series at their last `times` times."""
        return Market(**{name: values[..., -times:] for name, values in self.arrays().items()})


@dataclass(frozen=True)
class FundState:
    """Causal features of each fund and month, series × time, NaN where undefined.

    excess        excess returns, decimal per period
    months        observed periods so far
    standardised  excess return over its trailing volatility
    sharpe        rolling Sharpe over `window`, annualised
    vol           trailing standard deviation per period: over `window`, so far before that
    vol_long      standard deviation so far, per period
    prior         expected annualised Sharpe of `window` unseen periods
    """

    excess: FloatArray
    months: FloatArray
    standardised: FloatArray
    sharpe: FloatArray
    vol: FloatArray
    vol_long: FloatArray
    prior: FloatArray
    market: Market
    window: int
    periods_per_year: int

    def newest(self, times: int) -> FundState:
        """The state at the last `times` times."""
        names = ("excess", "months", "standardised", "sharpe", "vol", "vol_long", "prior")
        cut = {name: getattr(self, name)[:, -times:] for name in names}
        return replace(self, **cut, market=self.market.newest(times))

    def eligible(self, min_history: int) -> BoolArray:
        """Where a forecast can start: enough history, and a rolling Sharpe now."""
        return np.asarray(
            (self.months >= min_history) & np.isfinite(self.sharpe) & np.isfinite(self.prior)
        )


def fund_state(
    excess: FloatArray,
    risk_free: FloatArray,
    window: int,
    periods_per_year: int,
    market: Market | None = None,
) -> FundState:
    """Compute the state of a panel; with `market`, take the market from there.

    excess     series × time, decimal, NaN where missing
    risk_free  time, decimal return of the same period
    """
    months = so_far(np.isfinite(excess).astype(float))
    long = _so_far_std(excess, months)
    mean, recent = trailing_moments(excess, window)
    vol = np.where(np.isfinite(recent), recent, long)
    standardised = _standardise(excess, vol, months)
    sharpe = ratio_of(mean, recent, periods_per_year)
    if market is None:
        market = _market(standardised, sharpe, months, risk_free, periods_per_year)
    prior = _raw_prior(standardised, market) * np.sqrt(periods_per_year) * market.level
    return FundState(
        excess, months, standardised, sharpe, vol, long, prior, market, window, periods_per_year
    )


def _market(
    standardised: FloatArray,
    sharpe: FloatArray,
    months: FloatArray,
    risk_free: FloatArray,
    periods_per_year: int,
) -> Market:
    """Build the market-wide series from the funds; `level` and `prior` need a first prior."""
    mean = mean_over_funds(standardised, MIN_FUNDS)
    seen = np.isfinite(mean)
    factor = np.where(seen, mean, 0.0)
    count = np.maximum(np.cumsum(seen), 1)
    premium = np.cumsum(factor) / count
    power = np.maximum(np.cumsum(factor**2) / count - premium**2, 1e-4)
    zeros, ones = np.zeros(len(factor)), np.ones(len(factor))
    first = Market(
        factor=factor,
        seen=seen.astype(float),
        sharpe=hold(mean_over_funds(sharpe), 0.0),
        prior=zeros,
        dispersion=hold(_spread_over_funds(sharpe), 1.0),
        bill=hold(risk_free, 0.0) * periods_per_year,
        premium=premium,
        power=power,
        level=ones,
    )
    prior = _raw_prior(standardised, first) * np.sqrt(periods_per_year)
    enough = (months >= MIN_HISTORY) & np.isfinite(sharpe) & np.isfinite(prior)
    level = mean_ratio(so_far_mean(sharpe), prior, enough, LEVEL_BOUNDS)
    mean_prior = hold(mean_over_funds(np.where(enough, prior * level, np.nan)), 0.0)
    return Market(**{**first.arrays(), "prior": mean_prior, "level": level})


def _raw_prior(standardised: FloatArray, market: Market) -> FloatArray:
    """Expected Sharpe per period: loading × premium + own mean, both shrunken."""
    seen = np.isfinite(standardised) & (market.seen > 0)
    own = np.where(seen, standardised, 0.0)
    count = so_far(seen.astype(float))
    belief = LOADING_MONTHS * market.power
    loading = (so_far(own * market.factor) + belief) / (so_far(seen * market.factor**2) + belief)
    explained = loading * so_far(seen * market.factor)
    own_mean = (so_far(own) - explained) / (count + OWN_MEAN_MONTHS)
    return np.where(np.isfinite(standardised), loading * market.premium + own_mean, np.nan)


def mean_ratio(
    above: FloatArray, below: FloatArray, where: BoolArray, bounds: tuple[float, float]
) -> FloatArray:
    """Ratio of two means over funds at each time, one where it is unknown, within bounds."""
    numerator = mean_over_funds(np.where(where, above, np.nan), MIN_FUNDS)
    denominator = mean_over_funds(np.where(where, below, np.nan), MIN_FUNDS)
    usable = np.isfinite(numerator) & (np.abs(denominator) > 0.05)
    ratio = np.where(usable, numerator / np.where(usable, denominator, 1.0), np.nan)
    return np.clip(hold(ratio, 1.0), *bounds)


def so_far(values: FloatArray) -> FloatArray:
    """Sum of the values up to each time, series × time; a third of the time of np.cumsum."""
    return np.asarray(torch.cumsum(torch.from_numpy(np.ascontiguousarray(values)), dim=1).numpy())


def so_far_mean(values: FloatArray) -> FloatArray:
    """Mean of the known values up to each time, NaN before the first."""
    seen = np.isfinite(values)
    count = so_far(seen.astype(float))
    total = so_far(np.where(seen, values, 0.0))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def mean_over_funds(values: FloatArray, minimum: int = 1) -> FloatArray:
    """Mean over series at each time, NaN where fewer than `minimum` are observed."""
    seen = np.isfinite(values)
    count = seen.sum(axis=0)
    total = np.where(seen, values, 0.0).sum(axis=0)
    return np.where(count >= minimum, total / np.maximum(count, 1), np.nan)


def hold(values: FloatArray, before: float) -> FloatArray:
    """Fill missing times with the newest earlier value, `before` ahead of the first."""
    seen = np.isfinite(values)
    last = np.maximum.accumulate(np.where(seen, np.arange(len(values)), -1))
    return np.where(last >= 0, values[np.maximum(last, 0)], before)


def _spread_over_funds(values: FloatArray) -> FloatArray:
    mean = mean_over_funds(values)
    return np.sqrt(mean_over_funds((values - mean) ** 2, MIN_FUNDS))


def _so_far_std(excess: FloatArray, months: FloatArray) -> FloatArray:
    """Standard deviation (ddof 1) of all periods so far, NaN before the second."""
    count = np.where(months > 1, months, np.nan)
    known = np.where(np.isfinite(excess), excess, 0.0)
    total = so_far(known)
    squares = so_far(known**2) - total**2 / count
    return np.asarray(np.sqrt(np.maximum(squares, 0.0) / (count - 1)))


def _standardise(excess: FloatArray, vol: FloatArray, months: FloatArray) -> FloatArray:
    moving = np.isfinite(excess) & (vol > MIN_DISPERSION) & (months >= MIN_STANDARDISED)
    return np.where(moving, excess / np.where(moving, vol, 1.0), np.nan)
