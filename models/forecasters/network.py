"""Fit and predict: a network as a `Forecaster`, one model for all series.

Choose it when many series share their dynamics. The network models
(target - reference) / scale and is zero before training, so that with good references
it starts from them and learns what they miss.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch

from models.backbones.base import Shape
from models.backbones.catalogue import make_backbone
from models.contract import LEVELS, FloatArray, Forecast, State, Windows
from models.errors import ArtefactError, ConfigError, ModelError, NotFittedError
from models.forecasters.batches import BatchSource
from models.forecasters.direct_network import DirectNetwork
from models.forecasters.direct_runs import DirectRuns, ThinnedNetworks, WholeNetwork
from models.forecasters.many_networks import SharedInputs
from models.forecasters.online import OnlineConfig, OnlineLearner
from models.forecasters.optimisation import Report
from models.forecasters.point_errors import error_quantiles
from models.forecasters.settings import (
    NetworkConfig,
    TrainingConfig,
    network_config,
    training_config,
)
from models.forecasters.target_layers import check_target_space
from models.heads import HEADS, Head
from models.transforms.scaling import WindowScaling, check_inputs

__all__ = ["NetworkConfig", "NetworkForecaster", "TrainingConfig"]

#: Rows per forward pass of a prediction.
CHUNK = 8192
#: What names of stored weights begin with.
WEIGHTS = "weights.network."


@dataclass(frozen=True)
class _Fitted:
    """Everything that training makes.

    shape          numbers that the module is rebuilt from
    error_quantiles  lead × level, standardised; zero for heads with a distribution
    """

    network: DirectNetwork
    head: Head
    scaling: WindowScaling
    shape: dict[str, Any]
    error_quantiles: npt.NDArray[np.float32]


class NetworkForecaster:
    """A backbone with a predictive head; global over series, direct for all leads."""

    def __init__(
        self,
        network: NetworkConfig | None = None,
        training: TrainingConfig | None = None,
        online: OnlineConfig | None = None,
    ) -> None:
        self.network = network or NetworkConfig()
        self.training = training or TrainingConfig()
        self.online = online or OnlineConfig()
        check_target_space(self.network, self.training)
        self._fitted: _Fitted | None = None
        self._learner: OnlineLearner | None = None

    def fit(self, train: Windows, valid: Windows, report: Report | None = None) -> Self:
        """Train on the rows of `train`; `valid` is read for stopping and error quantiles.

        report  called with (epoch, validation loss) after each epoch; what it raises ends
                the fit and passes through

        Bitwise repeatable on one machine with one thread; the global random state of
        torch is as before. Raises ModelError when there is nothing to learn from.
        """
        everything = train
        train = train.select(np.asarray(np.isfinite(train.target).any(axis=1)))
        if not len(train):
            raise ModelError("no training row has an outcome; give windows with known targets")
        scaling = WindowScaling.fit(train, self.network.standardise)
        check_inputs(valid)
        unlabelled = everything if self.training.pretraining_epochs else train
        check_inputs(unlabelled)
        shape = self._shape_of(train)
        # Lightning takes seconds to import, and those who only forecast do without.
        from models.forecasters.direct_training import train_direct

        with torch.random.fork_rng():
            torch.manual_seed(self.training.seed)
            network, head = self._build(shape), self._head
            train_direct(
                network,
                head,
                self._loss,
                BatchSource(train, scaling),
                lambda: BatchSource(valid, scaling),
                self.training,
                report,
                lambda: BatchSource(unlabelled, scaling),
            )
        errors = np.zeros((len(train.leads), len(LEVELS)), dtype=np.float32)
        self._learner = None
        self._fitted = _Fitted(network.eval(), head, scaling, shape, errors)
        if self.network.head == "point":
            errors[:] = error_quantiles(self._means, (valid, train))
        return self

    def update(self, windows: Windows) -> Self:
        """Learn from new outcomes, in place: the steps of `online` on all rows that have any.

        The caller sees to it that these outcomes were known before what is forecast next; see
        pipelines.evaluation.prequential. Nothing is done without an outcome. Raises as `predict`
        does, and ModelError when a loss is not finite.
        """
        fitted = self._require_fit()
        self._check_shape(windows, fitted.shape)
        windows = windows.select(np.asarray(np.isfinite(windows.target).any(axis=1)))
        if not len(windows):
            return self
        check_inputs(windows)
        if self._learner is None:
            self._learner = OnlineLearner(
                fitted.network, fitted.head, self._loss, self.online, self.training.seed
            )
        source = BatchSource(windows, fitted.scaling)
        self._learner.learn(source.batch(torch.arange(len(windows))))
        return self

    def predict(self, windows: Windows) -> Forecast:
        """Forecast every row. Raises NotFittedError, or ModelError for windows of another
        shape than the training windows."""
        fitted = self._require_fit()
        self._check_shape(windows, fitted.shape)
        check_inputs(windows)
        mean, quantiles = self._standardised(windows, fitted)
        reference = 0.0 if windows.reference is None else windows.reference
        scale = 1.0 if windows.scale is None else windows.scale
        lifted = np.asarray(reference)[..., None], np.asarray(scale)[..., None]
        return Forecast(reference + scale * mean, lifted[0] + lifted[1] * quantiles)

    @torch.inference_mode()
    def standardised_mean(self, inputs: SharedInputs) -> FloatArray:
        """(Mean of `predict` - reference) / scale, row × lead, float32; checks no values."""
        fitted = self._require_fit()
        self._check_shape(inputs.windows, fitted.shape)
        runs = self._runs(fitted)
        batches = inputs.batches(fitted.scaling, self._chunk)
        return np.concatenate([runs.means(batch).mean(axis=0) for batch in batches])

    def network_and_scaling(self) -> tuple[DirectNetwork, WindowScaling]:
        """What `predict` runs: for diagnostics, and measurements of speed."""
        fitted = self._require_fit()
        return fitted.network, fitted.scaling

    def state(self) -> State:
        """Configuration, weights, scaling. Raises NotFittedError."""
        fitted = self._require_fit()
        weights = fitted.network.state_dict()
        return State(
            kind=self.network.cell,
            config={
                "network": asdict(self.network),
                "training": asdict(self.training),
                "online": asdict(self.online),
                "shape": fitted.shape,
            },
            arrays={
                **{f"{WEIGHTS}{name}": value.numpy().copy() for name, value in weights.items()},
                **{f"scaling.{name}": value for name, value in fitted.scaling.arrays().items()},
                "error_quantiles": fitted.error_quantiles,
            },
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Inverse of `state`. Raises ArtefactError when a part is missing or does not fit."""
        try:
            forecaster = cls(
                network_config(state.config["network"]),
                training_config(state.config["training"]),
                OnlineConfig(**state.config.get("online", {})),
            )
            shape = dict(state.config["shape"])
            with torch.random.fork_rng():
                network = forecaster._build(shape)
            weights = {
                name.removeprefix(WEIGHTS): torch.from_numpy(np.array(value))
                for name, value in state.arrays.items()
                if name.startswith(WEIGHTS)
            }
            network.load_state_dict(weights)
            scaling = WindowScaling.from_arrays(
                {n.removeprefix("scaling."): a for n, a in state.arrays.items()}
            )
            errors = np.asarray(state.arrays["error_quantiles"])
        except (KeyError, TypeError, RuntimeError, ConfigError) as error:
            reason = " ".join(str(error).split())
            raise ArtefactError(f"stored network {state.kind!r} does not fit: {reason}") from error
        head = forecaster._head
        forecaster._fitted = _Fitted(network.eval(), head, scaling, shape, errors)
        return forecaster

    def _require_fit(self) -> _Fitted:
        if self._fitted is None:
            raise NotFittedError("NetworkForecaster: call fit before predict or state")
        return self._fitted

    def _shape_of(self, train: Windows) -> dict[str, Any]:
        return {
            "channels": int(train.channels.shape[2]),
            "lookback": train.lookback,
            "leads": list(train.leads),
            "known": int(train.known.shape[2]),
            "known_columns": _distinct_columns(train.known),
            "series": int(train.channels.shape[0]),
        }

    def _check_shape(self, windows: Windows, shape: dict[str, Any]) -> None:
        got = {
            "channels": windows.channels.shape[2],
            "lookback": windows.lookback,
            "leads": list(windows.leads),
            "known": windows.known.shape[2],
        }
        for name, value in got.items():
            if value != shape[name]:
                raise ModelError(
                    f"Windows.{name}: the network was trained on {shape[name]}, got {value}"
                )
        largest = int(windows.series.max(initial=-1))
        if self.network.series_embedding and largest >= shape["series"]:
            raise ModelError(
                f"Windows.series: {largest} is unknown, the network has embeddings of "
                f"{shape['series']} series; train with series_embedding 0 to forecast others"
            )

    @property
    def _head(self) -> Head:
        return HEADS[self.network.head]()

    @property
    def _loss(self) -> str:
        return self.network.loss or self._head.losses[0]

    def _build(self, shape: dict[str, Any]) -> DirectNetwork:
        config = self.network
        size = Shape(
            shape["channels"], config.hidden_size, config.layers, config.dropout, shape["lookback"]
        )
        return DirectNetwork(
            make_backbone(config.cell, size, config.options),
            shape["known_columns"],
            len(shape["leads"]),
            self._head.size,
            head_size=config.head_size,
            dropout=config.dropout,
            embedded_series=shape["series"],
            embedding=config.series_embedding,
            zero_output=config.zero_output,
            readout=config.readout,
            soft_trees=config.soft_trees,
        )

    @property
    def _chunk(self) -> int:
        """Rows at once, so many that all passes together need no more memory than one."""
        return max(CHUNK // max(self.network.mc_passes, 1), 1)

    def _runs(self, fitted: _Fitted) -> DirectRuns:
        count = self.network.mc_passes
        if not count:
            return WholeNetwork(fitted.network, fitted.head)
        return ThinnedNetworks(fitted.network, fitted.head, count, self.training.seed)

    @torch.inference_mode()
    def _standardised(self, windows: Windows, fitted: _Fitted) -> tuple[FloatArray, FloatArray]:
        """Mean, row × lead, and quantiles, row × lead × level."""
        runs = self._runs(fitted)
        mean = np.empty(windows.target.shape)
        quantiles = np.empty((*mean.shape, len(LEVELS)))
        start = 0
        for batch in BatchSource(windows, fitted.scaling).in_order(self._chunk):
            rows = slice(start, start := start + len(batch.series))
            mean[rows], quantiles[rows] = runs.mixed(batch, fitted.error_quantiles)
        return mean, quantiles

    @torch.inference_mode()
    def _means(self, windows: Windows) -> FloatArray:
        """Standardised mean of every pass, pass × row × lead."""
        fitted = self._require_fit()
        batches = SharedInputs.of(windows).batches(fitted.scaling, self._chunk)
        runs = self._runs(fitted)
        return np.concatenate([runs.means(batch) for batch in batches], axis=1)


def _distinct_columns(known: FloatArray) -> list[int]:
    """Columns of the flattened lead × feature axis without the copies of features that are
    the same for every lead, which would only count double in the head."""
    own = (known != known[:, :1]).any(axis=0)
    own[:1] = True
    return [int(i) for i in np.nonzero(own.ravel())[0]]
