"""How a direct network answers a batch: whole, or as the mixture of MC dropout's thinned ones."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from models.contract import LEVELS, Batch, FloatArray
from models.forecasters.direct_network import DirectNetwork
from models.forecasters.mc_dropout import thinned_passes
from models.heads import Head
from models.transforms.mixture import mixture_quantiles


class DirectRuns(ABC):
    """Forecasts of a network, standardised."""

    def __init__(self, network: DirectNetwork, head: Head) -> None:
        self._network = network
        self._head = head

    @abstractmethod
    def means(self, batch: Batch) -> FloatArray:
        """Mean of every pass: pass × row × lead, float32."""

    @abstractmethod
    def mixed(self, batch: Batch, errors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean, row × lead, and quantiles, row × lead × level, of all passes.

        errors   lead × level: quantiles around each pass's own, zero for heads that have them
        """


class WholeNetwork(DirectRuns):
    """One pass, without dropout."""

    def means(self, batch: Batch) -> FloatArray:
        return np.asarray(self._head.mean(self._network(batch)).numpy()[None])

    def mixed(self, batch: Batch, errors: FloatArray) -> tuple[FloatArray, FloatArray]:
        mean, quantiles = _both(self._network, self._head, batch)
        return mean, quantiles + errors


class ThinnedNetworks(DirectRuns):
    """So many thinned networks, the same for every row (see `mc_dropout`)."""

    def __init__(self, network: DirectNetwork, head: Head, passes: int, seed: int) -> None:
        super().__init__(network, head)
        self._passes = passes
        self._seed = seed

    def means(self, batch: Batch) -> FloatArray:
        def run(network: DirectNetwork) -> FloatArray:
            return np.asarray(self._head.mean(network(batch)).numpy())

        return np.stack(list(thinned_passes(self._network, run, self._passes, self._seed)))

    def mixed(self, batch: Batch, errors: FloatArray) -> tuple[FloatArray, FloatArray]:
        def run(network: DirectNetwork) -> tuple[FloatArray, FloatArray]:
            return _both(network, self._head, batch)

        found = list(thinned_passes(self._network, run, self._passes, self._seed))
        means, quantiles = (np.stack(part) for part in zip(*found, strict=True))
        return means.mean(axis=0), mixture_quantiles(quantiles + errors, LEVELS)


def _both(network: DirectNetwork, head: Head, batch: Batch) -> tuple[FloatArray, FloatArray]:
    params = network(batch)
    quantiles = head.quantiles(params, LEVELS).numpy().astype(np.float64)
    return head.mean(params).numpy(), quantiles
