"""Where do I go to write a baseline? Give a point forecast; the rest is here.

A baseline says how its numbers are fitted on all training rows together and how they
make a point forecast. Its predictive distribution is that point plus the pooled
quantiles of its own training errors, per lead (`residuals`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from models.baselines.residuals import around, error_quantiles
from models.contract import FloatArray, Forecast, State, Windows
from models.errors import ArtefactError, ModelError, NotFittedError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ConfigT = TypeVar("ConfigT", bound="DataclassInstance")


class PooledBaseline(ABC, Generic[ConfigT]):
    """A Forecaster without gradients.

    kind         name of the model and of its stored form
    config_type  dataclass of its settings, all with defaults
    """

    kind: ClassVar[str]
    config_type: ClassVar[type[Any]]

    def __init__(self, config: ConfigT | None = None) -> None:
        self.config: ConfigT = self.config_type() if config is None else config
        self._leads: tuple[str, ...] = ()
        self._arrays: dict[str, FloatArray] = {}

    @abstractmethod
    def _fit_point(self, train: Windows) -> dict[str, FloatArray]:
        """Fit what the point forecast needs; lead first in every array."""

    @abstractmethod
    def _point(self, windows: Windows, arrays: Mapping[str, FloatArray]) -> FloatArray:
        """Point forecast in target units, row × lead."""

    def fit(self, train: Windows, valid: Windows) -> Self:
        """Fit on the training rows alone; every lead needs an outcome among them.

        Raises ModelError when a lead has none.
        """
        del valid  # nothing here stops or chooses on it
        arrays = self._fit_point(train)
        arrays["errors"] = error_quantiles(train, self._point(train, arrays))
        self._leads, self._arrays = train.leads, arrays
        return self

    def predict(self, windows: Windows) -> Forecast:
        """Forecast every row; each row's answer is its own, whatever rows stand beside it."""
        if not self._arrays:
            raise NotFittedError(f"{self.kind}: call fit before predict")
        if windows.leads != self._leads:
            raise ModelError(
                f"{self.kind}: fitted for the leads {', '.join(self._leads)}, "
                f"asked for {', '.join(windows.leads)}"
            )
        return around(windows, self._point(windows, self._arrays), self._arrays["errors"])

    def state(self) -> State:
        """Return settings and fitted numbers as data."""
        if not self._arrays:
            raise NotFittedError(f"{self.kind}: call fit before state")
        config = {"settings": asdict(self.config), "leads": list(self._leads)}
        return State(self.kind, config, dict(self._arrays))

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild a fitted model; it forecasts bit for bit as the one that was stored."""
        if state.kind != cls.kind:
            raise ArtefactError(f"expected a stored {cls.kind!r}, got {state.kind!r}")
        model = cls(cls.config_type(**settings_from_json(state.config["settings"])))
        model._leads = tuple(state.config["leads"])
        model._arrays = dict(state.arrays)
        return model


def settings_from_json(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Undo what JSON does to settings: a tuple comes back as a list."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
