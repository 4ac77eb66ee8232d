"""Reducers: samples of many numbers to codes of few, and back, behind one interface.

Choose `pca`, principal components, unless samples lie near a bent surface or the code has to be
very short: components are exact, linear and fast. Choose `autoencoder` else, and for samples with
many gaps. Both encode samples with gaps (NaN).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray, State
from models.errors import ArtefactError, ConfigError, ModelError
from models.transforms.autoencoder_settings import AutoencoderConfig
from models.transforms.denoising_autoencoder import DenoisingAutoencoder
from models.transforms.principal_components import PrincipalComponents

ReducerKind = Literal["pca", "autoencoder"]
PCA, AUTOENCODER = "pca", "autoencoder"
REDUCERS: tuple[str, ...] = (PCA, AUTOENCODER)


class Reducer(Protocol):
    """Samples <-> codes.

    rank       numbers of a code
    residual   input: variance of what codes leave out
    """

    @property
    def rank(self) -> int: ...

    @property
    def residual(self) -> npt.NDArray[np.float32]: ...

    def encode(self, samples: FloatArray, /) -> npt.NDArray[np.float32]:
        """... × input -> ... × code; NaN where a value is missing."""
        ...

    def decode(self, codes: FloatArray, /) -> npt.NDArray[np.float32]:
        """... × code -> ... × input."""
        ...

    def jacobian(self, codes: FloatArray, /) -> npt.NDArray[np.float32]:
        """Derivative of `decode`: ... × code -> ... × input × code."""
        ...

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """By name, as they are stored."""
        ...


def check_reducer(name: str, kind: str) -> None:
    """Raise ConfigError for a kind that is not known."""
    if kind not in REDUCERS:
        raise ConfigError(f"{name}: expected one of {', '.join(REDUCERS)}, got {kind!r}")


def fit_reducer(samples: FloatArray, kind: str, rank: int, how: AutoencoderConfig) -> Reducer:
    """Fit on samples in memory, sample × input.

    rank  numbers of a code
    how   for an autoencoder; its own code is not read

    Raises ConfigError for another kind, and ModelError when there is too little to fit on.
    """
    check_reducer("reducer", kind)
    if kind == AUTOENCODER:
        return DenoisingAutoencoder.fit(samples, how.with_code(rank))
    if np.isnan(samples).any():
        raise ModelError(
            "reducer pca: samples to fit on have gaps; leave these samples out, or use autoencoder"
        )
    return PrincipalComponents.fit(lambda: [samples], rank=rank)


def to_state(reducer: Reducer) -> State:
    """What `from_state` needs."""
    if isinstance(reducer, DenoisingAutoencoder):
        return State(AUTOENCODER, reducer.settings(), reducer.arrays())
    return State(PCA, {}, reducer.arrays())


def from_state(state: State) -> Reducer:
    """Inverse of `to_state`. Raises ArtefactError when a part is missing or does not fit."""
    if state.kind not in REDUCERS:
        raise ArtefactError(
            f"stored reducer {state.kind!r}: not known here; known: {', '.join(REDUCERS)}"
        )
    return from_arrays(state.kind, state.arrays, state.config)


def from_arrays(
    kind: str, arrays: Mapping[str, npt.NDArray[Any]], settings: Mapping[str, Any]
) -> Reducer:
    """The reducer of a kind from what it was stored as. Raises ArtefactError."""
    try:
        if kind == PCA:
            return PrincipalComponents.from_arrays(arrays)
        return DenoisingAutoencoder.from_arrays(arrays, settings)
    except (KeyError, TypeError, RuntimeError, ConfigError) as error:
        reason = " ".join(str(error).split())
        raise ArtefactError(f"stored reducer {kind!r} does not fit: {reason}") from error
