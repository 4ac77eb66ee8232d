"""Ridge on codes of windows: either reducer, few numbers, back-and-forth through storage."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.baselines import AutoencoderRidge, PCARidge, ReducedRidgeConfig
from models.errors import ConfigError
from models.transforms.autoencoder_settings import AutoencoderConfig
from tests.models.baselines.panels import no_rows
from tests.models.forecasters.signals import windows_of

QUICK = ReducedRidgeConfig(
    rank=4, known=False, autoencoder=AutoencoderConfig(hidden=(16,), layer_epochs=2, epochs=15)
)
both = pytest.mark.parametrize("kind", [PCARidge, AutoencoderRidge])


def seasons(seed: int = 0) -> Any:
    """Sinusoids of one period and any phase: two numbers say all of a window."""
    draw = np.random.default_rng(seed)
    phase = draw.uniform(0, 2 * np.pi, (20, 1))
    values = np.sin(2 * np.pi * np.arange(60) / 12 + phase) + 0.05 * draw.normal(size=(20, 60))
    windows = windows_of(values, 12, (3,))
    return windows.select(np.isfinite(windows.target).all(axis=1))


@both
def test_what_a_window_holds_is_forecast_from_few_numbers(kind: Any) -> None:
    train, fresh = seasons(), seasons(1)
    model = kind(QUICK).fit(train, no_rows(train))
    error = model.predict(fresh).mean - fresh.target
    assert float(error.var() / fresh.target.var()) < 0.05


@both
def test_it_comes_back_from_json(kind: Any) -> None:
    train = seasons()
    model = kind(QUICK).fit(train, no_rows(train))
    state = model.state()
    again = kind.from_state(replace(state, config=json.loads(json.dumps(state.config))))
    assert again.config == model.config
    assert np.array_equal(again.predict(train).quantiles, model.predict(train).quantiles)


def test_a_code_is_never_longer_than_a_window_allows() -> None:
    train = seasons()
    model = PCARidge(replace(QUICK, rank=50)).fit(train, no_rows(train))
    assert model.state().arrays["reducer.basis"].shape == (12, 11)


def test_known_features_may_be_read_beside_the_code() -> None:
    train = seasons()
    with_known = PCARidge(replace(QUICK, known=True)).fit(train, no_rows(train))
    assert with_known.state().arrays["coefficients"].shape[-1] == 6
    assert PCARidge(QUICK).fit(train, no_rows(train)).state().arrays["coefficients"].shape == (
        1,
        5,
    )


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="rank: expected 1 or more, got 0"):
        ReducedRidgeConfig(rank=0)
    with pytest.raises(ConfigError, match="rows: expected 2 or more, got 1"):
        ReducedRidgeConfig(rows=1)


@both
def test_a_row_does_not_hang_on_those_beside_it(kind: Any) -> None:
    train, fresh = seasons(), seasons(1)
    model = kind(QUICK).fit(train, no_rows(train))
    together = model.predict(fresh).mean
    for row in (0, 7, 255, 300, len(fresh) - 1):
        assert np.array_equal(model.predict(fresh.select(np.array([row]))).mean[0], together[row])
