"""Stored models whose networks have gates that shut, fitted in a moment."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from models.emulators import catalogue
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.fund_sharpe import FundSharpeForecaster
from tests.models.emulators import worlds
from tests.models.fund_sharpe.made import CUTOFF, label, make_case


@cache
def gated_funds() -> FundSharpeForecaster:
    model = make_case(ragged=False, cells=("gatelord", "gru"), members=1).model
    return FundSharpeForecaster(model, label(CUTOFF))


@cache
def gated_emulator() -> tuple[DensityEmulator, Drivers]:
    stored, weather = worlds.tiny_emulator()
    train, valid = worlds.split(worlds.rollouts(weather))
    training = replace(worlds.QUICK.training, epochs=2)
    config = replace(worlds.QUICK, training=training)
    ensemble = catalogue.ensemble(("gatelord", "gru"), config, 1).fit(train, valid)
    return replace(stored, ensemble=ensemble), weather
