"""A fitted forecaster as data, and back: the same bits, or one line that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.contract import State
from models.errors import ArtefactError, NotFittedError
from models.fund_sharpe import FundSharpeForecaster, FundSharpeModel, from_state, to_state
from tests.models.fund_sharpe.made import CUTOFF, case, forecaster, label, small_config


def stored() -> State:
    return to_state(forecaster())


def test_what_comes_back_forecasts_the_same_bits() -> None:
    excess = case(ragged=False).excess[:, : CUTOFF + 1]
    before = forecaster().forecast(excess, label(CUTOFF)).forecast
    after = from_state(stored()).forecast(excess, label(CUTOFF)).forecast
    assert before.mean.tobytes() == after.mean.tobytes()
    assert before.quantiles.tobytes() == after.quantiles.tobytes()


def test_settings_and_label_come_back() -> None:
    back = from_state(stored())
    assert back.model.config == forecaster().model.config
    assert back.trained_until == label(CUTOFF)


def test_an_unfitted_model_has_nothing_to_store() -> None:
    with pytest.raises(NotFittedError):
        to_state(FundSharpeForecaster(FundSharpeModel(small_config()), "2014-04"))


def without_array(state: State) -> State:
    return replace(state, arrays={k: v for k, v in state.arrays.items() if k != "market.factor"})


def without_part(state: State) -> State:
    return replace(state, parts={k: v for k, v in state.parts.items() if k != "gru_0"})


def without_settings(state: State) -> State:
    return replace(state, config={"trained_until": "2014-04"})


def with_unknown_setting(state: State) -> State:
    settings = {**state.config["settings"], "colour": "red"}
    return replace(state, config={**state.config, "settings": settings})


def with_bad_setting(state: State) -> State:
    settings = {**state.config["settings"], "shrinkage": 7.0}
    return replace(state, config={**state.config, "settings": settings})


def of_another_kind(state: State) -> State:
    return replace(state, kind="pooled_ar")


def with_foreign_weights(state: State) -> State:
    lstm, gru = state.parts["lstm_0"], state.parts["gru_0"]
    return replace(state, parts={"lstm_0": replace(lstm, arrays=gru.arrays), "gru_0": gru})


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (without_array, "not complete: 'market.factor'"),
        (without_part, "not complete: 'gru_0'"),
        (without_settings, "not complete: 'settings'"),
        (with_unknown_setting, "not complete: .*colour"),
        (with_bad_setting, "not complete: shrinkage: expected 0 to 1"),
        (of_another_kind, "expected a stored 'fund_sharpe', got 'pooled_ar'"),
        (with_foreign_weights, "stored network 'lstm' does not fit"),
    ],
)
def test_a_damaged_state_is_one_line(damage: Callable[[State], State], expected: str) -> None:
    with pytest.raises(ArtefactError, match=expected) as caught:
        from_state(damage(stored()))
    assert "\n" not in str(caught.value)


def test_the_state_holds_numbers_alone() -> None:
    state = stored()
    assert set(state.parts) == {"lstm_0", "gru_0"}
    for part in (state, *state.parts.values()):
        assert all(np.asarray(array).dtype.kind in "fi" for array in part.arrays.values())
