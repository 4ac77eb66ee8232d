"""Settings that only some backbones have, in one group so that every name takes the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.errors import ConfigError


@dataclass(frozen=True)
class BackboneOptions:
    """What a backbone is made of beyond its size.

    memory       how gates that keep the state begin: chrono, spread over the length of the
                 window (Tallec and Ollivier 2018), or open, a forget bias of one (Gers et al.
                 2000) that has lost most after ten steps
    variational  one dropout mask per sequence, on inputs, outputs and the recurrent connection
                 (Gal and Ghahramani 2016), instead of one per step between layers alone
    signature_channels  channels of the path whose signature is read, beside time
    signature_depth     levels of that signature
    gate_penalty        what an open gate of a cell with sparse changes costs (gatelord)
    block, heads        steps of a block of attention, and heads (or the next divisor of the width)
    state_vectors       that a block-recurrent transformer carries from block to block
    gate                of these: fixed or lstm
    kernel_size         steps that a layer of a gated convolution reads
    weight_norm         learn lengths and directions of its kernels apart
    """

    memory: Literal["chrono", "open"] = "chrono"
    variational: bool = False
    signature_channels: int = 3
    signature_depth: int = 3
    gate_penalty: float = 0.001
    kernel_size: int = 4
    weight_norm: bool = False
    block: int = 16
    heads: int = 4
    state_vectors: int = 8
    gate: Literal["fixed", "lstm"] = "fixed"

    def __post_init__(self) -> None:
        if self.memory not in ("chrono", "open"):
            raise ConfigError(f"options.memory: expected chrono or open, got {self.memory!r}")
        if self.gate not in ("fixed", "lstm"):
            raise ConfigError(f"options.gate: expected fixed or lstm, got {self.gate!r}")
        counts = ("signature_channels", "signature_depth", "block", "heads", "state_vectors")
        for name in counts:
            if getattr(self, name) < 1:
                raise ConfigError(f"options.{name}: expected 1 or more, got {getattr(self, name)}")
        if not self.gate_penalty >= 0:
            raise ConfigError(f"options.gate_penalty: expected 0 or more, got {self.gate_penalty}")
        if self.kernel_size < 2:
            raise ConfigError(f"options.kernel_size: expected 2 or more, got {self.kernel_size}")
