"""What could drift in a panel of fund returns, as channels: one number per period.

Each fund is measured by its own usual size of return, and by how much it usually moves with
all funds, both of the reference; so a panel whose funds come and go is not taken for one
that changed.
"""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray
from models.errors import DataError
from pipelines.datasets.panel import ReturnsPanel
from pipelines.monitoring.blocks import trailing_mean
from pipelines.monitoring.channels import Channel

#: Returns in the reference that a fund needs to have a usual size.
ENOUGH = 24
#: Funds that a period needs to have a spread, a stretch to have a correlation.
FEWEST = 5
#: Differences nobody would act upon: 5 % of a volatility, a tenth of a standard deviation of a
#: return, 0.03 of Fisher's z, 2 points of a share, 5 % of the number of funds.
_LOG, _RETURN, _CORRELATION, _SHARE, _COUNT = 0.05, 0.05, 0.03, 0.02, 0.05


def fund_channels(panel: ReturnsPanel, recent: int) -> tuple[Channel, ...]:
    """All channels of a panel whose newest `recent` periods are judged.

    Raises DataError when fewer than FEWEST funds have ENOUGH returns before those.
    """
    moves = standard_moves(panel.excess, recent)
    market = _mean(moves)
    own = moves - _beta(moves, market, recent)[:, None] * market
    size = np.log(np.maximum(_mean(np.abs(moves)), 1e-9))
    spread = np.log(np.maximum(_mean(np.abs(own)), 1e-9))
    return (
        _of_points("mean return", market, recent, "standard deviations", _RETURN),
        _of_points("volatility", size, recent, "log", _LOG),
        _of_points("dispersion", spread, recent, "log", _LOG),
        Channel(
            "correlation", correlation(moves, recent), None, "Fisher z", _CORRELATION, "", _FEW
        ),
        Channel("persistence", persistence(own, recent), None, "log", 2 * _LOG, "", _FEW),
        *_counts(panel, recent),
    )


#: Of channels that only stretches have.
_FEW = ("level", "jump")


def standard_moves(excess: FloatArray, recent: int) -> FloatArray:
    """Excess returns over each fund's usual size, fund × time, of funds with a history."""
    before = excess[:, : excess.shape[1] - recent]
    usable = np.isfinite(before).sum(axis=1) >= ENOUGH
    size = np.sqrt(np.nanmean(before[usable] ** 2, axis=1)) if usable.any() else np.empty(0)
    kept = np.flatnonzero(usable)[size > 1e-8]
    if len(kept) < FEWEST:
        raise DataError(
            f"drift: expected at least {FEWEST} funds with {ENOUGH} returns before the newest "
            f"{recent} periods, got {len(kept)}; give a longer panel or fewer recent periods"
        )
    return np.asarray(excess[kept] / size[size > 1e-8][:, None])


def correlation(moves: FloatArray, length: int) -> FloatArray:
    """Mean correlation of two funds over each stretch, as Fisher's z, time.

    From the variance of the mean of the n standardised funds that have all returns of the
    stretch: (n var - 1) / (n - 1).
    """
    found = np.full(moves.shape[1], np.nan)
    for end in range(length, moves.shape[1] + 1):
        part = moves[:, end - length : end]
        part = part[np.isfinite(part).all(axis=1)]
        part = part - part.mean(axis=1, keepdims=True)
        size = part.std(axis=1)
        part, n = part[size > 0] / size[size > 0][:, None], int((size > 0).sum())
        if n >= FEWEST:
            mean = (n * float(part.mean(axis=0).var()) - 1.0) / (n - 1.0)
            found[end - 1] = np.arctanh(np.clip(mean, -0.99, 0.99))
    return found


def persistence(own: FloatArray, length: int) -> FloatArray:
    """Log of how far funds drift apart over a stretch against what their months make of it.

    Zero where the own moves of a fund's months are independent; above where some funds do
    better than others month after month, or returns are smoothed.
    """
    found = np.full(own.shape[1], np.nan)
    for end in range(length, own.shape[1] + 1):
        part = own[:, end - length : end]
        part = part[np.isfinite(part).all(axis=1)]
        size = part.std(axis=1, ddof=1) if length > 1 else np.zeros(len(part))
        if (size > 0).sum() >= FEWEST:
            ratio = part[size > 0].mean(axis=1) / size[size > 0]
            found[end - 1] = 0.5 * np.log(max(float(length * np.mean(ratio**2)), 1e-9))
    return found


def _of_points(name: str, values: FloatArray, length: int, unit: str, floor: float) -> Channel:
    return Channel(name, trailing_mean(values, length), values, unit, floor)


def _counts(panel: ReturnsPanel, length: int) -> tuple[Channel, Channel]:
    """Share of returns missing within the funds' lives, and growth of the number of funds."""
    seen = np.isfinite(panel.returns)
    begun = np.cumsum(seen, axis=1) > 0
    alive = begun & (np.cumsum(seen[:, ::-1], axis=1)[:, ::-1] > 0)
    number = alive.sum(axis=0)
    gaps = np.where(number > 0, (alive & ~seen).sum(axis=0) / np.maximum(number, 1), np.nan)
    size = np.log(np.maximum(seen.sum(axis=0), 1))
    growth = np.full(len(size), np.nan)
    growth[length:] = size[length:] - size[:-length]
    return (
        Channel("missing returns", trailing_mean(gaps, length), None, "share", _SHARE, "", _LEVEL),
        Channel("number of funds", growth, None, "log growth", _COUNT, "", _LEVEL),
    )


_LEVEL = ("level",)


def _mean(values: FloatArray) -> FloatArray:
    """Mean over the funds of each period; NaN with fewer than FEWEST."""
    seen = np.isfinite(values)
    count = seen.sum(axis=0)
    total = np.where(seen, values, 0.0).sum(axis=0)
    return np.where(count >= FEWEST, total / np.maximum(count, 1), np.nan)


def _beta(moves: FloatArray, market: FloatArray, recent: int) -> FloatArray:
    """How much each fund moves with all, in the reference, fund."""
    stop = moves.shape[1] - recent
    both = np.isfinite(moves[:, :stop]) & np.isfinite(market[:stop])
    own = np.where(both, moves[:, :stop], 0.0)
    all_ = np.where(both, np.nan_to_num(market[:stop]), 0.0)
    return np.asarray((own * all_).sum(axis=1) / np.maximum((all_**2).sum(axis=1), 1e-12))
