"""Settings of a recurrent network and of its training, checked when built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from models.backbones.catalogue import BACKBONES, WINDOWS_ONLY
from models.backbones.options import BackboneOptions
from models.errors import ConfigError
from models.forecasters.online import OnlineConfig
from models.forecasters.soft_trees import READOUTS, SoftTreesOptions
from models.forecasters.target_options import TargetOptions
from models.heads import HEADS


@dataclass(frozen=True)
class NetworkConfig:
    """What the network is made of.

    cell              kind of recurrent layer or other backbone, by its name in models.backbones
    layers            how many are stacked
    hidden_size       width of each
    dropout           share dropped between layers, on the last state and in the head
    head_size         hidden width of the head; 0 for a linear head
    head, loss        distribution, and what is minimised: point (mse, mae), gaussian and
                      student_t (crps, nll), quantile (pinball); without a loss the first
    series_embedding  width of a learned vector per series; 0 for none, so that unseen
                      series can be forecast
    zero_output       start at the reference
    standardise       scale the inputs by their spread in training
    options           what only some backbones have
    mc_passes         thinned networks that a forecast mixes, with dropout on (MC dropout); 0 for
                      the whole network without dropout
    readout           what maps features to the head's numbers: dense, or soft_gbdt, boosted soft
                      trees of the kind `soft_trees`
    """

    cell: str = "lstm"
    layers: int = 1
    hidden_size: int = 16
    dropout: float = 0.2
    head_size: int = 32
    head: Literal["point", "gaussian", "student_t", "quantile"] = "point"
    loss: str | None = None
    series_embedding: int = 0
    zero_output: bool = True
    standardise: bool = True
    options: BackboneOptions = field(default_factory=BackboneOptions)
    mc_passes: int = 0
    readout: Literal["dense", "soft_gbdt"] = "dense"
    soft_trees: SoftTreesOptions = field(default_factory=SoftTreesOptions)

    def __post_init__(self) -> None:
        _choice("network.cell", self.cell, tuple(BACKBONES))
        _choice("network.head", self.head, tuple(HEADS))
        if self.loss is not None:
            _choice(f"network.loss of head {self.head}", self.loss, HEADS[self.head].losses)
        for name, least in (("layers", 1), ("hidden_size", 1), ("head_size", 0)):
            _at_least(f"network.{name}", getattr(self, name), least)
        _at_least("network.series_embedding", self.series_embedding, 0)
        _choice("network.readout", self.readout, READOUTS)
        _dropout(self.dropout, self.mc_passes)


@dataclass(frozen=True)
class TrainingConfig:
    """How the network is trained.

    epochs         passes over the training rows; with `patience` at most so many
    batch_size     rows per step
    learning_rate  of AdamW; the peak of a one-cycle schedule
    weight_decay   decoupled, as in Loshchilov and Hutter 2019
    schedule       one_cycle (Smith and Topin 2019) or constant
    gradient_clip  largest norm of a gradient; None for no limit
    patience       epochs without a better validation loss before the end, keeping the
                   best weights; None for a fixed number of epochs
    seed           of weights, order of rows and dropout
    accelerator    where to train, as Lightning names it: cpu, gpu, auto
    weight_noise   deviation of Gaussian noise on the weights, anew for every batch; 0 for none
    parametrisation  weight, or target: wished-for activations are learnt and weights follow, for
                   tanh layers and dense ones (target space); gradients of targets are not
                   clipped, and targets do not decay
    target         how they follow
    pretraining_epochs  passes before, in which the backbone learns to fill in hidden values of
                   its windows; those without an outcome are read too
    masked_share   how many of them are hidden
    """

    epochs: int = 2
    batch_size: int = 512
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    schedule: Literal["one_cycle", "constant"] = "one_cycle"
    gradient_clip: float | None = 1.0
    patience: int | None = None
    seed: int = 0
    accelerator: str = "cpu"
    weight_noise: float = 0.0
    parametrisation: Literal["weight", "target"] = "weight"
    target: TargetOptions = field(default_factory=TargetOptions)
    pretraining_epochs: int = 0
    masked_share: float = 0.25

    def __post_init__(self) -> None:
        _choice("training.schedule", self.schedule, ("one_cycle", "constant"))
        _choice("training.parametrisation", self.parametrisation, ("weight", "target"))
        for name, least in (("epochs", 1), ("batch_size", 1), ("patience", 1), ("seed", 0)):
            value = getattr(self, name)
            if value is not None:
                _at_least(f"training.{name}", value, least)
        if not self.learning_rate > 0:
            raise ConfigError(f"training.learning_rate: expected above 0, got {self.learning_rate}")
        if not self.weight_decay >= 0:
            raise ConfigError(f"training.weight_decay: expected 0 or more, got {self.weight_decay}")
        if not self.weight_noise >= 0:
            raise ConfigError(f"training.weight_noise: expected 0 or more, got {self.weight_noise}")
        if self.weight_noise and self.parametrisation == "target":
            raise ConfigError(
                f"training.weight_noise: {self.weight_noise}, but with parametrisation target "
                "there are no weights to perturb; set one of them back"
            )
        _at_least("training.pretraining_epochs", self.pretraining_epochs, 0)
        if not 0 < self.masked_share < 1:
            raise ConfigError(
                f"training.masked_share: expected between 0 and 1, got {self.masked_share}"
            )


@dataclass(frozen=True)
class RecurrentConfig:
    """A network, its training and how it goes on to learn; the cell is the catalogue entry's."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    online: OnlineConfig = field(default_factory=OnlineConfig)


#: Name of the cell of a network without memory.
MEMORYLESS = "none"


@dataclass(frozen=True)
class RolloutNetworkConfig:
    """What a network of open-loop rollouts is made of.

    cell         kind of recurrent layer or other backbone that reads step by step, or none for
                 a memoryless map of the drivers
    layers       recurrent layers that are stacked
    hidden_size  width of each
    dropout      between the recurrent layers
    map_layers   hidden layers of the map from drivers and recurrent state to the state
    map_size     width of each
    covariance   diagonal or full
    options      what only some backbones have
    mc_passes    thinned networks that a forecast mixes, with dropout on (MC dropout); 0 for the
                 whole network without dropout. One layer has dropout with options.variational
    readout      dense, or soft_gbdt, boosted soft trees of the kind `soft_trees`
    """

    cell: str = "lstm"
    layers: int = 1
    hidden_size: int = 64
    dropout: float = 0.0
    map_layers: int = 2
    map_size: int = 128
    covariance: Literal["diagonal", "full"] = "diagonal"
    options: BackboneOptions = field(default_factory=BackboneOptions)
    mc_passes: int = 0
    readout: Literal["dense", "soft_gbdt"] = "dense"
    soft_trees: SoftTreesOptions = field(default_factory=SoftTreesOptions)

    def __post_init__(self) -> None:
        stepwise = [name for name in BACKBONES if name not in WINDOWS_ONLY]
        if self.cell in WINDOWS_ONLY:
            raise ConfigError(
                f"network.cell of rollouts: {self.cell} reads whole windows from both ends, and an "
                f"hour ahead must not know later ones; choose one of {', '.join(stepwise)}"
            )
        _choice("network.cell of rollouts", self.cell, (MEMORYLESS, *stepwise))
        _choice("network.covariance", self.covariance, ("diagonal", "full"))
        for name in ("layers", "hidden_size", "map_layers", "map_size"):
            _at_least(f"network.{name}", getattr(self, name), 1)
        _choice("network.readout", self.readout, READOUTS)
        # A memoryless map has no dropout, and may stand beside networks that have.
        _dropout(self.dropout, 0 if self.cell == MEMORYLESS else self.mc_passes)


@dataclass(frozen=True)
class RolloutConfig:
    """A network of rollouts and its training, first of the map alone, then of all.

    static         training of the map on single hours, with the recurrent state at zero
    training       training on rollouts of the whole horizon
    unknown_start  share of the rollouts that are trained without a known start
    """

    network: RolloutNetworkConfig = field(default_factory=RolloutNetworkConfig)
    static: TrainingConfig = field(
        default_factory=lambda: TrainingConfig(
            epochs=20, batch_size=512, learning_rate=3e-3, weight_decay=1e-4
        )
    )
    training: TrainingConfig = field(
        default_factory=lambda: TrainingConfig(
            epochs=60, batch_size=32, learning_rate=2e-3, weight_decay=1e-4
        )
    )
    unknown_start: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.unknown_start <= 1:
            raise ConfigError(f"unknown_start: expected 0 to 1, got {self.unknown_start}")


def network_config(stored: Mapping[str, Any]) -> NetworkConfig:
    """Inverse of `asdict`, also of what was stored before there were options."""
    return NetworkConfig(**{**stored, **_groups(stored)})


def training_config(stored: Mapping[str, Any]) -> TrainingConfig:
    """Inverse of `asdict`, also of what was stored before there was a target space."""
    return TrainingConfig(**{**stored, "target": TargetOptions(**stored.get("target", {}))})


def rollout_config(stored: Mapping[str, Any]) -> RolloutConfig:
    """Inverse of `asdict`, also of what was stored before there were options."""
    network = stored["network"]
    return RolloutConfig(
        RolloutNetworkConfig(**{**network, **_groups(network)}),
        training_config(stored["static"]),
        training_config(stored["training"]),
        float(stored["unknown_start"]),
    )


def _groups(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "options": BackboneOptions(**stored.get("options", {})),
        "soft_trees": SoftTreesOptions(**stored.get("soft_trees", {})),
    }


def _dropout(share: float, mc_passes: int) -> None:
    if not 0 <= share < 1:
        raise ConfigError(f"network.dropout: expected 0 or more and below 1, got {share}")
    _at_least("network.mc_passes", mc_passes, 0)
    if mc_passes and not share:
        raise ConfigError(
            f"network.mc_passes: {mc_passes} passes without dropout are all the same; set "
            "network.dropout above 0, for example to 0.2, or mc_passes to 0"
        )


def _choice(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigError(f"{name}: expected one of {', '.join(known)}, got {value!r}")


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise ConfigError(f"{name}: expected {least} or more, got {value}")
