"""Ridge regression on the signature of the look-back: linear in its iterated integrals.

Every continuous function of a path is nearly linear in enough terms of its signature, so this
is the plainest model that hears in which order things happened. Choose it for few channels,
and to see whether a network that reads signatures earns its cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from models.baselines.least_squares import linear_fit, linear_predict
from models.baselines.penalty_choice import check_choice, chosen_penalty, time_split
from models.baselines.pooled import PooledBaseline
from models.baselines.residuals import each_lead, scale_of
from models.contract import FloatArray, IntArray, Windows
from models.errors import ModelError
from models.transforms.path_features import PathKind, window_features
from models.transforms.scaling import Standardiser, WindowScaling, check_inputs


@dataclass(frozen=True)
class SignatureRidgeConfig:
    """Paths, and penalties.

    depth, clock, base_point, lead_lag, log, dyadic  of the features; see PathKind
    channels   names of those that make the path; all without any
    known      regress on the known features of the lead too
    penalties  ridge penalties per row to choose from, per lead, on the newest part of the
               training dates; a single one is taken as it is
    holdout    share of the dates in that part
    """

    depth: int = 2
    clock: bool = True
    base_point: bool = True
    lead_lag: bool = False
    log: bool = False
    dyadic: int = 1
    channels: tuple[str, ...] = ()
    known: bool = True
    penalties: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
    holdout: float = 0.25

    def __post_init__(self) -> None:
        check_choice(self.penalties, self.holdout)
        self.kind()

    def kind(self) -> PathKind:
        """How the look-back becomes a path. Raises ConfigError."""
        settings = asdict(self)
        return PathKind(**{name: settings[name] for name in PathKind.__dataclass_fields__})


class SignatureRidge(PooledBaseline[SignatureRidgeConfig]):
    """One regression per lead on standardised channels' signature, all series together.

    It models (target - reference) / scale, as networks do.
    """

    kind = "signature_ridge"
    config_type = SignatureRidgeConfig

    def _fit_point(self, train: Windows) -> dict[str, FloatArray]:
        channels = WindowScaling.fit(train).channels
        scaling = {"channels.mean": channels.mean, "channels.factor": channels.factor}
        terms = self._terms(train, scaling)
        wanted = _standard_target(train)

        def solve(lead: int, rows: IntArray) -> FloatArray:
            features = self._features(terms, train, lead)[rows]
            target, dates = wanted[rows, lead], train.origin[rows]
            split = time_split(dates, train.horizons[lead], self.config.holdout)
            penalty = chosen_penalty(features, target, self.config.penalties, *split)
            return linear_fit(features, target, penalty)

        return {"coefficients": each_lead(train, solve), **scaling}

    def _point(self, windows: Windows, arrays: Mapping[str, FloatArray]) -> FloatArray:
        check_inputs(windows)
        terms = self._terms(windows, arrays)
        columns = [
            linear_predict(self._features(terms, windows, lead), row)
            for lead, row in enumerate(arrays["coefficients"])
        ]
        reference = 0.0 if windows.reference is None else windows.reference
        return np.asarray(reference + scale_of(windows) * np.stack(columns, axis=1))

    def _terms(self, windows: Windows, scaling: Mapping[str, FloatArray]) -> FloatArray:
        """Signature features of the look-backs, row × term."""
        kept = self._columns(windows)
        standard = Standardiser(scaling["channels.mean"][kept], scaling["channels.factor"][kept])
        past = np.ascontiguousarray(windows.past()[:, :, kept])
        return window_features(standard.transform(past), self.config.kind())

    def _columns(self, windows: Windows) -> list[int]:
        """Indices of the channels of the path."""
        if not self.config.channels:
            return list(range(windows.channels.shape[2]))
        names = windows.channel_names
        for name in self.config.channels:
            if name not in names:
                raise ModelError(f"{self.kind}: no channel {name!r}; there are {', '.join(names)}")
        return [names.index(name) for name in self.config.channels]

    def _features(self, terms: FloatArray, windows: Windows, lead: int) -> FloatArray:
        if not self.config.known:
            return terms
        return np.concatenate([terms, windows.known[:, lead].astype(np.float64)], axis=1)


def _standard_target(windows: Windows) -> FloatArray:
    reference = 0.0 if windows.reference is None else windows.reference
    return np.asarray((windows.target - reference) / scale_of(windows))
