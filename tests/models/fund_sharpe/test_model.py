"""The ensemble is the reference plus its share of the networks' mean correction."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.contract import FloatArray, Forecast, IntArray
from models.errors import ModelError, NotFittedError
from models.forecasters.settings import TrainingConfig
from models.fund_sharpe import FundSharpeModel
from models.transforms.fund_windows import FundFeatures
from tests.models.fund_sharpe.made import CUTOFF, TIMES, Case, case, small_config
from tests.models.transforms.funds import make_panel


def rows_at(features: FundFeatures, *times: int) -> tuple[IntArray, IntArray]:
    return features.rows(np.asarray(times), 36)


def correction(made: Case, rows: tuple[IntArray, IntArray], cell: str, members: int) -> FloatArray:
    """What the first networks of one kind add to the reference, on average."""
    whole = made.model.predict(made.features, *rows, cells=(cell,), members=members, share=1.0)
    return whole.mean - made.features.reference[rows]


def test_without_networks_the_forecast_is_the_reference() -> None:
    made = case()
    rows = rows_at(made.features, CUTOFF)
    forecast = made.model.predict(made.features, *rows, cells=())
    assert np.array_equal(forecast.mean, made.features.reference[rows])


def test_the_ensemble_is_the_reference_and_its_share_of_the_mean_correction() -> None:
    made = case(members=2)
    rows = rows_at(made.features, CUTOFF, CUTOFF - 5)
    mean = (correction(made, rows, "lstm", 2) + correction(made, rows, "gru", 2)) / 2
    assert np.abs(mean).max() > 1e-3
    expected = made.features.reference[rows] + 0.4 * mean
    assert made.model.config.shrinkage == 0.4
    np.testing.assert_allclose(
        made.model.predict(made.features, *rows).mean, expected, rtol=0, atol=1e-6
    )


def test_one_member_is_the_first_of_two() -> None:
    made = case(members=2)
    rows = rows_at(made.features, CUTOFF)
    alone = case(members=1)
    first = correction(made, rows, "lstm", 1)
    assert np.array_equal(first, correction(alone, rows, "lstm", 1))
    assert not np.allclose(first, correction(made, rows, "lstm", 2), atol=1e-6)


def test_members_differ_by_kind_and_by_bag() -> None:
    made = case(members=2)
    rows = rows_at(made.features, CUTOFF)
    lstm, gru = (correction(made, rows, cell, 1) for cell in ("lstm", "gru"))
    assert not np.allclose(lstm, gru, atol=1e-4)


def test_a_row_is_forecast_the_same_alone_and_among_others() -> None:
    made = case()
    series, origin = rows_at(made.features, CUTOFF, CUTOFF + 3)
    together = made.model.predict(made.features, series, origin)
    for row in (0, len(series) - 1):
        alone = made.model.predict(made.features, series[[row]], origin[[row]])
        np.testing.assert_allclose(alone.mean[0], together.mean[row], rtol=0, atol=1e-5)
        np.testing.assert_allclose(alone.quantiles[0], together.quantiles[row], rtol=0, atol=1e-5)


def test_quantiles_ascend_and_do_not_move_with_the_share() -> None:
    made = case()
    rows = rows_at(made.features, CUTOFF)

    def about_mean(forecast: Forecast) -> FloatArray:
        return forecast.quantiles - forecast.mean[..., None]

    ensemble = made.model.predict(made.features, *rows)
    reference = made.model.predict(made.features, *rows, cells=())
    assert (np.diff(ensemble.quantiles, axis=-1) >= 0).all()
    np.testing.assert_allclose(about_mean(ensemble), about_mean(reference), rtol=0, atol=1e-9)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    made = case()
    rows = rows_at(made.features, CUTOFF)
    first = made.model.predict(made.features, *rows).mean
    again, other = (
        FundSharpeModel(small_config(seed=seed)).fit(made.features, CUTOFF) for seed in (0, 1)
    )
    assert np.array_equal(again.predict(made.features, *rows).mean, first)
    assert not np.array_equal(other.predict(made.features, *rows).mean, first)


def test_progress_counts_the_networks() -> None:
    seen: list[tuple[int, int]] = []
    config = small_config(cells=("gru",), members=2)
    made = case()
    FundSharpeModel(config).fit(made.features, CUTOFF, lambda *done: seen.append(done))
    assert seen == [(1, 2), (2, 2)]


def test_no_training_outcome_reaches_past_the_cutoff() -> None:
    made = case()
    windows = made.model.training_windows(made.features, CUTOFF)
    origin = windows.origin - (made.model.config.lookback - 1)
    ends = origin[:, None] + np.asarray(windows.horizons)
    known = np.isfinite(windows.target)
    assert ends[known].max() == CUTOFF
    assert origin.max() == CUTOFF - 6
    assert known.any(axis=1).all()


def test_training_begins_after_the_warm_up_with_ten_funds() -> None:
    # 12 funds without gaps have 36 months at time 35; the 12 times from there are warm-up.
    excess, bill = make_panel(12, TIMES, ragged=False)
    model = FundSharpeModel(small_config())
    features = model.features(excess, bill)
    assert model.first_training_time(features) == 47
    origin = model.training_windows(features, CUTOFF).origin - 11
    assert origin.min() == 47


def test_nine_funds_never_begin() -> None:
    excess, bill = make_panel(9, TIMES, ragged=False)
    model = FundSharpeModel(small_config())
    with pytest.raises(ModelError, match="nothing to train on: no fund has 36 periods"):
        model.fit(model.features(excess, bill), TIMES - 1)


@pytest.mark.parametrize("cutoff", [47 + 5, 20, 0])
def test_too_little_data_is_one_line_that_says_what_to_do(cutoff: int) -> None:
    excess, bill = make_panel(12, TIMES, ragged=False)
    model = FundSharpeModel(small_config())
    with pytest.raises(ModelError, match="give a longer file, or lower min_history") as caught:
        model.fit(model.features(excess, bill), cutoff)
    assert "\n" not in str(caught.value)


def test_predict_before_fit_is_refused() -> None:
    made = case()
    with pytest.raises(NotFittedError, match="call fit before predict"):
        FundSharpeModel(small_config()).predict(made.features, *rows_at(made.features, CUTOFF))


def test_early_stopping_has_rows_of_its_own() -> None:
    made = case(ragged=False)
    config = small_config(
        cells=("gru",), validation_months=12, training=TrainingConfig(epochs=3, patience=1)
    )
    model = FundSharpeModel(config).fit(made.features, CUTOFF)
    assert np.isfinite(model.predict(made.features, *rows_at(made.features, CUTOFF)).mean).all()
    with pytest.raises(ModelError, match="lower validation_months"):
        FundSharpeModel(replace(config, validation_months=80)).fit(made.features, CUTOFF)


def test_windows_are_views_of_one_array() -> None:
    made = case()
    windows = made.model.training_windows(made.features, CUTOFF)
    assert np.shares_memory(windows.past_view(), windows.channels)
    assert windows.channels.shape[1] == TIMES + made.model.config.lookback - 1


def cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def test_many_funds_are_prepared_in_one_pass_not_one_by_one() -> None:
    """750 funds at once take less work than a fifth of them in a loop."""
    model = FundSharpeModel(small_config())
    excess, bill = make_panel(750, 72, ragged=False)
    market = model.features(excess, bill).state.market

    def loop() -> None:
        for fund in range(150):
            model.features(excess[fund : fund + 1], bill, market)

    assert cpu_seconds(lambda: model.features(excess, bill)) < cpu_seconds(loop)
