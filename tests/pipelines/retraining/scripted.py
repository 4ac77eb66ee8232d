"""A predictor whose answers are written down: the chain of steps without any training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipelines.config import load_config
from pipelines.registry import StoredModel
from pipelines.retraining.deadline import Deadline, OutOfTimeError
from pipelines.retraining.domain import Comparison, Facts, LossSeries, UnfitError
from pipelines.retraining.folder import Result, RunFolder
from pipelines.retraining.run import Asked, Outcome, retrain
from pipelines.retraining.settings import RetrainSettings
from tests.pipelines.toy_models import save

NAME = "toy"


def series(
    lead: str, difference: Sequence[float], lags: int = 0, guard: bool = False
) -> LossSeries:
    """Losses of a champion of one at each date, and of a challenger that differs."""
    dates = tuple(f"{2000 + i // 12}-{i % 12 + 1:02d}" for i in range(len(difference)))
    own = np.ones(len(difference))
    return LossSeries(lead, dates, lags, own, own + np.asarray(difference), guard)


def noise(mean: float, dates: int = 40, size: float = 0.1, seed: int = 0) -> list[float]:
    """Differences of losses around a mean."""
    return list(np.random.default_rng(seed).normal(mean, size, dates))


@dataclass
class Scripted:
    """What each step finds; `calls` counts how often each was asked.

    difference  of losses, challenger less champion, as a share
    stop_at     a method that runs out of time, once
    settings    of the challenger, before tuning
    lineage     what the winner was stored with
    """

    champion: StoredModel | None = None
    difference: float = -0.2
    coverage: float = 0.9
    latency: float = 1.0
    final: float = 0.8
    age: int | None = 12
    unfit: str = ""
    stop_at: str = ""
    servable: bool = True
    calls: dict[str, int] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=lambda: {"width": 3})
    lineage: dict[str, Any] = field(default_factory=dict)
    name: str = NAME

    def _called(self, what: str) -> None:
        self.calls[what] = self.calls.get(what, 0) + 1
        if what == self.stop_at:
            self.stop_at = ""
            raise OutOfTimeError(f"no time left to {what}")
        if what == self.unfit:
            raise UnfitError("its loss is no number")

    def data(self) -> Result:
        return {"hash": "abc", "first": "2001-01", "last": "2016-12"}

    def challenger(self) -> Result:
        return self.settings

    def validate(self) -> Sequence[str]:
        self._called("validate")
        return ["12 funds."]

    def drift(self) -> Result:
        self._called("drift")
        return {"drifted": False, "sentences": ["Nothing has drifted."]}

    def facts(self) -> Facts:
        return Facts(None if self.champion is None else self.age, "period")

    def tune(self, folder: RunFolder, deadline: Deadline) -> Result:
        del folder, deadline
        self._called("tune")
        return {
            "settings": {"width": 5},
            "study": "toy-study",
            "selection": {"metric": "crps"},
            "sentences": ["3 trials."],
        }

    def train(self, folder: RunFolder, settings: Result, deadline: Deadline) -> Result:
        del folder, deadline
        self._called("train")
        return {"settings": dict(settings)}

    def compare(self, folder: RunFolder, settings: Result, deadline: Deadline) -> Comparison:
        del folder, settings, deadline
        self._called("compare")
        found = series("rolling_6", noise(self.difference))
        side = {"rolling_6": {"rmse": 1.0, "coverage_90": self.coverage}}
        scores = {"champion": side, "challenger": side}
        return Comparison("crps", (found,), scores, ("40 dates.",), {"rmse": 1.0})

    def seconds(self, folder: RunFolder, settings: Result) -> tuple[float, float]:
        del folder, settings
        self._called("seconds")
        return 1.0, self.latency

    def final_error(self, folder: RunFolder, settings: Result, deadline: Deadline) -> float:
        del folder, settings, deadline
        self._called("final_error")
        return self.final

    def store(self, folder: RunFolder, settings: Result, lineage: Result) -> StoredModel:
        del folder, settings
        self._called("store")
        self.lineage = dict(lineage)
        return save(parent=lineage["parent"], run=lineage["run"], study=lineage["study"])


def settings(*overrides: str) -> RetrainSettings:
    return load_config(RetrainSettings, {}, overrides)


def run_scripted(
    domain: Scripted, overrides: Sequence[str] = (), told: str = "", **asked: Any
) -> Outcome:
    """A whole run; the domain is given the champion of when the run began."""

    def make(champion: StoredModel | None) -> Scripted:
        domain.champion = champion
        return domain

    given = {"data": domain.data(), "model": told}
    return retrain(domain.name, given, make, settings(*overrides), Asked(**asked))
