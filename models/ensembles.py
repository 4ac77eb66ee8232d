"""A Forecaster made of Forecasters: the paper's LSTM and GRU, or any others.

Choose `equal` weights unless there are many validation dates: estimated weights seldom
pay for their noise (Smith and Wallis 2009). `inverse_error` and `stacked` weights are
fitted on validation rows alone, per lead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from models.contract import FloatArray, Forecast, Forecaster, Restore, State, Windows
from models.errors import ArtefactError, ConfigError, ModelError, NotFittedError
from models.transforms.bootstrap import block_bootstrap
from models.transforms.pooling import COMBINATIONS, combine
from models.transforms.weighting import WEIGHTINGS, member_weights


@dataclass(frozen=True)
class Member:
    """One model of an ensemble and what it is trained on.

    bag_length  0: all training rows; else bootstrapped blocks of so many dates
    seed        of the bootstrap
    """

    name: str
    forecaster: Forecaster
    bag_length: int = 0
    seed: int = 0

    def fit(self, train: Windows, valid: Windows) -> None:
        """Fit on all rows, or on bootstrapped dates."""
        if self.bag_length:
            train = train.select(block_bootstrap(train.origin, self.bag_length, self.seed))
        self.forecaster.fit(train, valid)


class Ensemble:
    """Combines the predictive distributions of its members, with weights per lead.

    weighting    equal, inverse_error (Bates and Granger 1969), stacked (Breiman 1996)
    combination  quantile_average or linear_pool (the mixture)
    """

    kind = "ensemble"

    def __init__(
        self,
        members: Sequence[Member],
        weighting: str = "equal",
        combination: str = "quantile_average",
    ) -> None:
        names = [member.name for member in members]
        if not names or len(set(names)) < len(names):
            raise ConfigError(f"an ensemble needs members with different names, got {names}")
        for key, value, known in (
            ("weighting", weighting, WEIGHTINGS),
            ("combination", combination, COMBINATIONS),
        ):
            if value not in known:
                raise ConfigError(f"{key}: expected one of {', '.join(known)}, got {value!r}")
        self.members = tuple(members)
        self.weighting = weighting
        self.combination = combination
        self._weights: FloatArray | None = None

    @property
    def weights(self) -> FloatArray:
        """Member × lead; NotFittedError before `fit`."""
        if self._weights is None:
            raise NotFittedError("Ensemble: call fit before predict or state")
        return self._weights

    def fit(self, train: Windows, valid: Windows) -> Self:
        """Fit every member, then the weights on the rows of `valid`.

        Raises ModelError when the weights need outcomes and `valid` has none.
        """
        if self.weighting != "equal" and not np.isfinite(valid.target).any():
            raise ModelError(
                f"no validation row has an outcome: {self.weighting} weights need some; "
                "give validation rows or use equal weights"
            )
        for member in self.members:
            member.fit(train, valid)
        if self.weighting == "equal":
            self._weights = np.full((len(self.members), len(train.leads)), 1 / len(self.members))
        else:
            self._weights = self._fitted_weights(valid)
        return self

    def predict(self, windows: Windows) -> Forecast:
        """Combine what the members forecast."""
        weights = self.weights
        forecasts = [member.forecaster.predict(windows) for member in self.members]
        return combine(forecasts, weights, self.combination)

    def state(self) -> State:
        """Settings, weights, and the members as parts."""
        return State(
            kind=self.kind,
            config={
                "weighting": self.weighting,
                "combination": self.combination,
                "members": [[m.name, m.bag_length, m.seed] for m in self.members],
            },
            arrays={"weights": self.weights},
            parts={member.name: member.forecaster.state() for member in self.members},
        )

    @classmethod
    def from_state(cls, state: State, restore: Restore | None = None) -> Self:
        """Inverse of `state`; `restore` makes the members (models.catalogue.restore does)."""
        if restore is None:
            raise ModelError("an ensemble is restored with models.catalogue.restore")
        try:
            members = [
                Member(str(name), restore(state.parts[name]), int(bag_length), int(seed))
                for name, bag_length, seed in state.config["members"]
            ]
            ensemble = cls(members, state.config["weighting"], state.config["combination"])
            ensemble._weights = np.asarray(state.arrays["weights"])
        except (KeyError, TypeError, ValueError, ConfigError) as error:
            raise ArtefactError(f"stored ensemble is not complete: {error}") from error
        return ensemble

    def _fitted_weights(self, valid: Windows) -> FloatArray:
        means = np.stack([member.forecaster.predict(valid).mean for member in self.members])
        scale = 1.0 if valid.scale is None else valid.scale
        weight = np.ones(len(valid)) if valid.weight is None else valid.weight
        return member_weights((means - valid.target) / scale, weight, self.weighting)


def seed_ensemble(
    build: Callable[[int], Forecaster],
    seeds: Sequence[int],
    name: str = "seed",
    bag_length: int = 0,
    combination: str = "quantile_average",
) -> Ensemble:
    """One model trained from several seeds, all of the same weight.

    build       makes an unfitted model from a seed
    bag_length  0: every member sees all rows; else all but the first see bootstrapped dates
    """
    members = [
        Member(f"{name}_{seed}", build(seed), bag_length if index else 0, seed)
        for index, seed in enumerate(seeds)
    ]
    return Ensemble(members, "equal", combination)
