"""What `halyard tune thermosphere-density` minimises: error on the months that calibrate.

One network of each kind is trained on the training months and forecasts open-loop rollouts of
the calibration months, from known starts and from drivers alone. The loss is their mean
negative log predictive density of the state (standardised, per component), or the mean
absolute percentage error of density on some cells. The years held out are never read.

A step of pruning is a tenth of a network's training, not an epoch: a one-cycle schedule is bad
half-way by design, so only equal shares of two schedules can be compared.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from models.backbones.options import BackboneOptions
from models.emulators.catalogue import ROLLOUT_MODELS, build
from models.emulators.drivers import Drivers
from models.emulators.settings import DensityConfig
from models.errors import ConfigError
from models.forecasters.coded_rollout import CodedRollout
from models.forecasters.optimisation import Report as EpochReport
from models.forecasters.rollout import NetworkRollout
from models.rollouts import Rollouts
from models.transforms.principal_components import PrincipalComponents
from pipelines.dataclass_config import load_dataclass
from pipelines.thermosphere_density.fields import Fields, ReducedSeries, reduce_fields
from pipelines.thermosphere_density.series_file import read_series, write_series
from pipelines.thermosphere_density.splits import split_hours
from pipelines.thermosphere_density.training import training_rollouts
from pipelines.thermosphere_density.tuning_losses import LOSSES, Loss, check_loss
from pipelines.tuning.objectives import Objective, Report

#: Reports of each network to the pruner.
STEPS = 10
#: Every so many of the validation rollouts are judged.
ROLLOUT_STEP = 4

#: Where each parameter of the search space stands in the settings.
PLACES: dict[str, str] = {
    **dict.fromkeys(
        ("hidden_size", "layers", "dropout", "map_size", "map_layers", "covariance"), "network"
    ),
    **dict.fromkeys(("mc_passes", "readout"), "network"),
    **dict.fromkeys(("trees", "tree_depth", "tree_rate", "tree_loss"), "soft_trees"),
    **dict.fromkeys(
        (
            "epochs",
            "batch_size",
            "learning_rate",
            "weight_decay",
            "weight_noise",
            "parametrisation",
            "pretraining_epochs",
            "masked_share",
        ),
        "training",
    ),
    **dict.fromkeys(
        ("target_ridge", "target_untangling", "target_probe_rows", "target_precision"), "target"
    ),
    **dict.fromkeys((option.name for option in fields(BackboneOptions)), "options"),
    **dict.fromkeys(("static_epochs", "static_learning_rate", "static_parametrisation"), "static"),
    "unknown_start": "recurrent",
    **dict.fromkeys(("lookback", "storm_weight", "active_weight", "reducer"), ""),
    **dict.fromkeys(
        ("code", "noise", "corruption", "activation", "linear_path", "by_variance"), "autoencoder"
    ),
    **dict.fromkeys(("autoencoder_epochs", "autoencoder_learning_rate"), "autoencoder"),
    **dict.fromkeys(("joint_epochs", "joint_learning_rate"), "joint"),
}
#: What names begin with where another group has a setting of the same name.
_PREFIX = re.compile("^(static|tree|target|autoencoder|joint)_")


def density_objective(
    series: str, settings: Mapping[str, Any], data_hash: str = "", loss: str = "nlpd"
) -> Objective:
    """Make the objective for a reduced series that `write_series` wrote.

    settings  those of DensityConfig that are not searched

    Raises DataError when the file cannot be used, ConfigError for bad settings.
    """
    del data_hash  # tells studies on other data apart
    check_loss(loss)
    base = load_dataclass(DensityConfig, settings)
    return objective_on(read_series(Path(series)), base, LOSSES[loss])


def objective_arguments(
    fields: Fields, drivers: Drivers, base: DensityConfig, folder: Path, loss: str = "nlpd"
) -> dict[str, Any]:
    """Reduce the fields into a file in `folder`, unless it is there; what the factory takes.

    Raises ConfigError for an unknown loss, before the work.
    """
    check_loss(loss)
    settings = json.loads(json.dumps(asdict(base)))
    facts = [fields.data_hash, *(settings[name] for name in _REDUCED)]
    key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
    file = folder.resolve() / f"series-{key}.safetensors"
    if not file.is_file():
        train = split_hours(drivers.times, base.held_out).train
        write_series(file, reduce_fields(fields, drivers, train, base))
    return {
        "series": str(file),
        "settings": settings,
        "data_hash": fields.data_hash,
        "loss": loss,
    }


#: Settings that the reduced series depends on.
_REDUCED = ("rank", "variance", "max_rank", "fit_every", "held_out")


def objective_on(series: ReducedSeries, base: DensityConfig, loss: Loss) -> Objective:
    """The objective over one series; `base` holds what is not searched."""
    split = split_hours(series.times, base.held_out)

    def objective(params: Mapping[str, Any], report: Report) -> float:
        config = configured(base, params)
        train, valid = training_rollouts(series, split, config)
        judged = valid.select(np.arange(0, len(valid), ROLLOUT_STEP))
        losses: list[float] = []
        reported: list[float] = []
        for place, cell in enumerate(config.cells):
            told = tenths(config, place, reported, report)
            network = _network(cell, config).fit(train, judged, told)
            losses.append(_loss_of(network, judged, series.components, loss))
        return float(np.mean(losses))

    return objective


def configured(base: DensityConfig, params: Mapping[str, Any]) -> DensityConfig:
    """Settings with the parameters of a trial in their places.

    A space that chooses a cell chooses an ensemble of that kind alone. Raises ConfigError
    for a parameter that is no setting.
    """
    groups: dict[str, dict[str, Any]] = {place: {} for place in dict.fromkeys(PLACES.values())}
    for name, value in params.items():
        if name == "cell":
            _known_cell(value)
            groups[""]["cells"] = (value,)
        elif name in PLACES:
            groups[PLACES[name]][_PREFIX.sub("", name)] = value
        else:
            raise ConfigError(
                f"tune thermosphere-density: {name!r} is no setting of it; a space may have "
                f"cell, {', '.join(PLACES)}"
            )
    network = base.recurrent.network
    parts: dict[str, Any] = {
        "options": replace(network.options, **groups["options"]),
        "soft_trees": replace(network.soft_trees, **groups["soft_trees"]),
    }
    static, training = (
        replace(old, target=replace(old.target, **groups["target"]), **groups[name])
        for name, old in (
            ("static", base.recurrent.static),
            ("training", base.recurrent.training),
        )
    )
    recurrent = replace(
        base.recurrent,
        network=replace(network, **parts, **groups["network"]),
        static=static,
        training=training,
        **groups["recurrent"],
    )
    autoencoder = replace(base.autoencoder, **groups["autoencoder"])
    joint = replace(base.joint, **groups["joint"])
    return replace(base, recurrent=recurrent, autoencoder=autoencoder, joint=joint, **groups[""])


def tuned_settings(params: Mapping[str, Any]) -> dict[str, Any]:
    """All shipped settings with the best parameters: what `train --config` reads."""
    return asdict(configured(load_dataclass(DensityConfig, "thermosphere_density"), params))


def _network(cell: str, config: DensityConfig) -> NetworkRollout | CodedRollout:
    """An unfitted network that reports its epochs, behind an autoencoder or not."""
    network = build(cell, config.recurrent, config.seed, config.coding)
    core = network.inner if isinstance(network, CodedRollout) else network
    if not isinstance(core, NetworkRollout):
        raise ConfigError(f"cells: expected kinds of networks to tune, got {cell!r}")
    return network if isinstance(network, CodedRollout) else core


def _loss_of(
    network: NetworkRollout | CodedRollout,
    rows: Rollouts,
    components: PrincipalComponents,
    loss: Loss,
) -> float:
    """Mean over known and unknown starts."""
    forecasts = (network.predict(rows.with_known(known)) for known in (True, False))
    return float(np.mean([loss(forecast, components, rows.target) for forecast in forecasts]))


def tenths(config: DensityConfig, place: int, reported: list[float], report: Report) -> EpochReport:
    """Report a network's validation loss at each tenth of its epochs.

    reported  newest losses of the networks, this one's last; their mean is what is told
    """
    epochs = config.recurrent.training.epochs
    reported.append(float("nan"))

    def tell(epoch: int, value: float) -> None:
        reported[place] = value
        step = (epoch + 1) * STEPS // epochs
        if step > epoch * STEPS // epochs:
            report(place * STEPS + step - 1, float(np.mean(reported)))

    return tell


def _known_cell(cell: object) -> None:
    if cell not in ROLLOUT_MODELS:
        raise ConfigError(f"cell: expected one of {', '.join(ROLLOUT_MODELS)}, got {cell!r}")
