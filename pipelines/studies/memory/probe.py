"""The networks of a stored model through the memory probe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from models.backbones.base import Backbone
from models.diagnostics.memory_probe import MemoryCurve, memory_curve
from models.emulators.emulator import DensityEmulator
from models.errors import ConfigError
from models.forecasters.rollout import NetworkRollout
from models.fund_sharpe import FundSharpeForecaster


@dataclass(frozen=True)
class Probed:
    """One network: its name, the steps of its window, and what it remembers of them."""

    name: str
    window: int
    curve: MemoryCurve

    def to_json(self) -> dict[str, Any]:
        return {
            "network": self.name,
            "window": self.window,
            "reach": self.curve.reach(),
            "capacity": [round(float(one), 3) for one in self.curve.capacity],
            "explained": [[round(float(x), 4) for x in row] for row in self.curve.explained],
        }


def probe_fund(stored: FundSharpeForecaster, lags: int | None = None) -> Iterator[Probed]:
    """Every network of a fund model; lags by default one and a half windows of months."""
    window = stored.model.config.lookback
    for cell, networks in stored.model.fitted.members.items():
        for place, network in enumerate(networks):
            module, _ = network.network_and_scaling()
            channels = int(network.state().config["shape"]["channels"])
            yield _probed(f"{cell} {place}", module.backbone, channels, window, lags)


def probe_density(stored: DensityEmulator, lags: int | None = None) -> Iterator[Probed]:
    """Every recurrent network of an emulator; lags by default one and a half windows of hours.

    Raises ConfigError when it has none.
    """
    found = 0
    for name, member in stored.ensemble.members:
        network = member.network if isinstance(member, NetworkRollout) else None
        if network is None or network.backbone is None:
            continue
        found += 1
        yield _probed(name, network.backbone, network.channels, stored.lookback, lags)
    if not found:
        raise ConfigError("memory: this emulator has no network that carries a state")


def _probed(name: str, backbone: Backbone, channels: int, window: int, lags: int | None) -> Probed:
    asked = lags or window + window // 2

    def encode(inputs: torch.Tensor) -> torch.Tensor:
        return backbone.states(inputs)[:, -1]

    curve = memory_curve(encode, channels, asked, steps=2 * asked, rows=2048)
    return Probed(name, window, curve)
