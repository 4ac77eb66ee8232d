"""What networks read of a panel: each series in units of its own seasonal change.

The reference is the pool's forecast, the scale is the mean absolute seasonal difference so
far (so that the loss is close to MASE), and both are what they were at the row's origin.
Seasonal inputs are the difference to the same season before, and for every lead the value
of its season one and two cycles ago. Nothing tells the calendar time: it would let the
network learn what happened to all series in one year and expect it again.
"""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray, IntArray, Windows
from models.monthly.pool import Pooled

#: Inputs are held within so many scales, targets within TARGET_LIMIT of the reference.
INPUT_LIMIT = 6.0
TARGET_LIMIT = 20.0
CHANNELS = ("surprise", "late_surprise", "seasonal_difference", "above_usual", "known")
KNOWN = ("reference", "season_1", "season_2", "last", "length", "roughness")


def causal_scale(values: FloatArray, season: int) -> FloatArray:
    """Mean absolute seasonal difference up to each time, series × time, positive.

    Where it is not known or zero, that of single steps; one where that is too.
    """
    seasonal, single = (_running_mean(_differences(values, lag)) for lag in (season, 1))
    found = np.where(seasonal > 0, seasonal, single)
    return np.where(found > 0, found, 1.0)


def usual_level(values: FloatArray, season: int) -> FloatArray:
    """Mean of the newest season's known values at each time, series × time; zero without."""
    known = np.isfinite(values)
    total, count = (
        _moving_sum(part, season) for part in (np.where(known, values, 0.0), known.astype(float))
    )
    return np.where(count > 0, total / np.maximum(count, 1.0), 0.0)


def panel_windows(
    values: FloatArray,
    pooled: Pooled,
    season: int,
    lookback: int,
    series: IntArray,
    origin: IntArray,
) -> Windows:
    """Make the rows (series, origin) into windows; outcomes after the newest time are NaN.

    values   series × time, right-aligned; origins index its time axis
    """
    horizon = pooled.forecasts.shape[2]
    scale, usual = causal_scale(values, season), usual_level(values, season)
    channels = _channels(values, pooled, season, scale, usual)
    # Room before the beginning, so that the first origins have a whole look-back.
    room = ((0, 0), (lookback, 0))
    history = np.pad(values, room, constant_values=np.nan)
    reference = pooled.at(series, origin)
    row_scale = np.repeat(scale[series, origin][:, None], horizon, axis=1)
    target = _ahead(values, series, origin, horizon)
    limit = TARGET_LIMIT * row_scale
    return Windows(
        channels=np.pad(channels, (*room, (0, 0))),
        history=history,
        series=series.astype(np.int64),
        origin=(origin + lookback).astype(np.int64),
        known=_known(values, season, series, origin, reference, row_scale, usual),
        target=np.clip(target, reference - limit, reference + limit),
        leads=tuple(f"step_{step}" for step in range(1, horizon + 1)),
        horizons=tuple(range(1, horizon + 1)),
        lookback=lookback,
        channel_names=CHANNELS,
        known_names=KNOWN,
        reference=reference,
        scale=row_scale,
    )


def _channels(
    values: FloatArray, pooled: Pooled, season: int, scale: FloatArray, usual: FloatArray
) -> FloatArray:
    """What the recurrent layers read, series × time × channel, zero where nothing is known."""
    horizon = pooled.forecasts.shape[2]
    parts = [
        _surprise(values, pooled, 1),
        _surprise(values, pooled, horizon),
        values - _shifted(values, season),
        values - usual,
    ]
    scaled = [np.clip(np.nan_to_num(part / scale), -INPUT_LIMIT, INPUT_LIMIT) for part in parts]
    return np.stack([*scaled, np.isfinite(values).astype(float)], axis=2).astype(np.float32)


def _surprise(values: FloatArray, pooled: Pooled, lead: int) -> FloatArray:
    """What came less what the pool had said `lead` steps before, series × time."""
    out = np.full(values.shape, np.nan)
    start = pooled.first + lead
    said = pooled.forecasts[: max(values.shape[1] - start, 0), :, lead - 1]
    out[:, start:] = values[:, start:] - said.T
    return out


def _known(
    values: FloatArray,
    season: int,
    series: IntArray,
    origin: IntArray,
    reference: FloatArray,
    scale: FloatArray,
    usual: FloatArray,
) -> FloatArray:
    """What is known of each lead at the origin, row × lead × feature."""
    horizon = reference.shape[1]
    level = usual[series, origin][:, None]
    before = [_season_before(values, season, series, origin, horizon, back) for back in (1, 2)]
    last = values[series, origin][:, None]
    relative = [reference - level, *(past - reference for past in before), last - reference]
    inputs = [np.clip(np.nan_to_num(part / scale), -INPUT_LIMIT, INPUT_LIMIT) for part in relative]
    length = np.isfinite(values).cumsum(axis=1)[series, origin][:, None]
    rough = np.log(scale / np.maximum(np.abs(level), 1e-9))
    constant = [np.log1p(length) + 0 * scale, np.clip(rough, -INPUT_LIMIT, 2.0)]
    return np.stack([*inputs, *constant], axis=2).astype(np.float32)


def _season_before(
    values: FloatArray, season: int, series: IntArray, origin: IntArray, horizon: int, back: int
) -> FloatArray:
    """Value of the season of each lead, `back` cycles before the newest known, row × lead."""
    steps = np.arange(1, horizon + 1)
    time = origin[:, None] + steps - season * (-(-steps // season) + back - 1)
    found = values[series[:, None], np.maximum(time, 0)]
    return np.where(time >= 0, found, np.nan)


def _ahead(values: FloatArray, series: IntArray, origin: IntArray, horizon: int) -> FloatArray:
    after = np.pad(values, ((0, 0), (0, horizon)), constant_values=np.nan)
    return np.asarray(after[series[:, None], origin[:, None] + np.arange(1, horizon + 1)])


def _shifted(values: FloatArray, lag: int) -> FloatArray:
    """Values `lag` steps earlier, NaN before the beginning."""
    padded = np.pad(values, ((0, 0), (lag, 0)), constant_values=np.nan)
    return padded[:, : values.shape[1]]


def _differences(values: FloatArray, lag: int) -> FloatArray:
    return np.abs(values - _shifted(values, lag))


def _running_mean(values: FloatArray) -> FloatArray:
    """Mean of the known values up to each time; NaN before the first."""
    known = np.isfinite(values)
    count = known.cumsum(axis=1)
    total = np.where(known, values, 0.0).cumsum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _moving_sum(values: FloatArray, length: int) -> FloatArray:
    total = np.pad(values.cumsum(axis=1), ((0, 0), (length, 0)))
    return np.asarray(total[:, length:] - total[:, : values.shape[1]])
