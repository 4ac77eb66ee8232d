"""All that a process needs to take part in a study, as plain data."""

from __future__ import annotations

import time
from dataclasses import dataclass

import optuna

from pipelines.tuning.objectives import Objective, ObjectiveSource
from pipelines.tuning.settings import TrialRecord, TuningSettings
from pipelines.tuning.space import SearchSpace
from pipelines.tuning.study import open_study, run_next


@dataclass(frozen=True)
class Job:
    """A study and one who works on it.

    storage  URL of the study's database
    until    time (seconds since 1970) after which no trial is begun
    worker   name that nobody else has, on any machine
    """

    source: ObjectiveSource
    space: SearchSpace
    settings: TuningSettings
    storage: str
    until: float | None
    worker: str

    def open(self) -> optuna.Study:
        return open_study(self.settings, self.storage, self.space)

    def run_next(self, study: optuna.Study, objective: Objective) -> TrialRecord | None:
        """The next trial; None when there is none to take, or no time left."""
        if self.late:
            return None
        return run_next(study, objective, self.space, self.settings, self.storage, self.worker)

    @property
    def late(self) -> bool:
        return self.until is not None and time.time() >= self.until
