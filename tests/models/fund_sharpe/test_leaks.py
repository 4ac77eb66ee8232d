"""Nothing after an origin touches what is computed at it: the future is changed, bits compared."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from models.contract import FloatArray
from models.fund_sharpe import FundSharpeModel
from models.transforms.fund_windows import FundFeatures
from tests.models.fund_sharpe.made import CUTOFF, FUNDS, TIMES, case, small_config

Change = Callable[[FloatArray, FloatArray], None]


def other_returns(excess: FloatArray, _bill: FloatArray) -> None:
    excess[:] = np.random.default_rng(99).normal(0.3, 2.0, excess.shape)


def other_bill(_excess: FloatArray, bill: FloatArray) -> None:
    bill[:] = 0.5


def no_returns(excess: FloatArray, _bill: FloatArray) -> None:
    excess[:] = np.nan


def one_value(excess: FloatArray, _bill: FloatArray) -> None:
    excess[7, 0] += 1e-3


CHANGES = [other_returns, other_bill, no_returns, one_value]


def features_after(change: Change, origin: int) -> FundFeatures:
    """Features of the panel with what comes after `origin` changed."""
    made = case()
    excess, bill = made.excess.copy(), made.bill.copy()
    change(excess[:, origin + 1 :], bill[origin + 1 :])
    return FundSharpeModel(small_config()).features(excess, bill)


def causal_parts(features: FundFeatures, origin: int) -> dict[str, FloatArray]:
    """All that may be read at `origin`."""
    stop = origin + 1
    state = features.state
    return {
        "reference": features.reference[:, :stop],
        "spread": features.spread[:, :stop],
        "channels": features.channels[:, :stop],
        "known": features.known[:, :stop],
        "ratios": features.ratios[:stop],
        "prior": state.prior[:, :stop],
        "vol": state.vol[:, :stop],
        **{f"market.{n}": values[:stop] for n, values in state.market.arrays().items()},
    }


@pytest.mark.parametrize("change", CHANGES)
def test_features_do_not_move(change: Change) -> None:
    before = causal_parts(case().features, CUTOFF)
    after = causal_parts(features_after(change, CUTOFF), CUTOFF)
    for name, values in before.items():
        assert values.tobytes() == after[name].tobytes(), name


@pytest.mark.parametrize("change", [other_returns, other_bill])
def test_a_fit_and_all_its_forecasts_do_not_move(change: Change) -> None:
    made = case()
    features = features_after(change, CUTOFF)
    model = FundSharpeModel(small_config()).fit(features, CUTOFF)
    assert model.fitted.gain.tobytes() == made.model.fitted.gain.tobytes()
    assert model.fitted.error_quantiles.tobytes() == made.model.fitted.error_quantiles.tobytes()
    series, origin = made.features.rows(np.array([CUTOFF]), 36)
    assert len(series) >= 8
    for cells in (None, (), ("lstm",), ("gru",)):
        before = made.model.predict(made.features, series, origin, cells)
        after = model.predict(features, series, origin, cells)
        assert before.mean.tobytes() == after.mean.tobytes()
        assert before.quantiles.tobytes() == after.quantiles.tobytes()


def test_a_later_calibration_does_not_move_either() -> None:
    made, later = case(), CUTOFF + 9
    features = features_after(other_returns, later)
    quantiles = []
    for panel in (made.features, features):
        model = FundSharpeModel(small_config())
        model.restore(made.model.fitted)
        quantiles.append(model.calibrate(panel, later).fitted.error_quantiles)
    assert quantiles[0].tobytes() == quantiles[1].tobytes()


def test_the_past_does_move_them() -> None:
    """What makes the tests above able to fail: one month earlier is felt."""
    excess = case().excess.copy()
    excess[:, CUTOFF] = 0.2
    features = FundSharpeModel(small_config()).features(excess, case().bill)
    before = causal_parts(case().features, CUTOFF)
    moved = [
        n for n, v in causal_parts(features, CUTOFF).items() if v.tobytes() != before[n].tobytes()
    ]
    assert {"reference", "channels", "known", "prior", "market.factor"} <= set(moved)
    assert features.channels.shape[:2] == (FUNDS, TIMES)
