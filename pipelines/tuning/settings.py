"""Settings of a study and what comes out of it, as plain data without Optuna."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from pipelines.config import StrictModel
from pipelines.tuning.space import Parameters

State = Literal["complete", "pruned", "failed", "interrupted", "running", "waiting"]


class TuningSettings(StrictModel):
    """How to search.

    study           name within the storage
    trials          total of the study: a second run goes on up to it
    workers         processes, one thread each; the trials are repeatable only with one
    sampler         tpe: tree of Parzen estimators over all parameters jointly; gp: Gaussian
                    process, better up to about 100 trials; random
    pruner          median: give up a trial that is worse than the median at its step;
                    asha: successive halving; none
    startup_trials  random trials before the sampler learns and the pruner may act
    warmup_steps    reported steps that every trial may have
    storage         SQLAlchemy URL; without one, SQLite in the output folder
    heartbeat_seconds  on a server: how often a trial shows that it is alive; twice as long
                    without a sign, and it is run again
    """

    study: str = Field("study", pattern=r"^[\w.-]+$")
    trials: int = Field(50, ge=1)
    workers: int = Field(1, ge=1)
    sampler: Literal["tpe", "gp", "random"] = "tpe"
    pruner: Literal["median", "asha", "none"] = "median"
    startup_trials: int = Field(10, ge=1)
    warmup_steps: int = Field(2, ge=0)
    seed: int = Field(0, ge=0)
    storage: str | None = None
    heartbeat_seconds: int = Field(30, ge=1)


@dataclass(frozen=True)
class TrialRecord:
    """One trial. `value` is the loss, None unless complete; `error` says why it failed."""

    number: int
    state: State
    params: Parameters
    value: float | None = None
    steps: int = 0
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class TuningResult:
    """What a study found.

    best         the complete trial with the smallest loss
    trials       every trial, oldest first, interrupted ones included
    importances  parameter -> share of the loss's variance (fANOVA), largest first; over
                 the parameters that every complete trial has; empty below four of them
    """

    study: str
    best: TrialRecord
    trials: tuple[TrialRecord, ...]
    importances: Mapping[str, float]

    @property
    def counts(self) -> dict[str, int]:
        """Number of trials by state."""
        return dict(Counter(trial.state for trial in self.trials))
