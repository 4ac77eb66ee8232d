"""Who is ahead at each target and horizon: the ensemble, a baseline, or another model?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from pipelines.evaluation.evaluate import ALL, Evaluation, Rows
from pipelines.evaluation.pairwise_tests import BOOTSTRAP

#: Loss of the tests -> the score that a reader sees for it, and its name.
SCORE_OF = {"squared_error": "rmse", "crps": "crps"}
LABEL = {"rmse": "RMSE", "crps": "CRPS"}
SIGNIFICANT = 0.05


class Decision(Enum):
    """Of model_a against model_b: both tests agree, one alone rejects, or none does."""

    BETTER = "better"
    WORSE = "worse"
    DISPUTED = "disputed"
    OPEN = "open"


@dataclass(frozen=True)
class Standing:
    """One scope, target, horizon and loss: who is ahead.

    values         model -> rmse or crps
    winner         model with the smallest of all
    best_baseline  baseline with the smallest; None without baselines
    decision       whether the ensemble differs significantly from the best baseline
    in_set         whether the ensemble is in the model confidence set; None untested
    set_size       models in that set
    """

    target: str
    horizon: int
    loss: str
    values: dict[str, float]
    winner: str
    best_baseline: str | None
    decision: Decision
    in_set: bool | None
    set_size: int


def standings(found: Evaluation, scope: str) -> list[Standing]:
    """Return who is ahead at each target and horizon of a scope, for each loss."""
    rows = found.rows if scope == ALL else found.sample_rows
    leads = dict.fromkeys((row["target"], row["horizon"]) for row in rows)
    return [
        _standing(found, scope, rows, target, horizon, loss)
        for loss in SCORE_OF
        for target, horizon in leads
    ]


def _standing(
    found: Evaluation, scope: str, rows: Rows, target: str, horizon: int, loss: str
) -> Standing:
    here = {"target": target, "horizon": horizon}
    values = {row["model"]: row[SCORE_OF[loss]] for row in where(rows, here)}
    there = [model for model in values if model in found.roles.baselines]
    best = min(there, key=values.__getitem__, default=None)
    pair = {"scope": scope, "loss": loss, "model_a": found.roles.ensemble, "model_b": best}
    sets = where(found.mcs, here | {"scope": scope, "loss": loss})
    included = sets[0]["included"] if sets else None
    return Standing(
        target=target,
        horizon=horizon,
        loss=loss,
        values=values,
        winner=min(values, key=values.__getitem__),
        best_baseline=best,
        decision=decide(where(found.tests, here | pair)),
        in_set=None if included is None else found.roles.ensemble in included,
        set_size=len(included or ()),
    )


def decide(tests: Rows) -> Decision:
    """Return what the tests of one pair, lead and loss say at the 5 % level, one-sided.

    The bootstrap has no say: it rejects too often where outcomes overlap much.
    """
    said = [row["p_value"] for row in tests if row["method"] != BOOTSTRAP]
    if not said or None in said:
        return Decision.OPEN
    better, worse = ([p < SIGNIFICANT for p in said], [1.0 - p < SIGNIFICANT for p in said])
    if all(better) or all(worse):
        return Decision.BETTER if all(better) else Decision.WORSE
    return Decision.DISPUTED if any(better) or any(worse) else Decision.OPEN


def where(rows: Rows, values: dict[str, Any]) -> Rows:
    return [row for row in rows if all(row[key] == value for key, value in values.items())]
