"""Standardised errors of the reference, kept as one histogram per date and lead.

Every quantile over any span of dates is then a difference of two cumulative sums, so that
intervals can be made anew at each date of a long history in a second or two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import stats

from models.contract import LEVELS, FloatArray, IntArray
from models.transforms.fund_windows import FundFeatures

#: Dates with known outcomes that a distribution of errors needs; else it is normal.
MIN_DATES = 12
#: Edges of the bins: fine near zero (0.013 spreads), out to 100 spreads.
EDGES = np.sinh(np.linspace(-np.arcsinh(100.0), np.arcsinh(100.0), 801))


@dataclass(frozen=True)
class ErrorRecord:
    """Errors of a panel, (outcome - reference) / spread, every date counting the same.

    horizons  lead
    share     time × lead × bin: share of the date's funds in each bin
    total     time + 1 × lead × bin: `share` summed over the dates before
    means     time + 1 × lead: mean error of each date, summed likewise
    dates     time + 1 × lead: number of dates with an error, summed likewise
    """

    horizons: tuple[int, ...]
    share: FloatArray
    total: FloatArray
    means: FloatArray
    dates: FloatArray

    @classmethod
    def of(cls, features: FundFeatures, min_history: int) -> Self:
        """Collect the errors of all funds that could be forecast, at all times."""
        series, origin = features.rows(np.arange(features.times), min_history)
        at = (series, origin)
        errors = (features.outcome[at] - features.reference[at]) / features.spread[at]
        columns = [histograms(error, origin, features.times) for error in errors.T]
        share = np.stack([column[0] for column in columns], axis=1)
        mean = np.stack([column[1] for column in columns], axis=1)
        return cls(
            horizons=tuple(lead.horizon for lead in features.leads),
            share=share,
            total=_before(share),
            means=_before(mean),
            dates=_before((share.sum(axis=-1) > 0).astype(float)),
        )

    def quantiles(self, time: int, span: int) -> FloatArray:
        """Quantiles at LEVELS about the mean error, lead × level, as known at `time`.

        Of the newest `span` origins whose outcome has ended by then; normal where they hold
        fewer than MIN_DATES.
        """
        return np.stack([self._quantiles(lead, time, span) for lead in range(len(self.horizons))])

    def outside(self, origin: int, lead: int, low: float, high: float) -> float:
        """Share of a date's errors outside low .. high; NaN for a date without errors."""
        share = self.share[origin, lead]
        if not share.any():
            return np.nan
        below, upto = np.interp((low, high), EDGES, _distribution(share))
        return float(1.0 - (upto - below))

    def _quantiles(self, lead: int, time: int, span: int) -> FloatArray:
        stop = max(time - self.horizons[lead] + 1, 0)
        start = max(stop - span, 0)
        dates = self.dates[stop, lead] - self.dates[start, lead]
        if dates < MIN_DATES:
            return np.asarray(stats.norm.ppf(LEVELS))
        share = (self.total[stop, lead] - self.total[start, lead]) / dates
        centre = (self.means[stop, lead] - self.means[start, lead]) / dates
        return np.asarray(np.interp(LEVELS, _distribution(share), EDGES) - centre)


def histograms(
    error: FloatArray, origin: IntArray, times: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """Share of each date's known errors in each bin, time × bin, and their mean, time.

    error, origin  row; NaN for an error that is not known
    times          length of the time axis; without it, up to the last origin
    """
    times = int(origin.max()) + 1 if times is None else times
    known = np.isfinite(error)
    bins, date = len(EDGES) - 1, origin[known]
    held = np.clip(error[known], EDGES[0], EDGES[-1])
    place = np.clip(np.searchsorted(EDGES, held, side="right") - 1, 0, bins - 1)
    count = np.maximum(np.bincount(date, minlength=times), 1)
    flat = np.bincount(date * bins + place, minlength=times * bins)
    mean = np.bincount(date, held, minlength=times) / count
    return flat.reshape(times, bins) / count[:, None], mean


def _distribution(share: FloatArray) -> FloatArray:
    """Distribution function at EDGES."""
    return np.concatenate([[0.0], np.cumsum(share)])


def _before(values: FloatArray) -> FloatArray:
    """Sums over all earlier times, with one more time at the end."""
    zero = np.zeros((1, *values.shape[1:]))
    return np.concatenate([zero, np.cumsum(values, axis=0)])
