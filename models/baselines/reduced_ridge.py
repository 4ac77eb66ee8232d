"""Ridge regression on the code of the look-back, by principal components or an autoencoder.

The window of all channels becomes a few numbers without a look at any outcome; the regression is
linear in them. Choose it where windows are long and outcomes few, and to see whether a network
earns its cost.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np

from models.baselines.least_squares import linear_fit, linear_predict
from models.baselines.penalty_choice import check_choice, chosen_penalty, time_split
from models.baselines.pooled import PooledBaseline
from models.baselines.residuals import each_lead, scale_of
from models.contract import FloatArray, IntArray, Windows
from models.errors import ConfigError
from models.transforms.autoencoder_settings import AutoencoderConfig
from models.transforms.reducers import AUTOENCODER, PCA, Reducer, fit_reducer, from_arrays
from models.transforms.scaling import Standardiser, WindowScaling, check_known

#: Windows that are encoded at once.
CHUNK = 256
_REDUCER, _RANK = "reducer.", "rank"


@dataclass(frozen=True)
class ReducedRidgeConfig:
    """Reducer, and penalties.

    rank         numbers of a code; with fewer values in a window, as many as these less one
    autoencoder  layers and training of one, for `autoencoder_ridge`; its own code is not read
    rows         windows that the reducer is fitted on at most, spread over those of the training
    known        regress on the known features of the lead too
    penalties    ridge penalties per row to choose from, per lead, on the newest part of the
                 training dates; a single one is taken as it is
    holdout      share of the dates in that part
    """

    rank: int = 8
    autoencoder: AutoencoderConfig = field(
        default_factory=lambda: AutoencoderConfig(layer_epochs=5, epochs=20)
    )
    rows: int = 20_000
    known: bool = True
    penalties: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
    holdout: float = 0.25

    def __post_init__(self) -> None:
        if isinstance(self.autoencoder, Mapping):  # as it comes back from JSON
            object.__setattr__(self, "autoencoder", AutoencoderConfig(**self.autoencoder))
        check_choice(self.penalties, self.holdout)
        for name, least in (("rank", 1), ("rows", 2)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name}: expected {least} or more, got {getattr(self, name)}")


class ReducedRidge(PooledBaseline[ReducedRidgeConfig], ABC):
    """One regression per lead on the codes of standardised windows, all series together.

    It models (target - reference) / scale, as networks do.
    """

    config_type = ReducedRidgeConfig

    @property
    @abstractmethod
    def reducer(self) -> str:
        """What makes the codes, by its name in models.transforms.reducers."""

    def _fit_point(self, train: Windows) -> dict[str, FloatArray]:
        channels = WindowScaling.fit(train).channels
        scaling = {"channels.mean": channels.mean, "channels.factor": channels.factor}
        count = min(self.config.rows, len(train))
        some = np.unique(np.linspace(0, len(train) - 1, count).astype(np.int64))
        samples = _flat(train.select(some), scaling)
        rank = min(self.config.rank, max(min(samples.shape) - 1, 1))
        reducer = fit_reducer(samples, self.reducer, rank, self.config.autoencoder)
        terms = _codes(reducer, train, scaling)
        wanted = _standard_target(train)

        def solve(lead: int, rows: IntArray) -> FloatArray:
            features = self._features(terms, train, lead)[rows]
            target, dates = wanted[rows, lead], train.origin[rows]
            split = time_split(dates, train.horizons[lead], self.config.holdout)
            penalty = chosen_penalty(features, target, self.config.penalties, *split)
            return linear_fit(features, target, penalty)

        own = {**reducer.arrays(), _RANK: np.array([reducer.rank])}
        stored = {f"{_REDUCER}{name}": value for name, value in own.items()}
        return {"coefficients": each_lead(train, solve), **scaling, **stored}

    def _point(self, windows: Windows, arrays: Mapping[str, FloatArray]) -> FloatArray:
        # Gaps of the past are what a reducer can do without.
        check_known(windows)
        terms = _codes(self._reducer(arrays), windows, arrays)
        columns = [
            linear_predict(self._features(terms, windows, lead), row)
            for lead, row in enumerate(arrays["coefficients"])
        ]
        reference = 0.0 if windows.reference is None else windows.reference
        return np.asarray(reference + scale_of(windows) * np.stack(columns, axis=1))

    def _reducer(self, arrays: Mapping[str, FloatArray]) -> Reducer:
        own = {
            name.removeprefix(_REDUCER): value
            for name, value in arrays.items()
            if name.startswith(_REDUCER)
        }
        how = self.config.autoencoder.with_code(int(own.pop(_RANK)[0]))
        return from_arrays(self.reducer, own, asdict(how))

    def _features(self, terms: FloatArray, windows: Windows, lead: int) -> FloatArray:
        if not self.config.known:
            return terms
        return np.concatenate([terms, windows.known[:, lead].astype(np.float64)], axis=1)


class PCARidge(ReducedRidge):
    """On principal components of the window: principal components regression."""

    kind = "pca_ridge"
    reducer = PCA


class AutoencoderRidge(ReducedRidge):
    """On the code of a denoising autoencoder of the window."""

    kind = "autoencoder_ridge"
    reducer = AUTOENCODER


def _flat(windows: Windows, scaling: Mapping[str, FloatArray]) -> FloatArray:
    """Standardised look-backs, row × (time · channel)."""
    standard = Standardiser(scaling["channels.mean"], scaling["channels.factor"])
    return standard.transform(np.ascontiguousarray(windows.past())).reshape(len(windows), -1)


def _codes(reducer: Reducer, windows: Windows, scaling: Mapping[str, FloatArray]) -> FloatArray:
    """Codes of the look-backs, row × code.

    Always so many rows at once, the last ones filled up with zeros: a product of another shape
    may sum in another order, and a row would hang on those beside it by its last bit.
    """
    codes = np.empty((len(windows), reducer.rank))
    for start in range(0, len(windows), CHUNK):
        flat = _flat(windows.select(np.arange(start, min(start + CHUNK, len(windows)))), scaling)
        block = np.zeros((CHUNK, flat.shape[1]), dtype=np.float32)
        block[: len(flat)] = flat
        codes[start : start + CHUNK] = reducer.encode(block)[: len(flat)]
    return codes


def _standard_target(windows: Windows) -> FloatArray:
    reference = 0.0 if windows.reference is None else windows.reference
    return np.asarray((windows.target - reference) / scale_of(windows))
