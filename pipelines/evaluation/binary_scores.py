"""Scores of probabilities of events, several at once: models rank differently on each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.errors import DataError

#: Name of a score -> whether more is better.
SCORES: dict[str, bool] = {
    "accuracy": True,
    "auc": True,
    "f1": True,
    "mcc": True,
    "rmse": False,
    "log_loss": False,
}


def binary_scores(probability: FloatArray, event: npt.NDArray[np.bool_]) -> dict[str, float]:
    """All of SCORES, over every element.

    Raises DataError when there are not both kinds of outcomes, or a probability is none.
    """
    from sklearn import metrics

    given, came = np.asarray(probability, np.float64).ravel(), np.asarray(event, bool).ravel()
    if came.all() or not came.any():
        raise DataError("events: expected some that came and some that did not")
    if not ((given >= 0) & (given <= 1)).all():
        raise DataError("probabilities: expected numbers from 0 to 1")
    said = given >= 0.5
    return {
        "accuracy": float(np.mean(said == came)),
        "auc": float(metrics.roc_auc_score(came, given)),
        "f1": float(metrics.f1_score(came, said, zero_division=0.0)),
        "mcc": float(metrics.matthews_corrcoef(came, said)),
        "rmse": float(np.sqrt(np.mean((given - came) ** 2))),
        "log_loss": float(metrics.log_loss(came, np.clip(given, 1e-6, 1 - 1e-6))),
    }


def ranks(scores: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, int]]:
    """Place of every model on every score, 1 the best; equal scores share a place.

    scores   model -> score -> value
    """
    found: dict[str, dict[str, int]] = {model: {} for model in scores}
    for name, more in SCORES.items():
        values = {model: row[name] for model, row in scores.items()}
        for model, value in values.items():
            better = [v > value if more else v < value for v in values.values()]
            found[model][name] = 1 + sum(better)
    return found
