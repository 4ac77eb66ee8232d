"""What could drift in densities that satellites measured, as channels: one number per month.

A measurement is held against NRLMSIS 2.1 at its point, less what that model misses at the
flux of the time, as far as the reference knows. What all satellites show is the atmosphere or
the model; what one of them shows alone, against the others, is its sensor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.errors import DataError
from pipelines.monitoring.blocks import trailing_mean
from pipelines.monitoring.channels import Channel

#: Measurements that a month of a satellite needs, and log differences nobody would act upon.
FEWEST, _FLOOR = 3, 0.02
#: Times as far from the rest as so many of its quartiles are outliers.
_FENCE = 3.0
_LEVEL_JUMP = ("level", "jump")


@dataclass(frozen=True)
class DatedErrors:
    """Log of measured over modelled density, and what tells the model's own errors.

    time       row: datetime64, ascending
    satellite  row
    error      row: natural logarithm of measured density over the model's
    flux       row: mean F10.7 of the 81 days before, solar flux units
    """

    time: npt.NDArray[np.datetime64]
    satellite: npt.NDArray[np.str_]
    error: FloatArray
    flux: FloatArray

    @property
    def month(self) -> npt.NDArray[np.int64]:
        """Month of each row, counted from the first."""
        months = self.time.astype("datetime64[M]").astype(np.int64)
        return np.asarray(months - months.min())

    @property
    def labels(self) -> tuple[str, ...]:
        """Every month from the first to the last."""
        first, last = (self.time[i].astype("datetime64[M]") for i in (0, -1))
        return tuple(str(m) for m in np.arange(first, last + np.timedelta64(1, "M")))


def satellite_channels(dated: DatedErrors, recent: int) -> tuple[Channel, ...]:
    """All channels, whose newest `recent` months are judged.

    Raises DataError without measurements before those.
    """
    month = dated.month
    before = month < month.max() + 1 - recent
    if before.sum() < FEWEST:
        raise DataError(
            f"drift: {int(before.sum())} measurements before the newest {recent} months, expected "
            f"{FEWEST} at least; give a longer file or fewer recent months"
        )
    error = dated.error - flux_fit(dated.error, dated.flux, before)
    error = np.where(np.abs(error - np.median(error)) > _fence(error[before]), np.nan, error)
    names = sorted(set(dated.satellite.tolist()))
    count = int(month.max()) + 1
    monthly = {name: _monthly(error, month, dated.satellite == name, count) for name in names}
    everyone = np.stack(list(monthly.values()))
    channels = [_channel("density of all satellites", _mean(everyone), recent, "")]
    if len(names) == 1:
        return tuple(channels)
    for place, name in enumerate(names):
        others = _mean(np.delete(everyone, place, axis=0))
        apart = everyone[place] - others
        # Of a satellite that no longer measures nothing can be said.
        if np.isfinite(apart[-recent:]).any():
            channels.append(_channel("density against the other satellites", apart, recent, name))
    return tuple(channels)


def flux_fit(error: FloatArray, flux: FloatArray, use: npt.NDArray[np.bool_]) -> FloatArray:
    """What the model misses at each flux, fitted on the rows to use (see satellites.md)."""
    phi = np.column_stack([np.ones(len(flux)), (100.0 / flux) ** 4, np.log(flux / 100.0)])
    penalty = np.diag([0.0, 1.0, 1.0])
    left = phi[use].T @ phi[use] + penalty
    return np.asarray(phi @ np.linalg.solve(left, phi[use].T @ error[use]))


def _fence(error: FloatArray) -> float:
    low, high = np.quantile(error, [0.25, 0.75])
    return _FENCE * float(high - low)


def _channel(name: str, values: FloatArray, recent: int, where: str) -> Channel:
    tests = ("level", "jump", "ks", "psi") if not where else _LEVEL_JUMP
    return Channel(name, trailing_mean(values, recent), values, "log", _FLOOR, where, tests)


def _monthly(
    error: FloatArray,
    month: npt.NDArray[np.int64],
    own: npt.NDArray[np.bool_],
    count: int,
) -> FloatArray:
    """Mean of one satellite's months; NaN with fewer than FEWEST measurements."""
    use = own & np.isfinite(error)
    number = np.bincount(month[use], minlength=count)
    total = np.bincount(month[use], weights=error[use], minlength=count)
    return np.where(number >= FEWEST, total / np.maximum(number, 1), np.nan)


def _mean(rows: FloatArray) -> FloatArray:
    """Mean over the satellites of each month; NaN without any."""
    seen = np.isfinite(rows)
    total = np.where(seen, rows, 0.0).sum(axis=0)
    return np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan)
