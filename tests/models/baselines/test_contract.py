"""What every baseline owes to the layers above, one test for all of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models import baselines
from models.baselines.base import Baseline
from models.baselines.pooled import PooledBaseline
from models.contract import Forecaster, State, Windows
from models.errors import ArtefactError, ModelError, NotFittedError
from tests.models.baselines.panels import no_rows, random_windows, with_future_changed

MODELS = [
    model
    for model in vars(baselines).values()
    if isinstance(model, type) and issubclass(model, Baseline)
]
POOLED = [model for model in MODELS if issubclass(model, PooledBaseline)]
each_model = pytest.mark.parametrize("model_type", MODELS, ids=lambda m: m.kind)


pooled_model = pytest.mark.parametrize("model_type", POOLED, ids=lambda m: m.kind)


def some(windows: Windows) -> Windows:
    """A few rows of every series: models that fit each row anew take their time."""
    return windows.select(np.arange(5, len(windows), 30))


def through_json(state: State) -> State:
    config = json.loads(json.dumps(dict(state.config)))
    parts = {name: through_json(part) for name, part in state.parts.items()}
    return State(state.kind, config, state.arrays, parts)


def fitted(model_type: type[Any]) -> Forecaster:
    windows = random_windows()
    return model_type().fit(windows, no_rows(windows))


def test_every_name_in_the_package_is_meant_to_be_there() -> None:
    assert set(baselines.__all__) == {
        name for name, value in vars(baselines).items() if isinstance(value, type)
    }
    assert len({model.kind for model in MODELS}) == len(MODELS) >= 11


@each_model
def test_it_is_a_forecaster_with_a_full_distribution(model_type: type[Any]) -> None:
    model = fitted(model_type)
    windows = some(random_windows())
    forecast = model.predict(windows)
    assert isinstance(model, Forecaster)
    assert forecast.mean.shape == windows.target.shape
    assert np.isfinite(forecast.mean).all()
    assert (np.diff(forecast.quantiles, axis=-1) >= 0).all()
    assert (forecast.quantiles[..., -1] > forecast.quantiles[..., 0]).all()


@pooled_model
def test_half_of_the_training_outcomes_lie_below_the_median(
    model_type: type[PooledBaseline[Any]],
) -> None:
    windows = random_windows(times=200)
    forecast = model_type().fit(windows, no_rows(windows)).predict(windows)
    known = np.isfinite(windows.target)
    assert np.mean((windows.target < forecast.median)[known]) == pytest.approx(0.5, abs=0.02)


@each_model
def test_it_comes_back_from_its_state_bit_for_bit(model_type: type[Any]) -> None:
    model, windows = fitted(model_type), some(random_windows(seed=1))
    again = model_type.from_state(through_json(model.state()))
    assert again.config == model.config
    before, after = model.predict(windows), again.predict(windows)
    assert (before.mean == after.mean).all()
    assert (before.quantiles == after.quantiles).all()


@each_model
def test_the_future_does_not_reach_a_forecast(model_type: type[Any]) -> None:
    model, windows = fitted(model_type), random_windows()
    rows = windows.origin == 20
    before = model.predict(windows.select(rows))
    after = model.predict(with_future_changed(windows, 20).select(rows))
    assert (before.mean == after.mean).all()
    assert (before.quantiles == after.quantiles).all()


@each_model
def test_a_row_is_forecast_alike_alone_and_among_others(model_type: type[Any]) -> None:
    model, windows = fitted(model_type), some(random_windows())
    together = model.predict(windows)
    alone = model.predict(windows.select(np.array([3])))
    assert (alone.quantiles[0] == together.quantiles[3]).all()


@each_model
def test_rows_of_the_validation_span_change_nothing(model_type: type[Any]) -> None:
    windows = random_windows()
    older, newer = windows.select(windows.origin < 30), windows.select(windows.origin >= 30)
    with_valid = model_type().fit(older, newer).predict(some(windows))
    without = model_type().fit(older, no_rows(newer)).predict(some(windows))
    assert (with_valid.quantiles == without.quantiles).all()


@each_model
def test_it_says_what_is_wrong(model_type: type[Any]) -> None:
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
