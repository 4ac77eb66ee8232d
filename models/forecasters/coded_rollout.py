"""Rollouts in the code of an autoencoder: forecast few numbers, answer with the whole state.

    state -> encoder -> code -> any rollout model -> code ahead -> decoder -> state ahead

The distribution goes through the decoder by its local slope: with code ~ N(m, S) and J the
Jacobian of the decoder at m, the state has mean decoder(m) and covariance J S J' plus what codes
leave out. That is exact for a linear decoder, and right to first order in S for a bent one.
Choose it where a state of many components lies near a bent surface of few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Self

import numpy as np

from models.contract import FloatArray, State
from models.errors import ArtefactError, ConfigError, ModelError, NotFittedError
from models.forecasters.coding_settings import CodingConfig, JointConfig
from models.forecasters.optimisation import Report
from models.forecasters.rollout import NetworkRollout
from models.rollouts import RolloutForecast, RolloutForecaster, Rollouts, hours_read
from models.transforms.autoencoder_settings import AutoencoderConfig
from models.transforms.denoising_autoencoder import DenoisingAutoencoder

_CODER = "autoencoder."


class CodedRollout:
    """A rollout model whose state is the code of another.

    inner  forecasts codes; for joint training it has to be a network
    """

    kind = "coded_rollout"

    def __init__(self, inner: RolloutForecaster, config: CodingConfig | None = None) -> None:
        self.inner = inner
        self.config = config or CodingConfig()
        self._coder: DenoisingAutoencoder | None = None
        if self.config.joint.epochs and not isinstance(inner, NetworkRollout):
            raise ConfigError(
                f"joint.epochs: {self.config.joint.epochs}, but only networks are trained with a "
                f"decoder, not {type(inner).__name__}; set it to 0"
            )

    def fit(self, train: Rollouts, valid: Rollouts, report: Report | None = None) -> Self:
        """Fit the autoencoder on the states of the training hours, then the model on codes.

        report  as a network's; of the model on codes alone. Raises as the model does, and
                ModelError without a known state.
        """
        hours = hours_read(train) & np.isfinite(train.state).all(axis=1)
        if not hours.any():
            raise ModelError("no hour of the training rollouts has a known state to learn codes of")
        states = train.state[hours]
        self._coder = DenoisingAutoencoder.fit(states, self.config.autoencoder)
        coded = self._coded(train)
        if isinstance(self.inner, NetworkRollout):
            self.inner.fit(coded, self._coded(valid), report)
        else:
            self.inner.fit(coded, self._coded(valid))
        if self.config.joint.epochs and isinstance(self.inner, NetworkRollout):
            # Lightning takes seconds to import, and those who only forecast do without.
            from models.forecasters.coded_training import train_jointly

            train_jointly(self.inner, self._coder, coded, train.state, self.config.joint)
            self._coder = replace(self._coder, residual=self._coder.left_out(states))
        return self

    @property
    def coder(self) -> DenoisingAutoencoder:
        """The autoencoder. Raises NotFittedError."""
        if self._coder is None:
            raise NotFittedError("CodedRollout: call fit before predict or state")
        return self._coder

    def predict(self, rollouts: Rollouts) -> RolloutForecast:
        """Forecast every row. Raises NotFittedError, or ModelError for another number of
        components; a state with gaps (NaN in some components) is encoded from the others."""
        coder = self.coder
        ahead = self.inner.predict(self._coded(rollouts))
        steep = coder.jacobian(ahead.mean)
        spread = steep @ ahead.covariance.astype(np.float32) @ np.swapaxes(steep, -1, -2)
        # What rounding leaves unsymmetric would break factorisations.
        spread = (spread + np.swapaxes(spread, -1, -2)) / 2
        index = np.arange(spread.shape[-1])
        spread[..., index, index] += coder.residual
        return RolloutForecast(coder.decode(ahead.mean), spread)

    def state(self) -> State:
        """Settings and autoencoder, and the model as a part. Raises NotFittedError."""
        coder = self.coder
        return State(
            kind=self.kind,
            config={"autoencoder": coder.settings(), "joint": asdict(self.config.joint)},
            arrays={f"{_CODER}{name}": value for name, value in coder.arrays().items()},
            parts={"inner": self.inner.state()},
        )

    @classmethod
    def from_state(
        cls, state: State, restore: Callable[[State], RolloutForecaster] | None = None
    ) -> Self:
        """Inverse of `state`; `restore` makes the model (models.emulators.catalogue does)."""
        if restore is None:
            raise ArtefactError(
                "a coded rollout is restored with models.emulators.catalogue.restore"
            )
        try:
            config = CodingConfig(
                AutoencoderConfig(**state.config["autoencoder"]),
                JointConfig(**state.config["joint"]),
            )
            made = cls(restore(state.parts["inner"]), config)
            arrays = {name.removeprefix(_CODER): value for name, value in state.arrays.items()}
            made._coder = DenoisingAutoencoder.from_arrays(arrays, state.config["autoencoder"])
        except (KeyError, TypeError, RuntimeError, ConfigError) as error:
            reason = " ".join(str(error).split())
            raise ArtefactError(f"stored coded rollout does not fit: {reason}") from error
        return made

    def _coded(self, rollouts: Rollouts) -> Rollouts:
        return replace(rollouts, state=codes_of(self.coder, rollouts.state))


def codes_of(coder: DenoisingAutoencoder, state: FloatArray) -> FloatArray:
    """Codes of states, hour × code; NaN where nothing of a state is known."""
    codes: FloatArray = coder.encode(state)
    codes[np.isnan(state).all(axis=1)] = np.nan
    return codes
