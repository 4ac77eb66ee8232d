"""Tests that look at all models together, so that many comparisons are paid for.

Model confidence set: which models cannot be told from the best (Hansen, Lunde and
Nason 2011)? Superior predictive ability: does any model beat a benchmark (Hansen 2005)?
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from arch.bootstrap import MCS, SPA

from models.contract import FloatArray
from pipelines.evaluation.lead_losses import LeadLosses
from pipelines.evaluation.mean_test import NOISE, enough_dates
from pipelines.evaluation.scores import LOSSES

#: Models whose p-value is above it are in the confidence set.
SIZE = 0.10
REPLICATIONS = 1000

#: A difference this small, in losses whose spread over dates is one, is rounding.
_DIGITS = 10


def confidence_set_rows(lead: LeadLosses, seed: int) -> list[dict[str, Any]]:
    """Return one row per loss: p-value of every model, and which are in the 90 % set.

    p_values are null where the dates are too few to compare anything.
    """
    rows = []
    for loss, losses in lead.losses.items():
        named = None
        if enough_dates(len(losses), lead.lags):
            named = dict(zip(lead.models, confidence_set(losses, lead.block, seed), strict=True))
        rows.append(
            {
                "target": lead.target,
                "horizon": lead.horizon,
                "loss": loss,
                "size": SIZE,
                "n_origins": len(losses),
                "block": lead.block,
                "p_values": named,
                "included": None if named is None else [m for m, p in named.items() if p > SIZE],
            }
        )
    return rows


def confidence_set(losses: FloatArray, block: int, seed: int) -> list[float]:
    """Return the p-value of each model, from losses date × model.

    Models with the same losses (an ensemble of one, say) count once and share a p-value.
    """
    spread = float(losses.std()) or 1.0
    different, which = np.unique(np.round(losses / spread, _DIGITS), axis=1, return_inverse=True)
    if different.shape[1] == 1:
        return [1.0] * losses.shape[1]
    test = MCS(different, SIZE, reps=REPLICATIONS, block_size=block, method="R", seed=seed)
    test.compute()
    found = test.pvalues["Pvalue"]
    return [_never_zero(float(found.loc[column])) for column in which.ravel()]


def superiority_rows(
    lead: LeadLosses, reference: Sequence[str], baselines: Sequence[str], seed: int
) -> list[dict[str, Any]]:
    """Return two tests per loss.

    1. benchmark: the first reference model (the ensemble); rivals: the baselines. A small
       p-value says that some baseline is better.
    2. benchmark: the baseline with the smallest mean loss; rivals: the reference models.
       A small p-value says that some reference model is better than every baseline.
    """
    ours = [model for model in lead.models if model in reference]
    theirs = [model for model in lead.models if model in baselines]
    rows = []
    for loss in LOSSES:
        for benchmark, rivals in (
            (reference[0] if reference[0] in ours else None, theirs),
            (lead.best(loss, theirs), ours),
        ):
            if benchmark is not None and rivals:
                rows.append(_superiority(lead, loss, benchmark, rivals, seed))
    return rows


def _superiority(
    lead: LeadLosses, loss: str, benchmark: str, rivals: Sequence[str], seed: int
) -> dict[str, Any]:
    gain = np.stack([lead.of(loss, benchmark) - lead.of(loss, rival) for rival in rivals], axis=1)
    enough = enough_dates(len(gain), lead.lags)
    return {
        "target": lead.target,
        "horizon": lead.horizon,
        "loss": loss,
        "benchmark": benchmark,
        "rivals": list(rivals),
        "alternative": "some rival has a smaller loss than the benchmark",
        "p_value": superiority(gain, lead.block, seed) if enough else None,
        "n_origins": len(gain),
        "block": lead.block,
        "method": "spa_consistent",
    }


def superiority(gain: FloatArray, block: int, seed: int) -> float | None:
    """Return Hansen's consistent p-value; None when no rival differs from the benchmark.

    gain  date × rival: loss of the benchmark minus loss of the rival

    `arch` compares raw means; dividing by the standard errors first gives the studentised
    test of the paper, which one erratic rival cannot blunt.
    """
    error = np.array([_deviation(column, block) for column in gain.T])
    if not (error > 0).any():
        return None
    scaled = gain[:, error > 0] / error[error > 0]
    if (scaled.mean(axis=0) <= 0).all():
        return 1.0  # no rival is even ahead; arch, which omits the paper's max with 0, says 0.5
    test = SPA(np.zeros(len(gain)), -scaled, block_size=block, reps=REPLICATIONS, seed=seed)
    test.compute()
    return _never_zero(float(test.pvalues["consistent"]))


def _never_zero(p_value: float) -> float:
    """Count the observed value among the draws: a share of draws must not claim p = 0."""
    return (p_value * REPLICATIONS + 1.0) / (REPLICATIONS + 1.0)


def _deviation(values: FloatArray, block: int) -> float:
    """Root of n × variance of the mean under the stationary bootstrap (Hansen 2005)."""
    n, p = len(values), 1.0 / block
    around = values - values.mean()
    k = np.arange(1, n)
    covariance = np.array([around[i:] @ around[: n - i] for i in range(n)]) / n
    weights = (1 - k / n) * (1 - p) ** k + k / n * (1 - p) ** (n - k)
    variance = float(covariance[0] + 2.0 * weights @ covariance[1:])
    return float(np.sqrt(variance)) if variance > NOISE * float(np.mean(values**2)) else 0.0
