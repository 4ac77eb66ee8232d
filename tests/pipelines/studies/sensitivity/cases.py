"""A fund and an epoch with small models, fitted in a moment."""

from __future__ import annotations

from functools import cache

import numpy as np

from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from pipelines.datasets.panel import ReturnsPanel
from pipelines.studies.sensitivity.density_layout import DensityCase
from pipelines.studies.sensitivity.fund import FundCase
from tests.models.emulators import worlds
from tests.models.fund_sharpe.made import FUNDS, TIMES, forecaster, label, make_case

FIRST = worlds.START + np.timedelta64(100, "h")


@cache
def emulator() -> tuple[DensityEmulator, Drivers]:
    return worlds.tiny_emulator()


@cache
def panel() -> ReturnsPanel:
    case = make_case(ragged=False)
    ids = tuple(f"fund {row}" for row in range(FUNDS))
    periods = tuple(label(time) for time in range(TIMES))
    return ReturnsPanel(ids, periods, case.excess + case.bill, case.bill, 12)


def fund_case(fund: str = "fund 3") -> FundCase:
    return FundCase.of(forecaster(), panel(), fund)


def density_case(known: bool = True) -> DensityCase:
    stored, weather = emulator()
    lookback = stored.lookback
    last = FIRST + np.timedelta64(worlds.HORIZON - 1, "h")
    drivers = weather.between(FIRST - np.timedelta64(lookback, "h"), last)
    past = None
    if known:
        fields = worlds.fields_of(worlds.state_of(weather))
        past = stored.components.project(fields)[100 - lookback : 100]
    spread = weather.values.std(axis=0)
    return DensityCase(stored, FIRST, drivers, past, spread, (0, 11, 23), 10.0, 20.0, 300.0)
