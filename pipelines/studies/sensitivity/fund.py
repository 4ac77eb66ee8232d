"""Questions about the forecast of one fund at the end of its panel.

Two of them. `own_returns` moves the fund's monthly returns and forecasts anew with the whole
model, reference and networks, as it is served; the market stays as it was. `network_inputs`
moves what the networks read, channels of the window and known features, and holds the
structural reference: it tells what the networks' correction rests on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from models.contract import FloatArray, Windows
from models.diagnostics.network_slopes import direct_slopes
from models.diagnostics.sensitivity import Inputs, Question
from models.errors import ConfigError, DataError
from models.forecasters.many_networks import average_correction
from models.forecasters.network import NetworkForecaster
from models.fund_sharpe import FundSharpeForecaster
from models.fund_sharpe.serving import fill_newest
from models.transforms.fund_windows import KNOWN, network_windows
from models.transforms.period_labels import steps_between
from pipelines.datasets.panel import ReturnsPanel


@dataclass(frozen=True)
class FundCase:
    """One fund at the newest period of its panel.

    excess  time: excess returns, the newest window filled as in serving
    ahead   periods from the end of the model's training
    """

    stored: FundSharpeForecaster
    fund: str
    periods: tuple[str, ...]
    excess: FloatArray
    ahead: int

    @classmethod
    def of(cls, stored: FundSharpeForecaster, panel: ReturnsPanel, fund: str | None = None) -> Self:
        """The fund of this name, or the first that can be forecast.

        Raises ConfigError for a name that is not there or data of another frequency, DataError
        when the fund cannot be forecast.
        """
        if panel.periods_per_year != stored.periods_per_year:
            raise ConfigError(
                f"the model is of {stored.periods_per_year} periods a year, the data of "
                f"{panel.periods_per_year}; give data of the same frequency"
            )
        ahead = steps_between(stored.trained_until, panel.periods[-1], panel.periods_per_year)
        row = _row(stored, panel, fund, ahead)
        filled, _ = fill_newest(panel.excess[[row]], stored.window)
        return cls(stored, panel.ids[row], panel.periods, filled[0], ahead)


def own_returns(case: FundCase) -> Question:
    """Every month's return, moved by one deviation of the fund's returns."""
    excess, stored = case.excess, case.stored
    seen = np.isfinite(excess)
    spread = np.where(seen, np.std(excess[seen], ddof=1), 0.0)
    free = np.full(len(excess), np.inf)

    def answer(rows: FloatArray) -> FloatArray:
        some = stored.forecast_some(rows, case.ahead)
        if some.reasons:
            row = min(some.reasons)
            raise DataError(f"{case.fund} with moved returns: {some.reasons[row]}")
        return some.forecast.mean

    # A month cannot lose more than all.
    low = np.full(len(excess), -1.0)
    groups = _years_back(len(excess), stored.periods_per_year, stored.model.config.lookback)
    everything = {"all returns": tuple(dict.fromkeys(groups))}
    inputs = Inputs(groups, case.periods, excess, spread, low, free)
    return Question(inputs, stored.leads, answer, bundles=everything, independent=True)


def network_inputs(case: FundCase) -> Question:
    """Every channel in every month of the window and every known feature, moved by one deviation
    of the training."""
    stored = case.stored
    model = stored.model
    networks = [one for cell in model.config.cells for one in model.fitted.members[cell]]
    window = _window(case)
    inputs = _network_inputs(case, networks, window)
    share = model.config.shrinkage

    def answer(rows: FloatArray) -> FloatArray:
        moved = _windows_of(rows, window)
        reference = np.asarray(moved.reference)
        return np.asarray(reference + share * average_correction(networks, moved))

    slopes = direct_slopes(networks, window)
    if slopes is None:
        return Question(inputs, stored.leads, answer)
    by_past, by_known = slopes
    by_channel = by_past.swapaxes(1, 2).reshape(len(stored.leads), -1)
    scale = share * np.asarray(window.scale)[0][:, None]
    slope = scale * np.concatenate([by_channel, by_known], axis=1)
    return Question(inputs, stored.leads, answer, slope)


def _row(stored: FundSharpeForecaster, panel: ReturnsPanel, fund: str | None, ahead: int) -> int:
    if fund is not None and fund not in panel.ids:
        raise ConfigError(
            f"--fund: no fund called {fund!r}; there are {len(panel.ids)}, such as {panel.ids[0]!r}"
        )
    some = stored.forecast_some(panel.excess, ahead)
    if fund is None and len(some.rows):
        return int(some.rows[0])
    row = 0 if fund is None else panel.ids.index(fund)
    if row in some.reasons:
        raise DataError(f"{panel.ids[row]} at {panel.periods[-1]}: {some.reasons[row]}")
    return row


def _years_back(count: int, year: int, lookback: int) -> tuple[str, ...]:
    """Name of the group of each period, oldest first: years of the window, and all earlier."""
    ages = (np.arange(count)[::-1] // year * year).tolist()
    names = {age: f"returns {age + 1} to {age + year} back" for age in range(0, lookback, year)}
    return tuple(names.get(age, "earlier returns") for age in ages)


def _window(case: FundCase) -> Windows:
    """What the networks read of the fund, one row, with reference and scale."""
    model = case.stored.model
    features = case.stored.features(case.excess[None], np.asarray(case.ahead))
    newest = features.times - 1
    rows = np.array([0]), np.array([newest])
    windows = network_windows(features, *rows, newest, model.config.lookback)
    scale = np.broadcast_to(model.fitted.scale, windows.target.shape)
    return windows.with_reference(np.asarray(windows.reference), scale)


def _network_inputs(case: FundCase, networks: list[NetworkForecaster], window: Windows) -> Inputs:
    """Channels one after the other, each oldest month first, then known features."""
    lookback, names = window.lookback, window.channel_names
    scalings = [network.network_and_scaling()[1] for network in networks]
    channel = np.mean([_deviation(one.channels.factor) for one in scalings], axis=0)
    known = np.mean([_deviation(one.known.factor[0]) for one in scalings], axis=0)
    value = np.concatenate([window.past()[0].T.ravel(), window.known[0, 0]]).astype(np.float64)
    steps = (*("" for _ in range(lookback)), *case.periods)[-lookback:]
    free = np.full(len(value), np.inf)
    return Inputs(
        (*(name for name in names for _ in range(lookback)), *_known_names()),
        (*(steps * len(names)), *("" for _ in KNOWN)),
        value,
        np.concatenate([np.repeat(channel, lookback), known]).astype(np.float64),
        -free,
        free,
    )


def _known_names() -> tuple[str, ...]:
    """A feature may have the name of a channel: they are different inputs."""
    return tuple(f"{name} now" for name in KNOWN)


def _windows_of(rows: FloatArray, window: Windows) -> Windows:
    """A window for every row of inputs, each a series of its own."""
    count, lookback, channels = len(rows), window.lookback, window.channels.shape[2]
    past = rows[:, : lookback * channels].reshape(count, channels, lookback).swapaxes(1, 2)
    leads = window.target.shape[1]
    known = np.repeat(rows[:, None, lookback * channels :], leads, axis=1)
    reference, scale = (
        np.repeat(np.asarray(part), count, axis=0) for part in (window.reference, window.scale)
    )
    return Windows(
        channels=np.ascontiguousarray(past, dtype=np.float32),
        history=np.full((count, lookback), np.nan),
        series=np.arange(count),
        origin=np.full(count, lookback - 1),
        known=known.astype(np.float32),
        target=np.full((count, leads), np.nan),
        leads=window.leads,
        horizons=window.horizons,
        lookback=lookback,
        channel_names=window.channel_names,
        known_names=window.known_names,
        reference=reference,
        scale=scale,
    )


def _deviation(factor: FloatArray) -> FloatArray:
    """One deviation of the training per unit of the input; zero for a constant column."""
    moving = factor > 0
    return np.where(moving, 1.0 / np.where(moving, factor, 1.0), 0.0)
