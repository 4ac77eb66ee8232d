"""What a report says beside its numbers: who made the forecasts, from what, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.evaluation.evaluate import Roles

QUESTION = (
    "Does averaging recurrent networks forecast better than each network alone, and better "
    "than simple and statistical baselines, on data that no model had seen?"
)


@dataclass(frozen=True)
class ReportAbout:
    """Facts that the table of forecasts does not hold.

    config            settings of the back-test, JSON-able
    data_hash         of the data behind the forecasts
    seed              of the back-test; draws of the bootstrap tests start from it
    reference         models to be judged: the ensemble first, then its members
    baselines         models to beat (those on the sample of series too)
    models            model -> one line: what it is
    notes             paragraphs for the reader: what was refitted when, how the sample of
                      series was drawn, what was left out
    attrition         year, series alive in it, of which ended in it (`PanelSummary`)
    versions          time, commit, interpreter, packages (`pipelines.provenance`)
    title, question   heading of the report, and what it answers
    period            what a step of time is called
    portfolio_target  target whose top and bottom tenths are cumulated over time
    """

    config: Mapping[str, Any]
    data_hash: str
    seed: int
    reference: tuple[str, ...]
    baselines: tuple[str, ...]
    models: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    attrition: Sequence[tuple[str, int, int]] = ()
    versions: Mapping[str, Any] = field(default_factory=dict)
    title: str = "Back-test"
    question: str = QUESTION
    period: str = "month"
    portfolio_target: str = "forward"

    @property
    def roles(self) -> Roles:
        return Roles(self.reference, self.baselines)
