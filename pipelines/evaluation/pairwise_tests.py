"""Is one model more accurate than another? Three tests of the same difference.

All test the mean over dates of loss(a) - loss(b). Diebold-Mariano is what readers know.
Where outcomes overlap over many origins it rejects a true null too often, and the
bootstrap more often still; the fixed-smoothing test does so least. Call a difference
significant where the first and the last agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from arch.bootstrap import StationaryBootstrap

from models.contract import FloatArray, IntArray
from pipelines.evaluation.lead_losses import LeadLosses
from pipelines.evaluation.mean_test import fixed_smoothing_test, zero_mean_test
from pipelines.evaluation.scores import LOSSES

BOOTSTRAP = "stationary_bootstrap"
REPLICATIONS = 1999
ALTERNATIVE = "model_a has the smaller loss"

Pair = tuple[str, str]


def pairs(models: Sequence[str], reference: Sequence[str], baselines: Sequence[str]) -> list[Pair]:
    """Return who is tested against whom: (model_a, model_b).

    The first reference model (the ensemble) against all others, the other reference
    models (its members) against the baselines.
    """
    first = [(reference[0], other) for other in models if other != reference[0]]
    rest = [(member, other) for member in reference[1:] for other in models if other in baselines]
    return [(a, b) for a, b in first + rest if a in models and a != b]


def comparison_rows(lead: LeadLosses, compared: Sequence[Pair], seed: int) -> list[dict[str, Any]]:
    """Return the tests of every pair for every loss, as JSON-able rows.

    p_value is one-sided (see `alternative`); a statistic below zero favours model_a.
    Null where the dates are too few or the losses do not differ.
    """
    rows = []
    draws = resampled_dates(len(lead.origin_index), lead.block, seed)
    for loss in LOSSES:
        for a, b in compared:
            difference = lead.of(loss, a) - lead.of(loss, b)
            about = {
                "target": lead.target,
                "horizon": lead.horizon,
                "model_a": a,
                "model_b": b,
                "loss": loss,
                "alternative": ALTERNATIVE,
                "difference": float(difference.mean()),
                "n_origins": len(difference),
                "lags": lead.lags,
            }
            rows += [about | found for found in _tests(difference, lead, draws)]
    return rows


def _tests(difference: FloatArray, lead: LeadLosses, draws: IntArray) -> Iterator[dict[str, Any]]:
    for test in (zero_mean_test, fixed_smoothing_test):
        found = test(difference, lead.lags)
        yield {
            "statistic": found.statistic,
            "p_value": found.p_less,
            "p_value_two_sided": found.p_two,
            "method": found.method,
        }
    # What is too short for one test is too short for both.
    less, two = (None, None) if found.statistic is None else bootstrap_p(difference, draws)
    yield {
        "statistic": None,
        "p_value": less,
        "p_value_two_sided": two,
        "method": BOOTSTRAP,
        "block": lead.block,
    }


def resampled_dates(dates: int, block: int, seed: int, draws: int = REPLICATIONS) -> IntArray:
    """Return draws × date: indices in blocks of random length (Politis and Romano 1994)."""
    bootstrap = StationaryBootstrap(block, np.arange(dates), seed=seed)
    found = [data[0][0] for data in bootstrap.bootstrap(draws)]
    return np.asarray(found, dtype=np.int64)


def bootstrap_p(values: FloatArray, draws: IntArray) -> tuple[float, float]:
    """Return p-values of a zero mean: (H1: the mean is below zero, two-sided).

    The distribution under the null is that of the resampled mean around the mean; the
    values themselves count as one draw, so that no p-value is zero.
    """
    mean = float(values.mean())
    around = values[draws].mean(axis=1) - mean
    less = (1 + int((around <= mean).sum())) / (1 + len(draws))
    two = (1 + int((np.abs(around) >= abs(mean)).sum())) / (1 + len(draws))
    return less, two
