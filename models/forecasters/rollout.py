"""Fit and predict: a recurrent network as a `RolloutForecaster`.

Choose it for a state that has memory, or whose drivers are known in part. With cell "none"
it is the memoryless baseline: the same map, trained on single hours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import torch

from models.contract import State
from models.errors import ArtefactError, ConfigError, ModelError, NotFittedError
from models.forecasters.rollout_batches import (
    RolloutScaling,
    RolloutSource,
    SampledRollouts,
    ShuffledHours,
)
from models.forecasters.rollout_modules import RolloutModule, StaticModule
from models.forecasters.rollout_network import RolloutNetwork
from models.forecasters.settings import (
    MEMORYLESS,
    RolloutConfig,
    RolloutNetworkConfig,
    TrainingConfig,
)
from models.forecasters.trained_module import Optimisation, TrainedModule
from models.forecasters.training import Report, Validation, run_training
from models.rollouts import RolloutForecast, Rollouts, check_finite
from models.transforms.scaling import Standardiser

#: Rows per forward pass of a prediction.
CHUNK = 256


@dataclass(frozen=True)
class _Fitted:
    """Everything that training makes."""

    network: RolloutNetwork
    scaling: RolloutScaling


class NetworkRollout:
    """A rollout network with its scaling; the mean and covariance of the state ahead."""

    def __init__(self, config: RolloutConfig | None = None) -> None:
        self.config = config or RolloutConfig()
        self._fitted: _Fitted | None = None

    def fit(self, train: Rollouts, valid: Rollouts, report: Report | None = None) -> Self:
        """Train on the rows of `train`; `valid` is read for stopping and reports alone.

        report  called with (epoch, validation loss); what it raises ends the fit

        The global random state of torch is as before. Raises ModelError without rows, or
        when an input is not finite.
        """
        if not len(train):
            raise ModelError("no rollout to train on; give a longer span of training hours")
        check_finite(train)
        scaling = RolloutScaling.fit(train)
        static, training = self.config.static, self.config.training
        with torch.random.fork_rng():
            torch.manual_seed(training.seed)
            shape = train.inputs.shape[1], train.state.shape[1]
            network = RolloutNetwork(*shape, self.config.network)
            hours = ShuffledHours(train, scaling, static.batch_size, training.seed)
            self._train(StaticModule(network, _optimisation(static, len(hours))), hours, static)
            if self.config.network.cell != MEMORYLESS:
                self._train_rollouts(network, train, valid, scaling, report)
        self._fitted = _Fitted(network.eval(), scaling)
        return self

    def _train_rollouts(
        self,
        network: RolloutNetwork,
        train: Rollouts,
        valid: Rollouts,
        scaling: RolloutScaling,
        report: Report | None,
    ) -> None:
        training = self.config.training
        source = RolloutSource(train, scaling)
        batches = SampledRollouts(
            source, train, training.batch_size, self.config.unknown_start, training.seed
        )
        module = RolloutModule(network, _optimisation(training, len(batches)))
        callbacks = []
        if report is not None or training.patience is not None:
            seen = RolloutSource(valid, scaling)
            callbacks = [Validation(lambda: seen.in_order(CHUNK), training.patience, report)]
        self._train(module, batches, training, callbacks)

    def _train(
        self,
        module: TrainedModule[Any],
        batches: Any,
        settings: TrainingConfig,
        callbacks: list[Validation] | None = None,
    ) -> None:
        run_training(
            module,
            batches,
            epochs=settings.epochs,
            gradient_clip=settings.gradient_clip,
            accelerator=settings.accelerator,
            callbacks=callbacks or (),
        )

    @torch.inference_mode()
    def predict(self, rollouts: Rollouts) -> RolloutForecast:
        """Forecast every row. Raises NotFittedError, or ModelError for other features or
        components than those of the training."""
        fitted = self._require_fit()
        self._check_shape(rollouts, fitted)
        check_finite(rollouts)
        scaling = fitted.scaling
        means, covariances = [], []
        for batch in RolloutSource(rollouts, scaling).in_order(CHUNK):
            mean, factor = fitted.network(batch)
            means.append(mean.numpy())
            covariances.append(fitted.network.head.covariance(factor).numpy())
        scale = scaling.state_scale.astype(np.float32)
        return RolloutForecast(
            np.concatenate(means) * scale + scaling.state.mean,
            np.concatenate(covariances) * (scale[:, None] * scale),
        )

    def state(self) -> State:
        """Configuration, weights, scaling. Raises NotFittedError."""
        fitted = self._require_fit()
        weights = fitted.network.state_dict()
        scaling = fitted.scaling
        return State(
            kind="rollout",
            config=asdict(self.config),
            arrays={
                **{f"weights.{name}": value.numpy().copy() for name, value in weights.items()},
                "inputs.mean": scaling.inputs.mean,
                "inputs.factor": scaling.inputs.factor,
                "state.mean": scaling.state.mean,
                "state.factor": scaling.state.factor,
            },
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Inverse of `state`. Raises ArtefactError when a part is missing or does not fit."""
        try:
            made = cls(_config(state.config))
            arrays = {name: np.array(value) for name, value in state.arrays.items()}
            scaling = RolloutScaling(
                Standardiser(arrays["inputs.mean"], arrays["inputs.factor"]),
                Standardiser(arrays["state.mean"], arrays["state.factor"]),
            )
            shape = len(scaling.inputs.mean), len(scaling.state.mean)
            with torch.random.fork_rng():
                network = RolloutNetwork(*shape, made.config.network)
            weights = {
                name.removeprefix("weights."): torch.from_numpy(value)
                for name, value in arrays.items()
                if name.startswith("weights.")
            }
            network.load_state_dict(weights)
        except (KeyError, TypeError, RuntimeError, ConfigError) as error:
            reason = " ".join(str(error).split())
            raise ArtefactError(f"stored rollout network does not fit: {reason}") from error
        made._fitted = _Fitted(network.eval(), scaling)
        return made

    def _require_fit(self) -> _Fitted:
        if self._fitted is None:
            raise NotFittedError("NetworkRollout: call fit before predict or state")
        return self._fitted

    def _check_shape(self, rollouts: Rollouts, fitted: _Fitted) -> None:
        got = rollouts.inputs.shape[1], rollouts.state.shape[1]
        want = len(fitted.scaling.inputs.mean), len(fitted.scaling.state.mean)
        if got != want:
            raise ModelError(
                f"the network was trained on {want[0]} features and {want[1]} components, got "
                f"{got[0]} and {got[1]}"
            )


def _optimisation(settings: TrainingConfig, batches: int) -> Optimisation:
    steps = settings.epochs * batches if settings.schedule == "one_cycle" else None
    return Optimisation(settings.learning_rate, settings.weight_decay, steps)


def _config(stored: Any) -> RolloutConfig:
    return RolloutConfig(
        RolloutNetworkConfig(**stored["network"]),
        TrainingConfig(**stored["static"]),
        TrainingConfig(**stored["training"]),
        float(stored["unknown_start"]),
    )
