"""What a predictor offers to be retrained, and what the two sides of a comparison are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, Self

import numpy as np

from models.contract import FloatArray
from pipelines.registry import StoredModel
from pipelines.retraining.deadline import Deadline
from pipelines.retraining.folder import Result, RunFolder

CHAMPION, CHALLENGER = "champion", "challenger"


class UnfitError(Exception):
    """The challenger cannot be judged: its fit failed, or its forecasts are no numbers.

    It loses; the champion stays, and the run ends as any other.
    """


@dataclass(frozen=True)
class LossSeries:
    """Losses of both on the same dates, for one lead.

    lead        e.g. "rolling_12", or a segment of hours
    dates       label of each, ascending
    lags        later dates that a date's loss hangs together with
    champion    date: mean loss over what was forecast at that date
    challenger  date
    guard       only looked at for being worse, such as the storms among all hours
    """

    lead: str
    dates: tuple[str, ...]
    lags: int
    champion: FloatArray
    challenger: FloatArray
    guard: bool = False

    def to_json(self) -> dict[str, Any]:
        sides = {CHAMPION: self.champion.tolist(), CHALLENGER: self.challenger.tolist()}
        return {
            "lead": self.lead,
            "dates": list(self.dates),
            "lags": self.lags,
            "guard": self.guard,
            **sides,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        own, other = (np.asarray(data[side], np.float64) for side in (CHAMPION, CHALLENGER))
        dates = tuple(data["dates"])
        return cls(
            str(data["lead"]), dates, int(data["lags"]), own, other, guard=bool(data["guard"])
        )


@dataclass(frozen=True)
class Comparison:
    """What a back-test of both found. Without a champion its side is the challenger's own.

    loss      name of the loss
    series    one per lead
    scores    side -> lead -> name -> value: rmse or the like, and "coverage_90"
    notes     how it was made, in sentences: who was refitted when, and why
    metrics   the challenger's scores as the registry keeps them
    """

    loss: str
    series: tuple[LossSeries, ...]
    scores: Mapping[str, Mapping[str, Mapping[str, float]]]
    notes: tuple[str, ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def coverage(self, side: str) -> float:
        """Mean over leads, without guards, of the share of outcomes in the 90 % interval."""
        leads = [one.lead for one in self.series if not one.guard]
        return float(np.mean([self.scores[side][lead]["coverage_90"] for lead in leads]))

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "series": [one.to_json() for one in self.series]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        series = tuple(LossSeries.from_json(one) for one in data["series"])
        return cls(data["loss"], series, data["scores"], tuple(data["notes"]), data["metrics"])


@dataclass(frozen=True)
class Facts:
    """What the decision rests on. Amounts are in units of data (see NeedSettings).

    age        units that the champion lacks; None without a champion
    unit       what a unit is called
    outcomes   dates since the champion's training whose outcome is known
    coverage   of the champion's 90 % intervals on these; None without any
    error      of the champion on these over that of its back-test; None where not known
    """

    age: int | None
    unit: str
    outcomes: int = 0
    coverage: float | None = None
    error: float | None = None


class Domain(Protocol):
    """One predictor with its new data. Every method may be repeated after a crash."""

    @property
    def name(self) -> str:
        """Name in the registry."""
        ...

    @property
    def champion(self) -> StoredModel | None:
        """The model to beat, None without one."""
        ...

    @property
    def servable(self) -> bool:
        """Whether the service can answer with a model of these data."""
        ...

    def data(self) -> Result:
        """What tells the data apart: hash, first, last."""
        ...

    def challenger(self) -> Result:
        """Settings of the challenger before tuning."""
        ...

    def validate(self) -> Sequence[str]:
        """What is odd about the data, in sentences. Raises DataError for what is unusable."""
        ...

    def drift(self) -> Result:
        """A drift report as JSON, or {"drifted": None, "sentences": [why not]}."""
        ...

    def facts(self) -> Facts: ...

    def tune(self, folder: RunFolder, deadline: Deadline) -> Result:
        """Search settings: "settings" of the challenger, "study", "selection", "sentences"."""
        ...

    def train(self, folder: RunFolder, settings: Result, deadline: Deadline) -> Result:
        """Fit the challenger for the comparison, on what was known before its dates.

        Raises UnfitError when that fails, as `compare` and `final_error` do.
        """
        ...

    def compare(self, folder: RunFolder, settings: Result, deadline: Deadline) -> Comparison:
        """Forecast the same newest dates with both."""
        ...

    def seconds(self, folder: RunFolder, settings: Result) -> tuple[float, float]:
        """Seconds of the same batch forecast: champion's (the challenger's own without one),
        challenger's; both measured turn by turn."""
        ...

    def final_error(self, folder: RunFolder, settings: Result, deadline: Deadline) -> float:
        """Fit on all data; its error on the dates of the comparison over that measured there."""
        ...

    def store(self, folder: RunFolder, settings: Result, lineage: Result) -> StoredModel:
        """Save the final model; `lineage` holds metrics, parent, study and run."""
        ...
