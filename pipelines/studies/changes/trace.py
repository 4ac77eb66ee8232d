"""The gates of a stored model's networks over the newest windows of funds, or over some hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from models.contract import FloatArray, Windows
from models.diagnostics.gate_trace import GateTrace, gate_trace, has_gates
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.features import features
from models.errors import ConfigError, DataError
from models.forecasters.batches import BatchSource
from models.forecasters.network import NetworkForecaster
from models.forecasters.rollout import NetworkRollout
from models.fund_sharpe import FundSharpeForecaster
from models.rollouts import Rollouts
from models.transforms.fund_windows import network_windows
from pipelines.datasets.panel import ReturnsPanel

_HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True)
class Changes:
    """How far gates were open.

    rows        names of the series; one, empty, where there are none
    steps       labels of the months or hours, oldest first
    networks    name of a network -> its gates, row × step
    beside      what happened meanwhile, step, and what that is
    ahead       of the steps, the newest, those that are forecast
    """

    rows: tuple[str, ...]
    steps: tuple[str, ...]
    networks: Mapping[str, GateTrace]
    beside: FloatArray
    beside_label: str
    ahead: int = 0

    @property
    def open_share(self) -> FloatArray:
        """Share of gates that are open, row × step: the mean over networks."""
        return np.asarray(np.mean([one.open_share for one in self.networks.values()], axis=0))

    def table(self) -> dict[str, list[Any]]:
        """One line per row and step: in how many networks the state changed, by how many gates."""
        changed = np.sum([one.changed for one in self.networks.values()], axis=0)
        return {
            "series": [name for name in self.rows for _ in self.steps],
            "step": list(self.steps) * len(self.rows),
            "networks_changed": changed.ravel().tolist(),
            "open_share": self.open_share.ravel().round(4).tolist(),
        }


def fund_changes(stored: FundSharpeForecaster, panel: ReturnsPanel) -> Changes:
    """Every fund's newest window of months.

    Raises ConfigError for a model without such gates or for other periods, DataError when no
    fund can be forecast at the newest one.
    """
    gated = _gated_networks(stored)
    _require(gated)
    windows = _newest_windows(stored, panel)
    steps = min(len(panel.periods), windows.lookback)
    size = np.abs(panel.excess[windows.series, -steps:])
    counts = np.maximum(np.isfinite(size).sum(axis=0), 1)
    return Changes(
        tuple(panel.ids[index] for index in windows.series),
        tuple(panel.periods[-steps:]),
        {name: _of_fund(one, windows, steps) for name, one in gated.items()},
        np.asarray(np.nansum(size, axis=0) / counts),
        "mean size of excess returns",
    )


def density_changes(
    stored: DensityEmulator, drivers: Drivers, first: np.datetime64, last: np.datetime64
) -> Changes:
    """The hours from `first` to `last`, forecast from the drivers alone, and those read before.

    Raises ConfigError for an emulator without such gates, or for more hours than its rollouts
    have; ModelError when the drivers do not cover them.
    """
    members = {
        name: member
        for name, member in stored.ensemble.members
        if isinstance(member, NetworkRollout) and has_gates(member.network)
    }
    _require(members)
    read = drivers.between(first - stored.lookback * _HOUR, last)
    ahead = len(read) - stored.lookback
    if not 1 <= ahead <= stored.horizon:
        raise ConfigError(
            f"expected 1 to {stored.horizon} hours, as the emulator's rollouts have, got {ahead} "
            f"from {first} to {last}"
        )
    row = Rollouts(
        features(read, stored.feature_set),
        np.full((len(read), stored.components.rank), np.nan, dtype=np.float32),
        np.array([stored.lookback - 1]),
        stored.lookback,
        ahead,
        np.zeros(1, dtype=bool),
        np.ones(1),
    )
    return Changes(
        ("",),
        tuple(str(hour) for hour in read.times),
        {name: _of_member(member, row) for name, member in members.items()},
        read.column("kp"),
        "Kp",
        ahead,
    )


def _gated_networks(stored: FundSharpeForecaster) -> dict[str, NetworkForecaster]:
    networks = {
        f"{cell} {place}": network
        for cell, members in stored.model.fitted.members.items()
        for place, network in enumerate(members)
    }
    return {name: one for name, one in networks.items() if has_gates(one.network_and_scaling()[0])}


def _newest_windows(stored: FundSharpeForecaster, panel: ReturnsPanel) -> Windows:
    """Of all funds that can be forecast at the newest period."""
    config = stored.model.config
    if panel.periods_per_year != config.periods_per_year:
        raise ConfigError(
            f"the model is of {config.periods_per_year} periods a year, the data of "
            f"{panel.periods_per_year}; give data of the same frequency"
        )
    prepared = stored.model.features(panel.excess, panel.risk_free)
    newest = prepared.times - 1
    series, origin = prepared.rows(np.array([newest]), stored.min_history)
    if not len(series):
        raise DataError(
            f"no fund has {stored.min_history} periods of history at {panel.periods[-1]}, the "
            "newest; give longer data"
        )
    return network_windows(prepared, series, origin, newest, config.lookback)


def _require(found: Mapping[str, object]) -> None:
    if not found:
        raise ConfigError(
            "no network of this model has gates that shut; train one with network.cell=gatelord"
        )


def _of_fund(network: NetworkForecaster, windows: Windows, steps: int) -> GateTrace:
    """Without the steps in front of the panel's first."""
    module, scaling = network.network_and_scaling()
    past = BatchSource(windows, scaling).batch(torch.arange(len(windows))).past
    trace = gate_trace(module, lambda: module.backbone(past))
    return GateTrace(trace.opening[:, -steps:])


def _of_member(member: NetworkRollout, row: Rollouts) -> GateTrace:
    return gate_trace(member.network, lambda: member.predict(row))
