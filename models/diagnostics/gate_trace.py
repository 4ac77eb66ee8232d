"""When did the state of a network change? The gates of GateL0RD cells, step by step.

A gate of these cells is exactly shut at most steps, if its penalty is read against the loss
(docs/methods/memory.md), so that what opened says when, for the network, something happened.
Other cells change their state a little at every step and have no such trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.cells.gatelord import GateLord
from models.contract import FloatArray
from models.errors import ConfigError


@dataclass(frozen=True)
class GateTrace:
    """What the gates did.

    opening   row × step × gate, 0 (shut) to 1; the gates of all layers, the lowest first
    """

    opening: FloatArray

    @property
    def open_share(self) -> FloatArray:
        """Share of the gates that are open at all, row × step."""
        return np.asarray((self.opening > 0).mean(axis=2))

    @property
    def changed(self) -> npt.NDArray[np.bool_]:
        """Whether any part of the state changed, row × step."""
        return np.asarray((self.opening > 0).any(axis=2))


def has_gates(network: nn.Module) -> bool:
    """Whether there is anything to trace."""
    return any(isinstance(part, GateLord) for part in network.modules())


@torch.inference_mode()
def gate_trace(network: nn.Module, run: Callable[[], object]) -> GateTrace:
    """What the gates of `network`, at rest (`eval`), do while `run` makes it forecast.

    run   anything that runs `network` on one batch, such as lambda: network.backbone(past); where
          it does so several times (MC dropout), the mean is returned

    Raises ConfigError for a network without such gates, or one that `run` did not run.
    """
    layers = [part for part in network.modules() if isinstance(part, GateLord)]
    if not layers:
        raise ConfigError(
            "gate trace: no cell of this network has gates that shut; expected one of gatelord"
        )
    found: list[list[torch.Tensor]] = [[] for _ in layers]

    def keep(place: int) -> Callable[..., None]:
        return lambda layer, given, _result: found[place].append(layer.gates(*given[:2]))

    hooks = [layer.register_forward_hook(keep(place)) for place, layer in enumerate(layers)]
    try:
        run()
    finally:
        for hook in hooks:
            hook.remove()
    if not all(found):
        raise ConfigError("gate trace: the forecast did not run this network; nothing to trace")
    layerwise = [torch.stack(runs).mean(dim=0) for runs in found]
    return GateTrace(torch.cat(layerwise, dim=2).cpu().numpy())
