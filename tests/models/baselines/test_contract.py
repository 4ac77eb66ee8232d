"""What every baseline owes to the layers above, one test for all of them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from models import baselines
from models.baselines.pooled import PooledBaseline
from models.contract import Forecaster, State
from models.errors import ArtefactError, ModelError, NotFittedError
from tests.models.baselines.panels import no_rows, random_windows, with_future_changed

MODELS = [
    model
    for model in vars(baselines).values()
    if isinstance(model, type) and issubclass(model, PooledBaseline)
]
each_model = pytest.mark.parametrize("model_type", MODELS, ids=lambda m: m.kind)


def fitted(model_type: type[PooledBaseline]) -> PooledBaseline:
    windows = random_windows()
    return model_type().fit(windows, no_rows(windows))


def test_every_name_in_the_package_is_meant_to_be_there() -> None:
    assert set(baselines.__all__) == {
        name for name, value in vars(baselines).items() if isinstance(value, type)
    }
    assert len({model.kind for model in MODELS}) == len(MODELS) >= 7


@each_model
def test_it_is_a_forecaster_with_a_full_distribution(model_type: type[PooledBaseline]) -> None:
    model = fitted(model_type)
    windows = random_windows()
    forecast = model.predict(windows)
    assert isinstance(model, Forecaster)
    assert forecast.mean.shape == windows.target.shape
    assert np.isfinite(forecast.mean).all()
    assert (np.diff(forecast.quantiles, axis=-1) >= 0).all()
    assert (forecast.quantiles[..., -1] > forecast.quantiles[..., 0]).all()


@each_model
def test_half_of_the_training_outcomes_lie_below_the_median(
    model_type: type[PooledBaseline],
) -> None:
    windows = random_windows(times=200)
    forecast = fitted_on(model_type, windows).predict(windows)
    known = np.isfinite(windows.target)
    assert np.mean((windows.target < forecast.median)[known]) == pytest.approx(0.5, abs=0.02)


def fitted_on(model_type: type[PooledBaseline], windows: object) -> PooledBaseline:
    return model_type().fit(windows, no_rows(windows))  # type: ignore[arg-type]


@each_model
def test_it_comes_back_from_its_state_bit_for_bit(model_type: type[PooledBaseline]) -> None:
    model, windows = fitted(model_type), random_windows(seed=1)
    stored = model.state()
    config = json.loads(json.dumps(dict(stored.config)))
    again = model_type.from_state(State(stored.kind, config, stored.arrays))
    assert again.config == model.config
    before, after = model.predict(windows), again.predict(windows)
    assert (before.mean == after.mean).all()
    assert (before.quantiles == after.quantiles).all()


@each_model
def test_the_future_does_not_reach_a_forecast(model_type: type[PooledBaseline]) -> None:
    model, windows = fitted(model_type), random_windows()
    rows = windows.origin == 20
    before = model.predict(windows.select(rows))
    after = model.predict(with_future_changed(windows, 20).select(rows))
    assert (before.mean == after.mean).all()
    assert (before.quantiles == after.quantiles).all()


@each_model
def test_a_row_is_forecast_alike_alone_and_among_others(model_type: type[PooledBaseline]) -> None:
    model, windows = fitted(model_type), random_windows()
    together = model.predict(windows)
    alone = model.predict(windows.select(np.array([7])))
    assert (alone.mean[0] == together.mean[7]).all()


@each_model
def test_rows_of_the_validation_span_change_nothing(model_type: type[PooledBaseline]) -> None:
    windows = random_windows()
    older, newer = windows.select(windows.origin < 30), windows.select(windows.origin >= 30)
    with_valid = model_type().fit(older, newer).predict(windows)
    without = model_type().fit(older, no_rows(newer)).predict(windows)
    assert (with_valid.quantiles == without.quantiles).all()


@each_model
def test_it_says_what_is_wrong(model_type: type[PooledBaseline]) -> None:
    windows = random_windows()
    with pytest.raises(NotFittedError, match=f"{model_type.kind}: call fit before predict"):
        model_type().predict(windows)
    with pytest.raises(NotFittedError, match="call fit before state"):
        model_type().state()
    with pytest.raises(ModelError, match="fitted for the leads value_1, value_3, asked for x, y"):
        fitted(model_type).predict(replace(windows, leads=("x", "y")))
    with pytest.raises(ArtefactError, match=f"expected a stored '{model_type.kind}', got 'other'"):
        model_type.from_state(State("other", {}))
    with pytest.raises(ModelError, match="lead value_1: none of"):
        model_type().fit(replace(windows, target=windows.target * np.nan), no_rows(windows))
