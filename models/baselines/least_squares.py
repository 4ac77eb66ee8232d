"""Least squares on pooled rows, plain or with a ridge penalty."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray
from models.errors import ModelError


def linear_fit(features: FloatArray, target: FloatArray, penalty: float = 0.0) -> FloatArray:
    """Intercept, then one coefficient per feature, in the features' own units.

    features  row × feature, finite
    penalty   ridge penalty per row, on standardised features; zero for least squares

    Minimises mean squared error + penalty · |standardised coefficients|². A constant
    feature gets zero; without a penalty, collinear ones share their weight (the least
    norm solution).
    """
    if len(features) == 0:
        raise ModelError("least squares: expected at least one row, got none")
    centre = features.mean(axis=0)
    spread = features.std(axis=0)
    moves = spread > 1e-12 * np.maximum(np.abs(centre), 1.0)
    standard = np.where(moves, (features - centre) / np.where(moves, spread, 1.0), 0.0)
    gram = standard.T @ standard / len(features) + penalty * np.eye(features.shape[1])
    moment = standard.T @ (target - target.mean()) / len(features)
    slopes = np.linalg.lstsq(gram, moment, rcond=1e-12)[0] / np.where(moves, spread, 1.0)
    return np.concatenate([[target.mean() - centre @ slopes], slopes])


def linear_predict(features: FloatArray, fitted: FloatArray) -> FloatArray:
    """Apply what `linear_fit` returned; each row is summed alone, so that the rows
    beside it cannot change its last bit."""
    return np.asarray(fitted[0] + np.einsum("rf,f->r", features, fitted[1:]))
