"""The features of a panel at its newest time alone: what serving and batch jobs ask for.

The state is computed over the whole history, and all that rests on it only where the
forecast reads it, which is a twentieth of the work of `fund_features`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.contract import FloatArray
from models.transforms.fund_reference import Lead, reference_forecast
from models.transforms.fund_state import FundState, Market, fund_state
from models.transforms.fund_windows import KNOWN, FundFeatures, channels_of, known_of
from models.transforms.sharpe import rolling_sharpe


def newest_features(
    excess: FloatArray,
    leads: Sequence[Lead],
    window: int,
    periods_per_year: int,
    market: Market,
    ratios: FloatArray,
    lookback: int,
) -> FundFeatures:
    """Prepare a panel to be forecast at its last time.

    excess   series × time, decimal, NaN where missing
    market   time, or series × time where each series ends at a month of its own
    ratios   time × lead, or series × time × lead
    lookback times that a network reads

    The time axis of the result holds what is read: the last `lookback` times, or as many as
    the reference needs. `reference`, `spread` and `known` are filled at the last alone;
    `outcome` is NaN, since all lies ahead.
    """
    whole = fund_state(excess, np.zeros(excess.shape[1]), window, periods_per_year, market)
    kept = max(lookback, window, max(lead.known for lead in leads))
    state = whole.newest(kept)
    ratios = ratios[..., -state.excess.shape[1] :, :]
    reference, spread = reference_forecast(state, leads, ratios, recent=1)
    known = np.zeros((*state.excess.shape, len(KNOWN)), dtype=np.float32)
    known[:, -1] = _known(whole)
    outcome = np.broadcast_to(np.nan, reference.shape)
    return FundFeatures(
        state, tuple(leads), reference, spread, outcome, channels_of(state), known, ratios
    )


def _known(state: FundState) -> FloatArray:
    """Known features of the last time, series × feature."""
    seen = np.isfinite(state.sharpe)
    count = seen.sum(axis=1)
    total = np.where(seen, state.sharpe, 0.0).sum(axis=1)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    span = 3 * state.window
    long = rolling_sharpe(state.excess[:, -span:], span, state.periods_per_year)[:, -1:]
    return known_of(state.newest(1), mean[:, None], long)[:, 0]
