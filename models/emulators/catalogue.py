"""The table of rollout models: name -> how an unfitted one is made, and its stored form.

To add a model: one file, one line here; the tests of the table run every entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from models.backbones.catalogue import BACKBONES, WINDOWS_ONLY
from models.baselines.dmdc import DMDc
from models.baselines.polynomial_map import PolynomialMap
from models.baselines.state_persistence import StatePersistence
from models.contract import State
from models.emulators.rollout_ensemble import RolloutEnsemble
from models.errors import ArtefactError, ConfigError
from models.forecasters.coded_rollout import CodedRollout
from models.forecasters.coding_settings import CodingConfig
from models.forecasters.rollout import NetworkRollout
from models.forecasters.settings import MEMORYLESS, RolloutConfig, RolloutNetworkConfig
from models.rollouts import RolloutForecaster

Make = Callable[[RolloutConfig, int], RolloutForecaster]


def build(
    name: str,
    config: RolloutConfig | None = None,
    seed: int = 0,
    coding: CodingConfig | None = None,
) -> RolloutForecaster:
    """Make an unfitted model; what has no networks needs neither settings nor a seed.

    coding  for a model that forecasts in the code of an autoencoder of its own

    Raises ConfigError for an unknown name.
    """
    if coding is not None:
        own = replace(coding.autoencoder, seed=coding.autoencoder.seed + seed)
        return CodedRollout(build(name, config, seed), replace(coding, autoencoder=own))
    if name in WINDOWS_ONLY:
        RolloutNetworkConfig(cell=name)  # refuses it, and says why
    if name not in ROLLOUT_MODELS:
        raise ConfigError(f"no rollout model called {name!r}; known: {', '.join(ROLLOUT_MODELS)}")
    return ROLLOUT_MODELS[name](config or RolloutConfig(), seed)


def ensemble(names: tuple[str, ...], config: RolloutConfig, members: int) -> RolloutEnsemble:
    """`members` models of each name, from consecutive seeds."""
    first = config.training.seed
    return RolloutEnsemble(
        [
            (f"{name}_{seed}", build(name, config, seed))
            for seed in range(first, first + members)
            for name in names
        ]
    )


def restore(state: State) -> RolloutForecaster:
    """Make the fitted model that a state holds. Raises ArtefactError."""
    if state.kind == CodedRollout.kind:
        return CodedRollout.from_state(state, restore)
    if state.kind == RolloutEnsemble.kind:
        return RolloutEnsemble.from_state(state, restore)
    if state.kind not in _STORED:
        raise ArtefactError(
            f"stored rollout model of kind {state.kind!r}: not known here; known: "
            f"{', '.join(_STORED)}"
        )
    return _STORED[state.kind](state)


def _network(cell: str) -> Make:
    def make(config: RolloutConfig, seed: int) -> RolloutForecaster:
        network = replace(config.network, cell=cell)
        training = replace(config.training, seed=seed)
        return NetworkRollout(replace(config, network=network, training=training))

    return make


ROLLOUT_MODELS: dict[str, Make] = {
    **{name: _network(name) for name in BACKBONES if name not in WINDOWS_ONLY},
    "memoryless": _network(MEMORYLESS),
    "persistence": lambda _config, _seed: StatePersistence(),
    "dmdc": lambda _config, _seed: DMDc(),
    "polynomial": lambda _config, _seed: PolynomialMap(),
}

_STORED: dict[str, Callable[[State], RolloutForecaster]] = {
    "rollout": NetworkRollout.from_state,
    StatePersistence.kind: StatePersistence.from_state,
    DMDc.kind: DMDc.from_state,
    PolynomialMap.kind: PolynomialMap.from_state,
}
