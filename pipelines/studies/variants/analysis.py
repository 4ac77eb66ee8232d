"""What the trials say: which parameters matter, and which variants differ from the vanilla cell.

As in the paper: of the trials of a variant the best tenth by validation loss are compared by
their test loss, with Welch's t-test against those of the vanilla cell at 5 %. Here the p-values
are told as well, because eight tests make one of them small by chance every third time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.contract import FloatArray
from pipelines.studies.variants.search import BOUNDS, LABELS
from pipelines.tuning.importance import Searched, importances, marginal

VANILLA = "peephole_lstm"
#: Share of the trials that is compared, and the fewest there must be.
BEST, FEWEST = 0.1, 3
LEVEL = 0.05
Trials = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class VariantResult:
    """The best trials of one variant.

    tests        their test losses
    p_value      Welch's test against the vanilla cell, two-sided; None for that cell itself
    """

    variant: str
    trials: int
    tests: tuple[float, ...]
    best: float
    p_value: float | None

    @property
    def mean(self) -> float:
        return float(np.mean(self.tests))


@dataclass(frozen=True)
class TaskResult:
    """What a task's trials say.

    importances   name -> share of the variance of the logarithm of the validation loss
    marginals     name -> point × (value, loss)
    """

    task: str
    unit: str
    importances: dict[str, float]
    marginals: dict[str, FloatArray]
    variants: tuple[VariantResult, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "unit": self.unit,
            "importances": {name: round(x, 4) for name, x in self.importances.items()},
            "variants": [{**asdict(one), "mean": one.mean} for one in self.variants],
        }


def analysed(task: str, unit: str, found: Mapping[str, Trials], seed: int = 0) -> TaskResult:
    """Variants of one task; all their trials together tell what matters.

    Raises ConfigError when there are too few.
    """
    everything = [trial for trials in found.values() for trial in trials]
    searched = searched_of(everything)
    shares = importances(searched, seed)
    return TaskResult(
        task,
        unit,
        {LABELS[name]: share for name, share in shares.items()},
        {LABELS[name]: marginal(searched, name, seed=seed) for name in BOUNDS},
        tuple(_result(name, trials, found.get(VANILLA, ())) for name, trials in found.items()),
    )


def searched_of(trials: Trials, *, logarithm: bool = True) -> Searched:
    """Trials as the importance module takes them, by validation loss or its logarithm."""
    losses = [float(trial["valid"]) for trial in trials]
    if logarithm:
        losses = [math.log(max(loss, 1e-12)) for loss in losses]
    return Searched(BOUNDS, [trial["params"] for trial in trials], losses)


def best_tests(trials: Trials) -> tuple[float, ...]:
    """Test losses of the best tenth by validation loss."""
    count = max(FEWEST, round(BEST * len(trials)))
    ordered = sorted(trials, key=lambda trial: float(trial["valid"]))
    return tuple(float(trial["test"]) for trial in ordered[:count])


def _result(name: str, trials: Trials, vanilla: Trials) -> VariantResult:
    from scipy.stats import ttest_ind

    tests, p_value = best_tests(trials), None
    if name != VANILLA and vanilla:
        p_value = float(ttest_ind(tests, best_tests(vanilla), equal_var=False).pvalue)
        p_value = p_value if math.isfinite(p_value) else None
    return VariantResult(name, len(trials), tests, min(tests), p_value)
