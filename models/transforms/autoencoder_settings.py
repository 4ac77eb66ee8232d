"""Settings of a stacked denoising autoencoder, checked when built."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from models.errors import ConfigError

Corruption = Literal["none", "masking", "gaussian", "salt_and_pepper"]
_CORRUPTIONS = ("none", "masking", "gaussian", "salt_and_pepper")
_ACTIVATIONS = ("tanh", "sigmoid", "relu", "silu")


@dataclass(frozen=True)
class AutoencoderConfig:
    """What it is made of and how it is trained.

    code         numbers that a sample becomes
    hidden       widths of the layers between the inputs and the code
    activation   tanh, sigmoid, relu or silu, after every hidden layer
    active_code  after the code too; without, a code may be any number
    corruption   of what is encoded in training: none, masking (a share of the inputs is set to
                 the mean), gaussian, or salt_and_pepper (a share to the lowest or highest seen)
    noise        that share, or the deviation of the noise in standard deviations
    emphasis     what the error of a corrupted input counts for, and that of an untouched one
    linear_path  code and reconstruction begin as principal components, which the layers correct;
                 for smooth fields, of which components already tell most. There is no layer-wise
                 training then
    by_variance  an input counts by its variance, as in principal components; else all the same
    layer_epochs, epochs  passes for every layer on its own, then for all of them together
    """

    code: int = 8
    hidden: tuple[int, ...] = (64,)
    activation: Literal["tanh", "sigmoid", "relu", "silu"] = "tanh"
    active_code: bool = False
    corruption: Corruption = "masking"
    noise: float = 0.25
    emphasis: tuple[float, float] = (1.0, 1.0)
    linear_path: bool = False
    by_variance: bool = False
    layer_epochs: int = 20
    epochs: int = 60
    batch_size: int = 128
    learning_rate: float = 2e-3
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))
        object.__setattr__(self, "emphasis", tuple(self.emphasis))
        for name, value, known in (
            ("corruption", self.corruption, _CORRUPTIONS),
            ("activation", self.activation, _ACTIVATIONS),
        ):
            if value not in known:
                raise ConfigError(
                    f"autoencoder.{name}: expected one of {', '.join(known)}, got {value!r}"
                )
        for name, least in (("code", 1), ("layer_epochs", 0), ("epochs", 0), ("batch_size", 1)):
            if getattr(self, name) < least:
                raise ConfigError(
                    f"autoencoder.{name}: expected {least} or more, got {getattr(self, name)}"
                )
        if any(width < 1 for width in self.hidden):
            raise ConfigError(f"autoencoder.hidden: expected widths above 0, got {self.hidden}")
        self._check_numbers()

    def with_code(self, code: int) -> AutoencoderConfig:
        """The same with a code of another length."""
        return replace(self, code=code)

    def _check_numbers(self) -> None:
        if not self.noise >= 0:
            raise ConfigError(f"autoencoder.noise: expected 0 or more, got {self.noise}")
        if self.corruption in ("masking", "salt_and_pepper") and not self.noise < 1:
            raise ConfigError(f"autoencoder.noise: expected a share below 1, got {self.noise}")
        if len(self.emphasis) != 2 or min(self.emphasis) < 0 or not max(self.emphasis) > 0:
            raise ConfigError(
                "autoencoder.emphasis: expected two numbers, 0 or more and not both 0, got "
                f"{self.emphasis}"
            )
        if not self.learning_rate > 0:
            raise ConfigError(
                f"autoencoder.learning_rate: expected above 0, got {self.learning_rate}"
            )
