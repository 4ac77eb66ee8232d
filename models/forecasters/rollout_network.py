"""The network of open-loop rollouts: drivers and the state before the origin in, the state
of every later hour out.

The mean is a map of the hour's drivers and of the recurrent state, which has read all
drivers up to that hour and, before the origin, the state of the system as well::

    x_t = drivers            h_t = recurrent(x_t, z_t while known)
    m_t = map(x_t, h_t)      mean(z_t) = m_t + decay(t - t0) · (z_t0 - m_t0)

The last term lets what the map misses at the origin fade at two rates per component. With
an unknown start it is absent, and the spread is the whole one of the map. The mean of no
hour is fed back, so errors do not pile up, and all hours cost one pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn

from models.backbones.base import Backbone, Shape
from models.backbones.catalogue import make_backbone
from models.forecasters.settings import MEMORYLESS, RolloutNetworkConfig
from models.forecasters.soft_trees import make_readout
from models.heads.multivariate_gaussian import JOINT_HEADS

#: Hours of a usual rollout: three days before, five ahead.
STEPS = 192
#: Hours after which an error at the origin has faded to 1/e, before training: fast, slow.
_FADING = (12.0, 300.0)
#: Share of the spread that stays right after a known start.
_SPREAD_AT_START = 1e-3
#: Untrained outputs are close to the mean state.
OUTPUT_GAIN = 0.1

#: Mean, ... × component, and factor of the covariance, as the head has it.
MeanAndFactor = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class RolloutBatch:
    """Tensors of one step: row × hour × (feature or component), standardised.

    inputs  lookback + horizon hours
    past    lookback hours of the state, zero where unknown
    known   row: one where `past` is known, else zero
    target  horizon hours of the state, NaN where it is not known
    weight  row: positive
    """

    inputs: torch.Tensor
    past: torch.Tensor
    known: torch.Tensor
    target: torch.Tensor
    weight: torch.Tensor


class RolloutNetwork(nn.Module):
    """See the module. Without a cell it is the memoryless map of the drivers alone.

    steps   hours of a rollout with those before it; the first weights depend on it,
            and how far a backbone without recurrence sees
    """

    def __init__(
        self, features: int, components: int, config: RolloutNetworkConfig, steps: int = STEPS
    ) -> None:
        super().__init__()
        self.steps = steps
        self.channels = features + components + 1
        self.head = JOINT_HEADS[config.covariance](components)
        self.backbone: Backbone | None = None
        hidden = 0
        if config.cell != MEMORYLESS:
            hidden = config.hidden_size
            size = Shape(self.channels, hidden, config.layers, config.dropout, steps)
            self.backbone = make_backbone(config.cell, size, config.options)
        self.hidden = hidden
        self.map = _dense(features + hidden, config.map_size, config.map_layers)
        self.output = make_readout(
            config.readout, config.map_size, self.head.size, config.soft_trees
        )
        self.fading = nn.Parameter(torch.tensor(_FADING).log().repeat(components, 1))
        self.mixture = nn.Parameter(torch.zeros(components))
        self.output.shrink(OUTPUT_GAIN)

    def forward(self, batch: RolloutBatch) -> MeanAndFactor:
        """Return mean and factor of the covariance of the hours ahead."""
        return self._ahead(self.output(self._read(batch)), batch)

    def stages(self, batch: RolloutBatch) -> list[MeanAndFactor]:
        """What the loss is taken of in training; the last is what `forward` returns."""
        return [self._ahead(part, batch) for part in self.output.stages(self._read(batch))]

    def static_stages(self, inputs: torch.Tensor) -> list[MeanAndFactor]:
        """The map with the recurrent state at zero: row × feature -> mean and factor."""
        read = self.map(torch.cat([inputs, inputs.new_zeros(len(inputs), self.hidden)], dim=-1))
        parts = self.output.stages(read) if self.training else (self.output(read),)
        return [self.head.split(part) for part in parts]

    def _read(self, batch: RolloutBatch) -> torch.Tensor:
        """What the readout gets, from the origin's hour on: row × hour × width."""
        first = batch.past.shape[1] - 1
        states = self._states(batch)
        read: torch.Tensor = self.map(
            torch.cat([batch.inputs[:, first:], states[:, first:]], dim=-1)
        )
        return read

    def _ahead(self, params: torch.Tensor, batch: RolloutBatch) -> MeanAndFactor:
        """The distribution of the hours ahead, with what is left of the error at the origin."""
        mean, factor = self.head.split(params)
        if self.backbone is None:
            return mean[:, 1:], factor[:, 1:]
        missed = batch.past[:, -1] - mean[:, 0]
        left = self.decay(mean.shape[1] - 1) * batch.known[:, None, None]
        spread = torch.sqrt(1.0 - (1.0 - _SPREAD_AT_START) * left**2)
        if factor.dim() == mean.dim() + 1:
            spread = spread[..., None]
        return mean[:, 1:] + left * missed[:, None], factor[:, 1:] * spread

    def decay(self, hours: int) -> torch.Tensor:
        """What is left of an error at the origin after 1, 2, ... hours, hour × component."""
        ahead = torch.arange(1, hours + 1, device=self.fading.device)[:, None, None]
        rates = torch.exp(-ahead / self.fading.exp())
        share = torch.sigmoid(self.mixture)
        return share * rates[..., 0] + (1 - share) * rates[..., 1]

    def _states(self, batch: RolloutBatch) -> torch.Tensor:
        if self.backbone is None:
            return batch.inputs.new_zeros(*batch.inputs.shape[:2], 0)
        return self.backbone.states(self.seen(batch))

    def seen(self, batch: RolloutBatch) -> torch.Tensor:
        """What the backbone reads: drivers, the state while it is known, and whether it is."""
        rows, hours, _ = batch.inputs.shape
        lookback, components = batch.past.shape[1:]
        read = batch.inputs.new_zeros(rows, hours, components + 1)
        known = batch.known[:, None, None]
        read[:, :lookback, :-1] = batch.past * known
        read[:, :lookback, -1:] = known
        return torch.cat([batch.inputs, read], dim=-1)


def _dense(inputs: int, size: int, layers: int) -> nn.Sequential:
    widths = [inputs] + [size] * layers
    steps: list[nn.Module] = []
    for before, after in pairwise(widths):
        steps += [nn.Linear(before, after), nn.SiLU()]
    return nn.Sequential(*steps)
