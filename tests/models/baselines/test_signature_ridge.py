"""Ridge on signatures: hears the order of events, reads the look-back alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.baselines import PooledLeastSquares, SignatureRidge, SignatureRidgeConfig
from models.contract import FloatArray, Windows
from models.errors import ConfigError, ModelError
from tests.models.baselines.panels import no_rows

LOOKBACK = 8


def walks(series: int = 12, times: int = 60, seed: int = 0) -> FloatArray:
    """Two channels that wander, series × time × channel."""
    return np.random.default_rng(seed).normal(size=(series, times, 2)).cumsum(axis=1)


def areas(channels: FloatArray, series: Any, origin: Any) -> FloatArray:
    """Twice the area between each look-back and its chord: which channel moved first."""
    found = []
    for one, time in zip(series, origin, strict=True):
        path = channels[one, time - LOOKBACK + 1 : time + 1]
        path, step = path[:-1] - path[0], np.diff(path, axis=0)
        found.append(float((path[:, 0] * step[:, 1] - path[:, 1] * step[:, 0]).sum()))
    return np.asarray(found)


def windows_of(channels: FloatArray, target: FloatArray | None = None) -> Windows:
    """All windows of the channels; the outcome is the area of the look-back, unless given."""
    count, times, _ = channels.shape
    series = np.repeat(np.arange(count), times - LOOKBACK + 1)
    origin = np.tile(np.arange(LOOKBACK - 1, times), count)
    outcome = areas(channels, series, origin) if target is None else target
    return Windows(
        channels=channels.astype(np.float32),
        history=channels[..., 0],
        series=series,
        origin=origin,
        known=np.zeros((len(series), 1, 0), dtype=np.float32),
        target=outcome[:, None],
        leads=("area",),
        horizons=(1,),
        lookback=LOOKBACK,
        channel_names=("first", "second"),
    )


def explained(model: Any) -> float:
    """R² on other series than those it was fitted on."""
    train, fresh = windows_of(walks()), windows_of(walks(seed=1))
    error = model.fit(train, no_rows(train)).predict(fresh).mean - fresh.target
    return float(1.0 - error.var() / fresh.target.var())


def test_it_learns_which_channel_moved_first_where_a_linear_model_cannot() -> None:
    config = SignatureRidgeConfig(base_point=False, penalties=(1e-8,))
    assert explained(SignatureRidge(config)) > 0.999
    assert explained(PooledLeastSquares()) < 0.1


@pytest.mark.parametrize(
    "settings", [{"log": True}, {"dyadic": 2}, {"depth": 3}, {"lead_lag": True}]
)
def test_the_same_is_in_the_log_signature_and_in_finer_features(settings: dict[str, Any]) -> None:
    config = SignatureRidgeConfig(penalties=(1e-8,), base_point=False, **settings)
    assert explained(SignatureRidge(config)) > 0.999


def test_it_is_not_in_one_channel_alone() -> None:
    config = SignatureRidgeConfig(channels=("second",), penalties=(1e-8,))
    assert explained(SignatureRidge(config)) < 0.5


def test_channels_after_the_origin_do_not_reach_a_forecast() -> None:
    windows = windows_of(walks())
    model = SignatureRidge().fit(windows, no_rows(windows))
    later = np.arange(windows.channels.shape[1])[:, None] > 30
    changed = replace(windows, channels=np.where(later, 9.0, windows.channels).astype(np.float32))
    rows = windows.origin == 30
    here, there = model.predict(windows.select(rows)), model.predict(changed.select(rows))
    assert np.array_equal(here.quantiles, there.quantiles)


def test_it_corrects_a_reference_in_units_of_the_scale() -> None:
    plain = windows_of(walks())
    reference, scale = np.full(plain.target.shape, 5.0), np.full(plain.target.shape, 4.0)
    moved = replace(plain, target=5.0 + 4.0 * plain.target, reference=reference, scale=scale)
    here = SignatureRidge().fit(plain, no_rows(plain)).predict(plain)
    there = SignatureRidge().fit(moved, no_rows(moved)).predict(moved)
    np.testing.assert_allclose(there.mean, 5.0 + 4.0 * here.mean, rtol=1e-8)
    np.testing.assert_allclose(there.quantiles, 5.0 + 4.0 * here.quantiles, rtol=1e-8, atol=1e-8)


def test_known_features_are_read_unless_told_otherwise() -> None:
    noise = np.random.default_rng(3).normal(size=windows_of(walks()).target.shape[0])
    windows = replace(
        windows_of(walks(), noise),
        known=noise[:, None, None].astype(np.float32),
        known_names=("told",),
    )
    errors = [
        SignatureRidge(SignatureRidgeConfig(known=known, penalties=(1e-8,)))
        .fit(windows, no_rows(windows))
        .predict(windows)
        .mean
        - windows.target
        for known in (True, False)
    ]
    assert errors[0].std() < 1e-3
    assert errors[1].std() > 0.9


def test_what_is_wrong_is_named() -> None:
    windows = windows_of(walks())
    model = SignatureRidge(SignatureRidgeConfig(channels=("third",)))
    with pytest.raises(ModelError, match="no channel 'third'; there are first, second"):
        model.fit(windows, no_rows(windows))
    with pytest.raises(ConfigError, match="depth: expected 1 or more, got 0"):
        SignatureRidgeConfig(depth=0)
    with pytest.raises(ConfigError, match="holdout"):
        SignatureRidgeConfig(holdout=0.0)
    broken = replace(windows, channels=windows.channels * np.nan)
    with pytest.raises(ModelError, match="finite"):
        SignatureRidge().fit(broken, no_rows(broken))
