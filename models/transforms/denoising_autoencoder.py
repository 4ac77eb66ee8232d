"""A stacked denoising autoencoder: samples to codes of few numbers, and back, gaps allowed.

Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010. Each layer learns to restore what it reads
from a damaged copy, on the undamaged output of the layer before; then all learn together to
restore the samples. Choose it over principal components for samples with gaps, or that lie near a
bent surface. The price of corruption is a worse reconstruction of whole samples: choose the share
by how many values will be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch

from models.contract import FloatArray
from models.errors import ModelError
from models.transforms.autoencoder_network import AutoencoderNetwork
from models.transforms.autoencoder_settings import AutoencoderConfig
from models.transforms.corruption import corrupted
from models.transforms.scaling import Standardiser

#: Samples per step outside training.
CHUNK = 8192
_WEIGHTS = "weights."

FloatMatrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class DenoisingAutoencoder:
    """A fitted autoencoder.

    scaling    of the inputs; a missing one is their mean
    residual   input: variance of what codes leave out of the samples it was fitted on
    """

    config: AutoencoderConfig
    network: AutoencoderNetwork
    scaling: Standardiser
    residual: FloatMatrix

    @classmethod
    def fit(cls, samples: FloatArray, config: AutoencoderConfig | None = None) -> Self:
        """Fit on samples, sample × input; NaN where a value is missing, which then is neither
        read nor counted.

        Bitwise repeatable on one machine with one thread; the random state of torch is as
        before. Raises ModelError without samples, or when an input has no value at all.
        """
        config = config or AutoencoderConfig()
        known = _checked(samples)
        scaling = _scaling(samples, known)
        values = torch.from_numpy(np.where(known, scaling.transform(samples), 0.0))
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            network = AutoencoderNetwork(samples.shape[1], config)
            training = _Training(network, config, values, torch.from_numpy(known), scaling)
            training.run()
        made = cls(config, network.eval(), scaling, np.zeros(samples.shape[1], np.float32))
        return replace(made, residual=made.left_out(samples))

    @property
    def rank(self) -> int:
        """Numbers of a code."""
        return self.config.code

    def encode(self, samples: FloatArray) -> FloatMatrix:
        """Codes of samples, ... × input -> ... × code; a missing value (NaN) is filled in by
        what the layers make of the others."""
        if samples.shape[-1] != len(self.scaling.mean):
            raise ModelError(
                f"autoencoder: expected samples of {len(self.scaling.mean)} inputs, got "
                f"{samples.shape[-1]}"
            )
        flat = np.asarray(samples, dtype=np.float32).reshape(-1, samples.shape[-1])
        values = self.scaling.transform(flat)
        np.copyto(values, 0.0, where=np.isnan(values))
        codes = _in_chunks(self.network.encode, values, self.rank)
        return codes.reshape(*samples.shape[:-1], self.rank)

    def decode(self, codes: FloatArray) -> FloatMatrix:
        """Samples of codes, ... × code -> ... × input."""
        flat = np.asarray(codes, dtype=np.float32).reshape(-1, codes.shape[-1])
        values = _in_chunks(self.network.decode, flat, len(self.scaling.mean))
        samples = values * self.scale + self.scaling.mean
        return samples.reshape(*codes.shape[:-1], samples.shape[-1]).astype(np.float32)

    def jacobian(self, codes: FloatArray) -> FloatMatrix:
        """Derivative of `decode`, ... × code -> ... × input × code."""
        flat = torch.from_numpy(np.asarray(codes, dtype=np.float32).reshape(-1, self.rank))
        with torch.no_grad():
            steep = torch.stack(
                [
                    torch.func.jvp(self.network.decode, (flat,), (toward.expand_as(flat),))[1]
                    for toward in torch.eye(self.rank)
                ],
                dim=-1,
            )
        scaled = steep.numpy() * self.scale[:, None]
        return scaled.reshape(*codes.shape[:-1], *scaled.shape[1:]).astype(np.float32)

    def left_out(self, samples: FloatArray) -> FloatMatrix:
        """Mean squared error of the reconstruction per input, over the values that are known."""
        missed = self.decode(self.encode(samples)) - samples
        return np.asarray(np.nanmean(missed**2, axis=0), dtype=np.float32)

    @property
    def scale(self) -> FloatMatrix:
        """Units per standardised unit, by input; zero for an input that never varies."""
        factor = self.scaling.factor
        return np.divide(1.0, factor, out=np.zeros_like(factor), where=factor > 0)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """By name, as they are stored; `settings` holds the rest."""
        weights = self.network.state_dict()
        return {
            **{f"{_WEIGHTS}{name}": value.numpy().copy() for name, value in weights.items()},
            "mean": self.scaling.mean,
            "factor": self.scaling.factor,
            "residual": self.residual,
        }

    def settings(self) -> dict[str, Any]:
        """The configuration, as JSON takes it."""
        return asdict(self.config)

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, npt.NDArray[Any]], settings: Mapping[str, Any]
    ) -> Self:
        """Inverse of `arrays` and `settings`. Raises KeyError, TypeError or RuntimeError when they
        do not fit each other."""
        config = AutoencoderConfig(**settings)
        scaling = Standardiser(np.array(arrays["mean"]), np.array(arrays["factor"]))
        with torch.random.fork_rng():
            network = AutoencoderNetwork(len(scaling.mean), config)
        network.load_state_dict(
            {
                name.removeprefix(_WEIGHTS): torch.from_numpy(np.array(value))
                for name, value in arrays.items()
                if name.startswith(_WEIGHTS)
            }
        )
        return cls(config, network.eval(), scaling, np.array(arrays["residual"]))


class _Training:
    """Trains the layers one by one, then together."""

    def __init__(
        self,
        network: AutoencoderNetwork,
        config: AutoencoderConfig,
        values: torch.Tensor,
        known: torch.Tensor,
        scaling: Standardiser,
    ) -> None:
        self._network, self._config = network, config
        self._values, self._known = values, known
        varies = scaling.factor > 0
        counts = varies.astype(np.float64)
        if config.by_variance:
            counts[varies] = 1.0 / scaling.factor[varies].astype(np.float64) ** 2
        share = counts / counts.mean() if varies.any() else counts
        self._counts = torch.from_numpy(share.astype(np.float32))

    def run(self) -> None:
        config, network = self._config, self._network
        if config.linear_path:
            network.begin_linear(*self._components())
        else:
            self._layers()
        counts = self._known * self._counts
        self._fit(list(network.parameters()), network, self._values, counts, config.epochs)

    def _layers(self) -> None:
        network, values, counts = self._network, self._values, self._known * self._counts
        for level in range(len(network.encoders)):
            own = [network.encoders[level], network.decoders[level]]
            parameters = [p for module in own for p in module.parameters()]
            restore = partial(_restore_level, network, level)
            self._fit(parameters, restore, values, counts, self._config.layer_epochs)
            with torch.no_grad():
                values = network.encode_level(level, values)
            counts = torch.ones_like(values)

    def _fit(
        self,
        parameters: list[torch.nn.Parameter],
        restore: Callable[[torch.Tensor], torch.Tensor],
        values: torch.Tensor,
        counts: torch.Tensor,
        epochs: int,
    ) -> None:
        """Adam with a rate that falls to zero along half a cosine."""
        config = self._config
        if not epochs:
            return
        extremes = values.amin(dim=0), values.amax(dim=0)
        optimizer = torch.optim.Adam(parameters, lr=config.learning_rate)
        steps = epochs * -(-len(values) // config.batch_size)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        strong, weak = config.emphasis
        for rows in self._batches(len(values), epochs):
            clean, weights = values[rows], counts[rows]
            damaged, hit = corrupted(clean, config.corruption, config.noise, extremes)
            weights = weights * torch.where(hit, strong, weak)
            error = (restore(damaged) - clean).square()
            loss = (error * weights).sum() / weights.sum().clamp_min(1e-12)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()

    def _batches(self, rows: int, epochs: int) -> Iterator[torch.Tensor]:
        for _ in range(epochs):
            yield from torch.split(torch.randperm(rows), self._config.batch_size)

    def _components(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Principal components of the values as they count: to codes of unit variance, and back,
        input × code each."""
        count = self._config.code
        if count > self._values.shape[1]:
            raise ModelError(
                f"autoencoder.linear_path: expected a code of at most {self._values.shape[1]} "
                f"numbers, as many as there are inputs, got {count}"
            )
        weigh = self._counts.double().sqrt()
        scaled = self._values.double() * weigh
        variance, vectors = torch.linalg.eigh(scaled.T @ scaled / len(scaled))
        leading = vectors[:, -count:].flip(1)
        spread = variance[-count:].flip(0).clamp_min(1e-12).sqrt()
        back = torch.where(weigh > 0, 1.0 / weigh, 0.0)[:, None]
        down, up = weigh[:, None] * leading / spread, back * leading * spread
        return down.float(), up.float()


def _restore_level(network: AutoencoderNetwork, level: int, damaged: torch.Tensor) -> torch.Tensor:
    return network.decode_level(level, network.encode_level(level, damaged))


def _checked(samples: FloatArray) -> npt.NDArray[np.bool_]:
    """Where values are known. Raises ModelError."""
    if samples.ndim != 2 or not len(samples):
        raise ModelError(f"autoencoder: expected samples × inputs to fit on, got {samples.shape}")
    known = ~np.isnan(samples)
    if np.isinf(samples).any():
        row, column = (int(i) for i in np.argwhere(np.isinf(samples))[0])
        raise ModelError(
            f"autoencoder: expected finite numbers or NaN, got {samples[row, column]} in sample "
            f"{row}, input {column}"
        )
    if not known.any(axis=0).all():
        raise ModelError(
            f"autoencoder: input {int(np.argmin(known.any(axis=0)))} has no value in any sample; "
            "leave it out"
        )
    return known


def _scaling(samples: FloatArray, known: npt.NDArray[np.bool_]) -> Standardiser:
    if known.all():
        return Standardiser.fit(samples)
    mean = np.nanmean(samples, axis=0, dtype=np.float64)
    # The mean in the gaps leaves the mean as it is; the spread is put right by the share.
    share = np.sqrt(known.mean(axis=0))
    filled = Standardiser.fit(np.where(known, samples, mean))
    return Standardiser(filled.mean, (filled.factor * share).astype(np.float32))


@torch.inference_mode()
def _in_chunks(
    run: Callable[[torch.Tensor], torch.Tensor], rows: FloatMatrix, width: int
) -> FloatMatrix:
    out = np.empty((len(rows), width), dtype=np.float32)
    for start in range(0, len(rows), CHUNK):
        part = slice(start, start + CHUNK)
        out[part] = run(torch.from_numpy(rows[part])).numpy()
    return out
