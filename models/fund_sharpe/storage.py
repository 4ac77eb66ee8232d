"""A fitted fund-Sharpe forecaster as data, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from models.contract import State
from models.errors import ArtefactError, ConfigError, ModelError
from models.forecasters.network import NetworkForecaster
from models.forecasters.settings import network_config, training_config
from models.fund_sharpe.model import Fitted, FundSharpeModel
from models.fund_sharpe.serving import FundSharpeForecaster
from models.fund_sharpe.settings import FundSharpeConfig
from models.transforms.fund_state import Market


def to_state(forecaster: FundSharpeForecaster) -> State:
    """Settings, market, calibration; the networks as parts. Raises NotFittedError."""
    model = forecaster.model
    fitted = model.fitted
    market = {f"market.{name}": values for name, values in fitted.market.arrays().items()}
    return State(
        kind=FundSharpeModel.kind,
        config={"settings": asdict(model.config), "trained_until": forecaster.trained_until},
        arrays={
            "scale": fitted.scale,
            "error_quantiles": fitted.error_quantiles,
            "gain": fitted.gain,
            "ratios": fitted.ratios,
            **market,
        },
        parts={
            f"{cell}_{index}": network.state()
            for cell, networks in fitted.members.items()
            for index, network in enumerate(networks)
        },
    )


def from_state(state: State) -> FundSharpeForecaster:
    """Inverse of `to_state`. Raises ArtefactError when a part is missing or does not fit."""
    if state.kind != FundSharpeModel.kind:
        raise ArtefactError(f"expected a stored {FundSharpeModel.kind!r}, got {state.kind!r}")
    try:
        config = _settings(state.config["settings"])
        model = FundSharpeModel(config)
        model.restore(_fitted(state, config))
        return FundSharpeForecaster(model, str(state.config["trained_until"]))
    except (KeyError, TypeError, ConfigError, ModelError) as error:
        if isinstance(error, ArtefactError):
            raise
        raise ArtefactError(
            f"stored fund-Sharpe model is not complete: {error}; it is damaged or of another "
            "version, train it again"
        ) from error


def _fitted(state: State, config: FundSharpeConfig) -> Fitted:
    arrays = state.arrays
    return Fitted(
        members={
            cell: tuple(
                NetworkForecaster.from_state(state.parts[f"{cell}_{index}"])
                for index in range(config.members)
            )
            for cell in config.cells
        },
        scale=np.asarray(arrays["scale"]),
        error_quantiles=np.asarray(arrays["error_quantiles"]),
        gain=np.asarray(arrays["gain"]),
        market=Market(**{name: arrays[f"market.{name}"] for name in Market.__dataclass_fields__}),
        ratios=np.asarray(arrays["ratios"]),
    )


def _settings(stored: Mapping[str, Any]) -> FundSharpeConfig:
    """Settings from JSON, where tuples have become lists."""
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    plain["network"] = network_config(stored["network"])
    plain["training"] = training_config(stored["training"])
    return FundSharpeConfig(**plain)
