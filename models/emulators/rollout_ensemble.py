"""An ensemble of rollout models, with the spread that its errors had on validation rollouts.

The members' normal distributions are pooled by their first two moments (the law of total
variance), then two error models repair the pooled spread: one for rollouts from a known
start, one for rollouts from drivers alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np

from models.contract import FloatArray, State
from models.emulators.error_model import ErrorModel
from models.errors import ArtefactError, ConfigError, NotFittedError
from models.rollouts import RolloutForecast, RolloutForecaster, Rollouts, complete

#: Makes the member that a state holds.
RestoreRollout = Callable[[State], RolloutForecaster]
#: Called with (members trained, members in all).
Progress = Callable[[int, int], None]
_STARTS = ("known", "unknown")


class RolloutEnsemble:
    """Members of equal weight and their common errors."""

    kind = "rollout_ensemble"

    def __init__(self, members: Sequence[tuple[str, RolloutForecaster]]) -> None:
        names = [name for name, _ in members]
        if not names or len(set(names)) < len(names):
            raise ConfigError(f"an ensemble needs members with different names, got {names}")
        self.members = tuple(members)
        self._errors: dict[str, ErrorModel] = {}

    def fit(self, train: Rollouts, valid: Rollouts, progress: Progress | None = None) -> Self:
        """Fit every member, then learn the errors of all together on the rows of `valid`."""
        for done, (_, member) in enumerate(self.members, start=1):
            member.fit(train, valid)
            if progress is not None:
                progress(done, len(self.members))
        return self.learn_errors(valid)

    def learn_errors(self, valid: Rollouts) -> Self:
        """Learn the errors of members that are already fitted, on rows without a missing hour."""
        whole = valid.select(complete(valid))
        for start in _STARTS:
            rows = whole.with_known(start == "known")
            self._errors[start] = ErrorModel.fit(self._pooled(rows), rows.target)
        return self

    def predict(self, rollouts: Rollouts) -> RolloutForecast:
        """Pool the members and repair the spread."""
        pooled = self._pooled(rollouts)
        mean, covariance = pooled.mean, np.empty_like(pooled.covariance)
        for start in _STARTS:
            rows = rollouts.known == (start == "known")
            if rows.any():
                part = RolloutForecast(mean[rows], pooled.covariance[rows])
                covariance[rows] = self.errors(start == "known").applied(part).covariance
        return RolloutForecast(mean, covariance)

    def mean(self, rollouts: Rollouts) -> FloatArray:
        """The mean alone, row × hour × component: several times faster than `predict`."""
        means = [member.predict(rollouts).mean for _, member in self.members]
        return np.asarray(np.mean(means, axis=0))

    def errors(self, known: bool) -> ErrorModel:
        """What the errors look like. Raises NotFittedError before `fit`."""
        if not self._errors:
            raise NotFittedError("RolloutEnsemble: call fit before predict or state")
        return self._errors["known" if known else "unknown"]

    def state(self) -> State:
        """Errors, and the members as parts."""
        self.errors(True)
        return State(
            kind=self.kind,
            config={"members": [name for name, _ in self.members]},
            arrays={
                f"{start}.{name}": value
                for start, errors in self._errors.items()
                for name, value in errors.arrays().items()
            },
            parts={name: member.state() for name, member in self.members},
        )

    @classmethod
    def from_state(cls, state: State, restore: RestoreRollout | None = None) -> Self:
        """Inverse of `state`; `restore` makes the members (models.emulators.catalogue does)."""
        if restore is None:
            raise ArtefactError("an ensemble is restored with models.emulators.catalogue.restore")
        try:
            members = [(str(n), restore(state.parts[n])) for n in state.config["members"]]
            ensemble = cls(members)
            for start in _STARTS:
                found = {
                    name.removeprefix(f"{start}."): value
                    for name, value in state.arrays.items()
                    if name.startswith(f"{start}.")
                }
                ensemble._errors[start] = ErrorModel.from_arrays(found)
        except (KeyError, TypeError, ConfigError) as error:
            raise ArtefactError(f"stored ensemble is not complete: {error}") from error
        return ensemble

    def _pooled(self, rollouts: Rollouts) -> RolloutForecast:
        forecasts = [member.predict(rollouts) for _, member in self.members]
        if len(forecasts) == 1:
            return forecasts[0]
        mean = np.mean([forecast.mean for forecast in forecasts], axis=0)
        covariance = np.zeros_like(forecasts[0].covariance)
        for forecast in forecasts:
            apart = forecast.mean - mean
            covariance += forecast.covariance + apart[..., None] * apart[..., None, :]
        return RolloutForecast(mean, covariance / len(forecasts))
