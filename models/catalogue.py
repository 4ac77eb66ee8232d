"""The one table of models: name -> class of its settings, class of the model.

The name is also the `kind` of the stored form, so that `restore` finds the class. To add
a model: one file, one line here; the contract tests run every entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Literal

from models import baselines
from models.backbones.catalogue import BACKBONES
from models.contract import Forecaster, State
from models.ensembles import Ensemble, Member
from models.errors import ArtefactError, ConfigError
from models.forecasters.network import NetworkForecaster
from models.forecasters.settings import RecurrentConfig
from models.transforms.conformal import Calibrated


@dataclass(frozen=True)
class EnsembleConfig:
    """An ensemble of entries of the catalogue.

    members      names; networks among them take `recurrent`, the others their defaults
    seeds        networks of each name, from consecutive seeds
    bag_length   dates in a bootstrapped block for all but the first seed; 0 for all rows
    weighting    equal, inverse_error or stacked
    combination  quantile_average or linear_pool
    """

    members: tuple[str, ...] = ("lstm", "gru")
    seeds: int = 1
    bag_length: int = 0
    weighting: Literal["equal", "inverse_error", "stacked"] = "equal"
    combination: Literal["quantile_average", "linear_pool"] = "quantile_average"
    recurrent: RecurrentConfig = field(default_factory=RecurrentConfig)


@dataclass(frozen=True)
class CalibratedConfig:
    """An ensemble whose intervals are calibrated on the validation rows."""

    ensemble: EnsembleConfig = field(default_factory=EnsembleConfig)


@dataclass(frozen=True)
class Entry:
    """A row of the table.

    config  dataclass of the settings, all with defaults
    model   class that restores the stored form
    make    settings -> unfitted model
    """

    config: type[Any]
    model: type[Forecaster]
    make: Callable[[Any], Forecaster]


def build(name: str, config: object | None = None) -> Forecaster:
    """Make an unfitted model; without settings, the default one.

    Raises ConfigError for an unknown name or settings of another class.
    """
    entry = find(name)
    settings = entry.config() if config is None else config
    if not isinstance(settings, entry.config):
        raise ConfigError(
            f"model {name!r}: expected settings of class {entry.config.__name__}, "
            f"got {type(settings).__name__}"
        )
    return entry.make(settings)


def find(name: str) -> Entry:
    """Return the entry of this name; ConfigError when there is none."""
    if name not in CATALOGUE:
        near = get_close_matches(name, CATALOGUE, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise ConfigError(f"no model called {name!r}{hint}; known: {', '.join(CATALOGUE)}")
    return CATALOGUE[name]


def restore(state: State) -> Forecaster:
    """Make the fitted model that a state holds. Raises ArtefactError."""
    if state.kind not in CATALOGUE:
        raise ArtefactError(
            f"stored model of kind {state.kind!r}: not known here; known: {', '.join(CATALOGUE)}"
        )
    model = CATALOGUE[state.kind].model
    if issubclass(model, (Ensemble, Calibrated)):
        return model.from_state(state, restore)
    return model.from_state(state)


def _network(cell: str) -> Entry:
    def make(config: RecurrentConfig) -> Forecaster:
        return NetworkForecaster(replace(config.network, cell=cell), config.training, config.online)

    return Entry(RecurrentConfig, NetworkForecaster, make)


def _baseline(model: Any) -> Entry:
    return Entry(model.config_type, model, model)


def _make_ensemble(config: EnsembleConfig) -> Ensemble:
    members = [member for name in config.members for member in _members(name, config)]
    return Ensemble(members, config.weighting, config.combination)


def _members(name: str, config: EnsembleConfig) -> list[Member]:
    """The models that one name stands for: a network for every seed, else one model."""
    if find(name).config is not RecurrentConfig:
        return [Member(name, build(name))]
    first = config.recurrent.training.seed
    return [
        Member(
            f"{name}_{seed}",
            build(name, _with_seed(config.recurrent, seed)),
            bag_length=config.bag_length if seed > first else 0,
            seed=seed,
        )
        for seed in range(first, first + config.seeds)
    ]


def _with_seed(config: RecurrentConfig, seed: int) -> RecurrentConfig:
    return replace(config, training=replace(config.training, seed=seed))


CATALOGUE: dict[str, Entry] = {
    **{name: _network(name) for name in BACKBONES},
    "ensemble": Entry(EnsembleConfig, Ensemble, _make_ensemble),
    "calibrated": Entry(
        CalibratedConfig, Calibrated, lambda config: Calibrated(_make_ensemble(config.ensemble))
    ),
    "last_value": _baseline(baselines.LastValue),
    "series_mean": _baseline(baselines.SeriesMean),
    "shrunken_mean": _baseline(baselines.ShrunkenMean),
    "seasonal_naive": _baseline(baselines.SeasonalNaive),
    "pooled_ar": _baseline(baselines.PooledAR),
    "pooled_least_squares": _baseline(baselines.PooledLeastSquares),
    "known_part_ridge": _baseline(baselines.KnownPartRidge),
    "signature_ridge": _baseline(baselines.SignatureRidge),
    "pca_ridge": _baseline(baselines.PCARidge),
    "autoencoder_ridge": _baseline(baselines.AutoencoderRidge),
    "ses": _baseline(baselines.SES),
    "auto_ets": _baseline(baselines.AutoETS),
    "auto_theta": _baseline(baselines.AutoTheta),
    "auto_arima": _baseline(baselines.AutoARIMA),
}
