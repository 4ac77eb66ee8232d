"""The layers of a stacked autoencoder: inputs in, code out, and back."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from models.transforms.autoencoder_settings import AutoencoderConfig

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "relu": nn.ReLU,
    "silu": nn.SiLU,
}


class AutoencoderNetwork(nn.Module):
    """Standardised inputs <-> code; layer k of the decoder undoes layer k of the encoder.

    down, up   linear paths beside the layers, without a bias; None without them
    """

    def __init__(self, inputs: int, config: AutoencoderConfig) -> None:
        super().__init__()
        widths = [inputs, *config.hidden, config.code]
        self.encoders = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.decoders = nn.ModuleList(nn.Linear(b, a) for a, b in pairwise(widths))
        self._active_code = config.active_code
        self.activation = ACTIVATIONS[config.activation]()
        self.down: nn.Linear | None = None
        self.up: nn.Linear | None = None
        if config.linear_path:
            self.down = nn.Linear(inputs, config.code, bias=False)
            self.up = nn.Linear(config.code, inputs, bias=False)

    @torch.no_grad()
    def begin_linear(self, down: torch.Tensor, up: torch.Tensor) -> None:
        """Set the linear paths, input × code each, and let the layers beside them add nothing
        yet."""
        if self.down is None or self.up is None:
            return
        self.down.weight.copy_(down.T)
        self.up.weight.copy_(up)
        for last in (self.encoders[-1], self.decoders[0]):
            for parameter in last.parameters():
                parameter.zero_()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Reconstruct."""
        return self.decode(self.encode(inputs))

    def encode(self, inputs: torch.Tensor) -> torch.Tensor:
        """... × input -> ... × code."""
        code = inputs
        for level in range(len(self.encoders)):
            code = self.encode_level(level, code)
        return code if self.down is None else code + self.down(inputs)

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """... × code -> ... × input."""
        values = code
        for level in reversed(range(len(self.decoders))):
            values = self.decode_level(level, values)
        return values if self.up is None else values + self.up(code)

    def encode_level(self, level: int, values: torch.Tensor) -> torch.Tensor:
        """What level `level` of the encoder, from 0 on, makes of the values below it."""
        out: torch.Tensor = self.encoders[level](values)
        last = level == len(self.encoders) - 1
        return out if last and not self._active_code else self.activation(out)

    def decode_level(self, level: int, values: torch.Tensor) -> torch.Tensor:
        """The values that level `level` of the encoder read."""
        out: torch.Tensor = self.decoders[level](values)
        return self.activation(out) if level else out
