"""Fit and predict: a recurrent network as a `RolloutForecaster`.

Choose it for a state that has memory, or whose drivers are known in part. With cell "none"
it is the memoryless baseline: the same map, trained on single hours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
import torch

from models.contract import State
from models.errors import ArtefactError, ConfigError, ModelError, NotFittedError
from models.forecasters.mc_dropout import check_dropout, mixture_moments, thinned_passes
from models.forecasters.optimisation import Report
from models.forecasters.rollout_batches import RolloutScaling, RolloutSource
from models.forecasters.rollout_network import STEPS, RolloutBatch, RolloutNetwork
from models.forecasters.settings import RolloutConfig, rollout_config
from models.forecasters.target_layers import check_rollout_target_space
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
        check_rollout_target_space(self.config)
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
        # Lightning takes seconds to import, and those who only forecast do without.
        from models.forecasters.rollout_training import train_rollouts

        with torch.random.fork_rng():
            torch.manual_seed(self.config.training.seed)
            shape = train.inputs.shape[1], train.state.shape[1]
            steps = train.lookback + train.horizon
            network = RolloutNetwork(*shape, self.config.network, steps)
            if self.config.network.mc_passes and network.backbone is not None:
                check_dropout(network, RolloutSource(train, scaling).batch(torch.arange(1)))
            train_rollouts(network, train, valid, scaling, self.config, report)
        self._fitted = _Fitted(network.eval(), scaling)
        return self

    @property
    def network(self) -> RolloutNetwork:
        """What `predict` runs, for diagnostics. Raises NotFittedError."""
        return self._require_fit().network

    @property
    def scaling(self) -> RolloutScaling:
        """Of what drives the state and of the state. Raises NotFittedError."""
        return self._require_fit().scaling

    @torch.inference_mode()
    def predict(self, rollouts: Rollouts) -> RolloutForecast:
        """Forecast every row. Raises NotFittedError, or ModelError for other features or
        components than those of the training."""
        fitted = self._require_fit()
        self._check_shape(rollouts, fitted)
        check_finite(rollouts)
        scaling = fitted.scaling
        # Begun with no rows, for when there are none.
        shape = 0, rollouts.horizon, len(scaling.state.mean)
        means = [np.empty(shape, np.float32)]
        covariances = [np.empty((*shape, shape[-1]), np.float32)]
        for batch in RolloutSource(rollouts, scaling).in_order(CHUNK):
            mean, covariance = self._moments(fitted.network, batch)
            means.append(mean.numpy())
            covariances.append(covariance.numpy())
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
            config={**asdict(self.config), "steps": fitted.network.steps},
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
            made = cls(rollout_config(state.config))
            arrays = {name: np.array(value) for name, value in state.arrays.items()}
            scaling = RolloutScaling(
                Standardiser(arrays["inputs.mean"], arrays["inputs.factor"]),
                Standardiser(arrays["state.mean"], arrays["state.factor"]),
            )
            shape = len(scaling.inputs.mean), len(scaling.state.mean)
            with torch.random.fork_rng():
                network = RolloutNetwork(
                    *shape, made.config.network, state.config.get("steps", STEPS)
                )
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

    def _moments(
        self, network: RolloutNetwork, batch: RolloutBatch
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Standardised mean and covariance: of the network, or of MC dropout's mixture."""

        def run(thinned: RolloutNetwork) -> tuple[torch.Tensor, torch.Tensor]:
            mean, factor = thinned(batch)
            return mean, thinned.head.covariance(factor)

        passes = self.config.network.mc_passes
        if not passes or network.backbone is None:
            return run(network)
        return mixture_moments(thinned_passes(network, run, passes, self.config.training.seed))

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
