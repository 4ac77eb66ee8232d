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
from pipelines.tuning.importance import FEWEST as FEWEST_POINTS
from pipelines.tuning.importance import Searched, importances, marginal

VANILLA = "peephole_lstm"
#: Share of the trials that is compared, and the fewest there must be.
BEST, FEWEST = 0.1, 3
LEVEL = 0.05
Trials = Sequence[Mapping[str, Any]]
Shares = dict[str, float]


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

    @property
    def differs(self) -> bool:
        return self.p_value is not None and self.p_value < LEVEL


@dataclass(frozen=True)
class TaskResult:
    """What a task's trials say. Shares are by name of the parameter, the largest first.

    points      different settings; each was tried with every variant
    shares      of the variance of the validation loss that each explains alone
    logarithm   the same of the loss's logarithm
    plain       shares where the learning rate was not multiplied by (1 - momentum); None without
                such trials
    marginals   of the logarithm: name -> point × (value, loss, deviation)
    made        how the trials were made: seed, epochs
    """

    task: str
    unit: str
    points: int
    shares: Shares
    logarithm: Shares
    plain: Shares | None
    marginals: dict[str, FloatArray]
    variants: tuple[VariantResult, ...]
    made: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "unit": self.unit,
            **self.made,
            "points": self.points,
            "importances": _rounded(self.shares),
            "importances_of_log": _rounded(self.logarithm),
            "importances_plain": None if self.plain is None else _rounded(self.plain),
            "variants": [{**asdict(one), "mean": one.mean} for one in self.variants],
        }


def together(shares: Shares) -> float:
    """Share of the variance that only several parameters together explain."""
    return max(0.0, 1.0 - sum(shares.values()))


def analysed(
    task: str,
    unit: str,
    found: Mapping[str, Trials],
    *,
    plain: Mapping[str, Trials] | None = None,
    made: Mapping[str, int] | None = None,
) -> TaskResult:
    """Variants of one task; all their trials together tell what matters.

    plain   trials whose learning rate was not multiplied by (1 - momentum)
    Raises ConfigError when there are too few.
    """
    everything = _all(found)
    logarithms = searched_of(everything, logarithm=True)
    without = _all(plain or {})
    return TaskResult(
        task,
        unit,
        settings_in(found),
        shares_of(searched_of(everything)),
        shares_of(logarithms),
        shares_of(searched_of(without)) if settings_in(plain or {}) >= FEWEST_POINTS else None,
        {LABELS[name]: marginal(logarithms, name) for name in BOUNDS},
        tuple(_result(name, trials, found.get(VANILLA, ())) for name, trials in found.items()),
        dict(made or {}),
    )


def settings_in(found: Mapping[str, Trials]) -> int:
    """Different settings among the trials of all variants."""
    return len({tuple(trial["params"].values()) for trial in _all(found)})


def searched_of(trials: Trials, *, logarithm: bool = False) -> Searched:
    """Trials as the importance module takes them, by validation loss or its logarithm."""
    losses = [float(trial["valid"]) for trial in trials]
    if logarithm:
        losses = [math.log(max(loss, 1e-12)) for loss in losses]
    return Searched(BOUNDS, [trial["params"] for trial in trials], losses)


def shares_of(searched: Searched) -> Shares:
    """Share of each parameter by its name in reports."""
    return {LABELS[name]: share for name, share in importances(searched).items()}


def best_tests(trials: Trials) -> tuple[float, ...]:
    """Test losses of the best tenth by validation loss."""
    count = max(FEWEST, round(BEST * len(trials)))
    ordered = sorted(trials, key=lambda trial: float(trial["valid"]))
    return tuple(float(trial["test"]) for trial in ordered[:count])


def _all(found: Mapping[str, Trials]) -> list[Mapping[str, Any]]:
    return [trial for trials in found.values() for trial in trials]


def _rounded(shares: Shares) -> Shares:
    return {name: round(x, 4) for name, x in {**shares, "together": together(shares)}.items()}


def _result(name: str, trials: Trials, vanilla: Trials) -> VariantResult:
    from scipy.stats import ttest_ind

    tests, p_value = best_tests(trials), None
    if name != VANILLA and vanilla:
        p_value = float(ttest_ind(tests, best_tests(vanilla), equal_var=False).pvalue)
        p_value = p_value if math.isfinite(p_value) else None
    return VariantResult(name, len(trials), tests, min(tests), p_value)
