"""Who is ahead at each target and horizon: the ensemble, a baseline, or another model?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.evaluation.evaluate import ALL, Evaluation, Rows
from pipelines.evaluation.pairwise_tests import BOOTSTRAP

#: Loss of the tests -> the score that a reader sees for it, and its name.
SCORE_OF = {"squared_error": "rmse", "crps": "crps"}
LABEL = {"rmse": "RMSE", "crps": "CRPS"}
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Standing:
    """One scope, target, horizon and loss: who is ahead.

    values         model -> rmse or crps
    winner         model with the smallest of all
    best_baseline  baseline with the smallest; None without baselines
    p_better       one-sided, H1: the ensemble beats the best baseline
    p_worse        one-sided, H1: the best baseline beats the ensemble
    in_set         whether the ensemble is in the model confidence set; None untested
    set_size       models in that set
    """

    target: str
    horizon: int
    loss: str
    values: dict[str, float]
    winner: str
    best_baseline: str | None
    p_better: float | None
    p_worse: float | None
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
    test = next((row for row in where(found.tests, here | pair) if is_main(row)), None)
    p_better = None if test is None else test["p_value"]
    sets = where(found.mcs, here | {"scope": scope, "loss": loss})
    included = sets[0]["included"] if sets else None
    return Standing(
        target=target,
        horizon=horizon,
        loss=loss,
        values=values,
        winner=min(values, key=values.__getitem__),
        best_baseline=best,
        p_better=p_better,
        p_worse=None if p_better is None else 1.0 - p_better,
        in_set=None if included is None else found.roles.ensemble in included,
        set_size=len(included or ()),
    )


def significant(p_value: float | None) -> bool:
    return p_value is not None and p_value < SIGNIFICANT


def is_main(row: dict[str, Any]) -> bool:
    """Whether a row is of the Diebold-Mariano test, not of the bootstrap beside it."""
    return str(row["method"]) != BOOTSTRAP


def where(rows: Rows, values: dict[str, Any]) -> Rows:
    return [row for row in rows if all(row[key] == value for key, value in values.items())]
