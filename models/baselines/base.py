"""What all baselines have in common: settings, leads, and the way into and out of a `State`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from models.contract import State, Windows
from models.errors import ArtefactError, ModelError, NotFittedError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ConfigT = TypeVar("ConfigT", bound="DataclassInstance")


class Baseline(Generic[ConfigT]):
    """A model without gradients; `fit` sets its leads.

    kind         name of the model and of its stored form
    config_type  dataclass of its settings, all with defaults
    """

    kind: ClassVar[str]
    config_type: ClassVar[type[Any]]

    def __init__(self, config: ConfigT | None = None) -> None:
        self.config: ConfigT = self.config_type() if config is None else config
        self._leads: tuple[str, ...] = ()

    def _check_fitted(self, wanted_for: str) -> None:
        if not self._leads:
            raise NotFittedError(f"{self.kind}: call fit before {wanted_for}")

    def _check_leads(self, windows: Windows) -> None:
        """Refuse to forecast unfitted, or other leads than those of `fit`."""
        self._check_fitted("predict")
        if windows.leads != self._leads:
            raise ModelError(
                f"{self.kind}: fitted for the leads {', '.join(self._leads)}, "
                f"asked for {', '.join(windows.leads)}"
            )

    def _stored_config(self) -> dict[str, Any]:
        self._check_fitted("state")
        return {"settings": asdict(self.config), "leads": list(self._leads)}

    @classmethod
    def _restored(cls, state: State) -> Self:
        """A model with the settings and leads of a state, its fitted numbers still missing."""
        if state.kind != cls.kind:
            raise ArtefactError(f"expected a stored {cls.kind!r}, got {state.kind!r}")
        model = cls(cls.config_type(**_from_json(state.config["settings"])))
        model._leads = tuple(state.config["leads"])
        return model


def _from_json(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Undo what JSON does to settings: a tuple comes back as a list."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
