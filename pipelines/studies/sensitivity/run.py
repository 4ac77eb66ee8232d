"""The studies of both jobs, from a stored model and its data to sections of a page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.contract import FloatArray
from models.emulators.driver_hours import HALF_WINDOW, HISTORY_DAYS, hourly_drivers
from models.emulators.driver_weather import SpaceWeather
from models.emulators.emulator import DensityEmulator
from models.errors import ConfigError
from models.fund_sharpe import FundSharpeForecaster
from pipelines.datasets.panel import ReturnsPanel
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.moments import read_moment
from pipelines.orbit.stored_emulator import true_past
from pipelines.studies.sensitivity.density import density_inputs
from pipelines.studies.sensitivity.density_layout import DensityCase, check_leads
from pipelines.studies.sensitivity.fund import FundCase, network_inputs, own_returns
from pipelines.studies.sensitivity.page import About
from pipelines.studies.sensitivity.section import Section, ask
from pipelines.studies.sensitivity.words import driver_words, lead_words, network_words

_HOUR, _DAY = np.timedelta64(1, "h"), np.timedelta64(1, "D")
_QUESTION = "Which inputs move this forecast, by how much, and how sure is that of small errors?"
Study = tuple[list[Section], About]


def fund_study(
    stored: FundSharpeForecaster,
    panel: ReturnsPanel,
    fund: str | None,
    at: str | None,
    lead: str | None,
    size: float,
) -> Study:
    """One fund at the newest period, or at the period `at`, with nothing later read.

    Raises ConfigError for a fund, period or lead that is not there, DataError when the fund
    cannot be forecast.
    """
    place = _place(lead, stored.leads, "--lead")
    if at is not None:
        panel = panel.until(_place(at, panel.periods, "--at") + 1)
    case = FundCase.of(stored, panel, fund)
    returns = ask(
        own_returns(case),
        "own_returns",
        "The fund's own returns",
        "Every month's return is moved by one standard deviation of the fund's returns, alone and "
        "with others, and the whole model, reference and networks, forecasts anew. The market is "
        "held. Months are counted back from the newest.",
        size=size,
        lead=place,
        newest=stored.model.config.lookback,
        words=lead_words(stored.leads, stored.window),
    )
    networks = ask(
        network_inputs(case),
        "network_inputs",
        "What the networks read",
        "Channels of the window and known features (now) are moved by one standard deviation of "
        "the training. The structural reference is held: this is what the networks' correction "
        "rests on.",
        size=size,
        lead=place,
        words=network_words(stored.window),
    )
    facts = {
        "fund": case.fund,
        "forecast from": case.periods[-1],
        stored.leads[place]: f"{returns.found.base[place]:.3f}",
        "trained until": stored.trained_until,
    }
    title = f"What moves the forecast of {case.fund}?"
    return [returns, networks], About(title, _QUESTION, facts)


def density_study(
    emulator: DensityEmulator,
    start: str,
    hours: Sequence[int],
    place: tuple[float, float, float],
    lead: int | None,
    size: float,
    span: tuple[str, str] | None = None,
) -> Study:
    """Density at one place in the hours after `start`, with observed drivers.

    hours   after the start; without any, every 24 of one rollout
    place   latitude, longitude, height
    span    first and last hour of the emulator's training

    Raises ConfigError for hours that no rollout has, DataError without space weather.
    """
    first = read_moment(start, "--start", "h")
    leads = tuple(hours) or tuple(range(24, emulator.horizon, 24)) or (emulator.horizon - 1,)
    shown = 0 if lead is None else _place(str(lead), [str(one) for one in leads], "--lead")
    check_leads(emulator, leads)
    weather = open_space_weather()
    last = first + max(leads) * _HOUR
    drivers = hourly_drivers(weather, first - emulator.lookback * _HOUR, last)
    past = true_past(emulator, drivers, first)
    spread = driver_spread(weather, span)
    case = DensityCase(emulator, first, drivers, past, spread, leads, *place)
    begins = "the drivers alone" if past is None else "the true state of the hours before"
    section = ask(
        density_inputs(case),
        "drivers",
        "Drivers" if past is None else "Drivers and the state before the start",
        "Drivers, as the emulator reads them, are moved by one standard deviation of its training "
        f"in every three hours, before and after the start. The forecast starts from {begins}.",
        size=size,
        lead=shown,
        percent=True,
        words=driver_words(),
    )
    latitude, longitude, height = place
    facts = {
        "forecast from": f"{first}:00 UTC",
        "place": f"{latitude:g}° N, {longitude:g}° E, {height:g} km",
        f"kg/m3 at {case.names[shown]}": f"{10 ** section.found.base[shown]:.3g}",
        "emulates": emulator.label,
    }
    return [section], About("What moves this forecast of density?", _QUESTION, facts)


def driver_spread(weather: SpaceWeather, span: tuple[str, str] | None) -> FloatArray:
    """Standard deviation of each driver over the hours of a span, or of the whole table where it
    has none of them."""
    known = weather.last_f107, weather.last_kp_end
    end = min(one.astype("datetime64[D]") for one in known if one is not None)
    low, high = weather.days[0] + HISTORY_DAYS * _DAY, end - (HALF_WINDOW + 1) * _DAY
    if span is not None:
        first, last = (np.datetime64(text, "D") for text in span)
        if max(first, low) < min(last, high):
            low, high = max(first, low), min(last, high)
    return np.asarray(hourly_drivers(weather, low, high).values.std(axis=0))


def _place(name: str | None, known: Sequence[str], option: str) -> int:
    if name is None:
        return 0
    if name not in known:
        shown = ", ".join(known) if len(known) <= 12 else f"{known[0]} to {known[-1]}"
        some = "one of " if len(known) > 1 else ""
        raise ConfigError(f"{option}: expected {some}{shown}, got {name!r}")
    return list(known).index(name)
