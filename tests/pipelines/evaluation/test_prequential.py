"""Predict, then update: what is learnt from, when, and that nothing later can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.contract import LEVELS, Forecast, Windows
from models.errors import ModelError
from models.forecasters.network import NetworkForecaster
from models.forecasters.online import OnlineConfig
from models.forecasters.settings import NetworkConfig, TrainingConfig
from pipelines.evaluation.prequential import outcomes_due, prequential
from tests.models.forecasters.signals import ar_windows, split


class Diary:
    """A forecaster that writes down what it is shown and forecasts the newest outcome's mean."""

    def __init__(self) -> None:
        self.learnt: list[tuple[int, int, float]] = []
        self.events: list[str] = []

    def update(self, windows: Windows) -> Diary:
        for row, lead in np.argwhere(np.isfinite(windows.target)):
            value = float(windows.target[row, lead])
            self.learnt.append((int(windows.series[row]), int(lead), value))
        self.events.append("update")
        return self

    def predict(self, windows: Windows) -> Forecast:
        self.events.append("predict")
        return Forecast(np.zeros(windows.target.shape), np.zeros((*windows.target.shape, 39)))


def windows(**changes: object) -> Windows:
    return ar_windows(series=3, times=40, lookback=4, horizons=(1, 3), **changes)  # type: ignore[arg-type]


def fitted() -> NetworkForecaster:
    train, valid = split(windows(), 20)
    online = OnlineConfig(learning_rate=0.05)
    config = NetworkConfig(hidden_size=4, zero_output=False)
    return NetworkForecaster(config, TrainingConfig(epochs=1), online).fit(train, valid)


def test_the_outcomes_due_at_a_time_are_those_that_end_there() -> None:
    due = outcomes_due(windows(), 25)
    assert set(due.origin.tolist()) == {22, 24}
    assert np.isfinite(due.target[due.origin == 24]).tolist() == [[True, False]] * 3
    assert np.isfinite(due.target[due.origin == 22]).tolist() == [[False, True]] * 3
    at = due.series, np.full(len(due), 25)
    np.testing.assert_array_equal(np.nanmax(due.target, axis=1), windows().history[at])


def test_an_outcome_that_never_came_is_not_learnt_from() -> None:
    rows = windows()
    gone = replace(rows, target=np.full_like(rows.target, np.nan))
    assert len(outcomes_due(gone, 25)) == 0
    diary = Diary()
    found = prequential(diary, gone, range(25, 28))
    assert diary.events == ["predict"] * 3
    assert found.updates.tolist() == [0, 0, 0]


def test_every_outcome_is_learnt_from_once_just_before_the_forecasts_of_its_time() -> None:
    diary = Diary()
    told: list[tuple[int, int]] = []
    found = prequential(
        diary, windows(), range(25, 30), progress=lambda done, all_: told.append((done, all_))
    )
    assert diary.events == ["update", "predict"] * 5
    assert len(set(diary.learnt)) == len(diary.learnt) == 5 * 3 * 2
    assert found.updates.tolist() == [6] * 5
    assert told[-1] == (5, 5)
    assert windows().origin[found.rows].tolist() == sorted(3 * list(range(25, 30)))


def test_no_forecast_sees_an_outcome_that_ends_after_its_origin() -> None:
    rows = windows()
    ends = rows.origin[:, None] + np.asarray(rows.horizons)
    changed = replace(rows, target=np.where(ends > 28, rows.target + 50.0, rows.target))
    first = prequential(fitted(), rows, range(22, 33))
    second = prequential(fitted(), changed, range(22, 33))
    seen = rows.origin[first.rows] <= 28
    np.testing.assert_array_equal(first.mean[seen], second.mean[seen])
    assert (first.mean[~seen] != second.mean[~seen]).all()


def test_what_is_learnt_moves_later_forecasts_and_frozen_ones_are_those_of_the_model() -> None:
    rows, model = windows(), fitted()
    frozen = prequential(model, rows, range(22, 30), learn=False)
    expected = model.predict(rows.select(frozen.rows)).mean
    np.testing.assert_allclose(frozen.mean, expected, atol=1e-6)
    learning = prequential(model, rows, range(22, 30))
    assert (learning.mean != frozen.mean).any(axis=1).all()


def test_learning_pays_where_the_dynamics_change() -> None:
    """From time 60 on the series answers with the other sign."""
    from tests.models.forecasters.signals import windows_of

    draw = np.random.default_rng(0)
    values = np.zeros((10, 200))
    for now in range(1, 200):
        keep = 0.8 if now < 60 else -0.8
        values[:, now] = keep * values[:, now - 1] + 0.3 * draw.normal(size=10)
    rows = windows_of(values, 4, (1,))
    train, valid = split(rows, 59)
    config = NetworkConfig(hidden_size=8, dropout=0.0)
    training = TrainingConfig(epochs=30, learning_rate=1e-2, batch_size=64)
    losses = {}
    for learn in (False, True):
        online = OnlineConfig(learning_rate=1e-2, optimiser="adam")
        model = NetworkForecaster(config, training, online).fit(train, valid)
        found = prequential(model, rows, range(60, 199), learn=learn)
        losses[learn] = float(np.mean((found.mean - rows.target[found.rows]) ** 2))
    assert losses[True] < 0.5 * losses[False]


def test_times_must_be_without_gaps() -> None:
    for times in ([], [3, 5], [4, 3]):
        with pytest.raises(ModelError, match="times without gaps"):
            prequential(Diary(), windows(), times)


def test_times_without_a_row_are_passed_over() -> None:
    rows = windows()
    none = rows.select(rows.origin < 20)
    found = prequential(Diary(), none, range(25, 27))
    assert found.rows.tolist() == []
    assert found.mean.shape == (0, 2)
    assert len(LEVELS) == 39
