"""The network forecaster: what it learns, what it ignores, what it repeats."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.contract import Forecast, State, Windows
from models.errors import ArtefactError, ConfigError, ModelError, NotFittedError
from models.forecasters.batches import BatchSource
from models.forecasters.lightning import DirectForecaster
from models.forecasters.network import NetworkConfig, NetworkForecaster, TrainingConfig
from models.forecasters.optimisation import Optimisation
from models.transforms.scaling import WindowScaling
from tests.models.forecasters.signals import ar_windows, split, windows_of

CELLS = ("lstm", "gru")
HEADS = ("point", "gaussian", "student_t", "quantile")
QUICK = TrainingConfig(epochs=1, batch_size=128)
LEARN = TrainingConfig(epochs=15, batch_size=64, learning_rate=1e-2)


def fitted(windows: Windows, training: TrainingConfig = QUICK, **network: Any) -> NetworkForecaster:
    config = NetworkConfig(**network)
    return NetworkForecaster(config, training).fit(windows, windows.select(np.arange(0)))


def same(first: Forecast, second: Forecast) -> bool:
    return np.array_equal(first.mean, second.mean) and np.array_equal(
        first.quantiles, second.quantiles
    )


def rmse(error: np.ndarray) -> float:
    return float(np.sqrt(np.nanmean(error**2)))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_every_lead_reads_the_newest_input(cell: str, layers: int) -> None:
    windows = ar_windows(horizons=(1, 2, 6))
    model = fitted(windows, cell=cell, layers=layers, zero_output=False, head="gaussian")
    assert model._fitted is not None
    source = BatchSource(windows, WindowScaling.fit(windows))
    batch = source.batch(torch.arange(64))
    past = batch.past.requires_grad_()
    # Gradients of cuDNN's and oneDNN's recurrent layers exist in training mode only.
    out = model._fitted.network.train()(replace(batch, past=past))
    for lead in range(3):
        (gradient,) = torch.autograd.grad(out[:, lead, 0].sum(), past, retain_graph=True)
        assert gradient[:, -1].abs().max() > 0
        assert gradient[:, 0].abs().max() > 0


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("head", HEADS)
def test_an_autoregression_is_forecast_nearly_as_well_as_can_be(cell: str, head: str) -> None:
    train, valid = split(ar_windows(), 90)
    model = fitted(train, LEARN, cell=cell, head=head, dropout=0.0)
    forecast = model.predict(valid)
    best = valid.known[:, :, 0] * np.array([0.8, 0.64])
    assert rmse(forecast.mean - valid.target) < 1.05 * rmse(best - valid.target)
    low, high = forecast.interval(0.9)
    known = np.isfinite(valid.target)
    covered = ((valid.target > low) & (valid.target < high))[known].mean()
    assert 0.84 < covered < 0.96


def test_a_pattern_in_the_past_is_found_without_known_features() -> None:
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(8, 150))
    values = steps.copy()
    # What comes next is the value three steps back: only the window tells.
    for t in range(3, 150):
        values[:, t] = 0.95 * values[:, t - 3] + 0.1 * steps[:, t]
    windows = windows_of(values, 6, (1,))
    windows = replace(windows, known=np.zeros_like(windows.known))
    train, valid = split(windows, 120)
    model = fitted(train, replace(LEARN, epochs=40), dropout=0.0)
    error = model.predict(valid).mean - valid.target
    assert rmse(error) < 0.5 * np.nanstd(valid.target)


@pytest.mark.parametrize("head", HEADS)
def test_an_untrained_network_forecasts_its_reference(head: str) -> None:
    windows = ar_windows()
    reference = np.full(windows.target.shape, 3.0)
    windows = windows.with_reference(reference, 2.0 * np.ones_like(reference))
    model = fitted(windows, replace(QUICK, learning_rate=1e-30, schedule="constant"), head=head)
    forecast = model.predict(windows)
    np.testing.assert_allclose(forecast.mean, reference, atol=1e-5)
    if head in ("gaussian", "quantile"):
        np.testing.assert_allclose(forecast.quantile(0.975), 3.0 + 2 * 1.959964, atol=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not(cell: str) -> None:
    windows = ar_windows()
    first = fitted(windows, QUICK, cell=cell).predict(windows)
    second = fitted(windows, QUICK, cell=cell).predict(windows)
    other = fitted(windows, replace(QUICK, seed=1), cell=cell).predict(windows)
    assert same(first, second)
    assert not same(first, other)


def test_fitting_leaves_the_random_state_of_the_caller_alone() -> None:
    before = torch.random.get_rng_state()
    restored = NetworkForecaster.from_state(fitted(ar_windows()).state())
    assert restored.network == NetworkConfig()
    assert torch.equal(before, torch.random.get_rng_state())


def test_missing_outcomes_teach_nothing() -> None:
    """Rows without any outcome change nothing; partly known ones are used."""
    windows = ar_windows()
    empty = windows.select(np.arange(50))
    empty = replace(empty, target=np.full_like(empty.target, np.nan))
    joined = replace(
        windows,
        series=np.concatenate([windows.series, empty.series]),
        origin=np.concatenate([windows.origin, empty.origin]),
        known=np.concatenate([windows.known, empty.known]),
        target=np.concatenate([windows.target, empty.target]),
    )
    with_gaps = fitted(joined).predict(windows)
    assert np.isnan(windows.target).any()
    assert same(with_gaps, fitted(windows).predict(windows))
    assert np.isfinite(with_gaps.quantiles).all()


def test_a_row_of_no_weight_counts_like_no_row() -> None:
    windows = ar_windows()
    wild = np.arange(len(windows)) % 5 == 0
    spoilt = replace(windows, target=np.where(wild[:, None], 50.0, windows.target))
    weighted = replace(spoilt, weight=np.where(wild, 1e-12, 1.0))
    training = replace(QUICK, epochs=30, batch_size=len(windows), learning_rate=1e-2)

    def means(rows: Windows) -> np.ndarray:
        model = fitted(rows, training, head="gaussian", dropout=0.0, standardise=False)
        return model.predict(windows).mean

    np.testing.assert_allclose(means(weighted), means(windows.select(~wild)), atol=1e-3)
    assert rmse(means(spoilt) - means(windows)) > 0.1


def test_unseen_series_are_forecast_without_an_embedding_and_refused_with_one() -> None:
    few, many = ar_windows(series=3), ar_windows(series=9)
    assert np.isfinite(fitted(few).predict(many).mean).all()
    embedded = fitted(few, series_embedding=4)
    assert np.isfinite(embedded.predict(few).mean).all()
    with pytest.raises(ModelError, match=r"series: 8 is unknown.*embeddings of 3 series"):
        embedded.predict(many)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("cell", CELLS)
def test_a_restored_network_forecasts_the_same_bits(cell: str, head: str) -> None:
    windows = ar_windows()
    model = fitted(windows, cell=cell, head=head, series_embedding=2)
    restored = NetworkForecaster.from_state(model.state())
    assert same(model.predict(windows), restored.predict(windows))


def test_early_stopping_keeps_the_best_weights() -> None:
    train, valid = split(ar_windows(series=3, times=60), 40)
    seen: list[float] = []
    training = replace(LEARN, epochs=60, patience=3, schedule="constant", learning_rate=5e-2)
    model = NetworkForecaster(NetworkConfig(head="gaussian", dropout=0.0), training)
    model.fit(train, valid, lambda _epoch, loss: seen.append(loss))
    assert len(seen) == int(np.argmin(seen)) + 4 < 60
    assert model._fitted is not None
    source = BatchSource(valid, model._fitted.scaling)
    optimisation = Optimisation.of(training, 1)
    module = DirectForecaster(model._fitted.network, model._fitted.head, "crps", optimisation)
    assert module.mean_loss(source.in_order(1000)) == pytest.approx(min(seen))


def test_what_a_report_raises_ends_the_fit_and_passes_through() -> None:
    train, valid = split(ar_windows(), 90)
    seen: list[int] = []

    def prune(epoch: int, _loss: float) -> None:
        seen.append(epoch)
        if epoch == 1:
            raise LookupError("given up")

    with pytest.raises(LookupError, match="given up"):
        NetworkForecaster(training=replace(QUICK, epochs=9)).fit(train, valid, prune)
    assert seen == [0, 1]


def test_an_interrupt_passes_through_as_such() -> None:
    train, valid = split(ar_windows(), 90)

    def interrupt(_epoch: int, _loss: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        NetworkForecaster(training=QUICK).fit(train, valid, interrupt)


def test_a_report_does_not_change_what_is_learned() -> None:
    train, valid = split(ar_windows(), 90)
    quiet = NetworkForecaster(training=QUICK).fit(train, valid)
    loud = NetworkForecaster(training=QUICK).fit(train, valid, lambda _epoch, _loss: None)
    assert same(quiet.predict(valid), loud.predict(valid))


def test_training_says_nothing_and_writes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    monkeypatch.chdir(tmp_path)
    level = logging.getLogger("pytorch_lightning").level
    fitted(ar_windows())
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert not list(tmp_path.iterdir())
    assert not recwarn.list
    assert logging.getLogger("pytorch_lightning").level == level


def test_a_feature_that_all_leads_share_is_read_once() -> None:
    windows = ar_windows(horizons=(1, 2, 3))
    own = np.random.default_rng(0).normal(size=(len(windows), 3, 1)).astype(np.float32)
    both = replace(windows, known=np.concatenate([windows.known, own], axis=2))
    assert fitted(both).state().config["shape"]["known_columns"] == [0, 1, 3, 5]


def test_a_longer_prediction_equals_its_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = ar_windows()
    model = fitted(windows)
    whole = model.predict(windows)
    monkeypatch.setattr("models.forecasters.network.CHUNK", 100)
    np.testing.assert_allclose(model.predict(windows).mean, whole.mean, atol=1e-6)


def test_what_is_not_fitted_cannot_forecast() -> None:
    with pytest.raises(NotFittedError, match="call fit before"):
        NetworkForecaster().predict(ar_windows())
    with pytest.raises(NotFittedError):
        NetworkForecaster().state()


def test_nothing_to_learn_from_is_said() -> None:
    windows = ar_windows()
    with pytest.raises(ModelError, match="no training row has an outcome"):
        fitted(replace(windows, target=np.full_like(windows.target, np.nan)))
    with pytest.raises(ModelError, match="no validation row has an outcome"):
        fitted(windows, replace(QUICK, patience=2))


def test_windows_of_another_shape_are_refused() -> None:
    model = fitted(ar_windows())
    with pytest.raises(ModelError, match=r"Windows\.lookback: the network was trained on 6, got 7"):
        model.predict(ar_windows(lookback=7))
    with pytest.raises(ModelError, match=r"Windows\.leads"):
        model.predict(ar_windows(horizons=(1, 3)))


def test_an_input_that_is_not_finite_is_named() -> None:
    windows = ar_windows()
    model = fitted(windows)
    channels = windows.channels.copy()
    channels[2, 40, 0] = np.nan
    with pytest.raises(ModelError, match="got nan at series 2, time 40, channel 'value'"):
        model.predict(replace(windows, channels=channels))


@pytest.mark.parametrize("accelerator", ["abacus", "tpu"])
def test_an_accelerator_that_is_not_there_is_said(accelerator: str) -> None:
    with pytest.raises(ModelError, match=rf"training\.accelerator: '{accelerator}'"):
        fitted(ar_windows(), replace(QUICK, accelerator=accelerator))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cell": "rnn"}, "network.cell: expected one of lstm, gru, .*, got 'rnn'"),
        ({"head": "beta"}, "network.head: expected one of point"),
        ({"head": "gaussian", "loss": "mse"}, "loss of head gaussian: expected one of crps, nll"),
        ({"layers": 0}, "network.layers: expected 1 or more, got 0"),
        ({"dropout": 1.0}, "network.dropout"),
        ({"series_embedding": -1}, "network.series_embedding"),
    ],
)
def test_a_wrong_setting_of_the_network_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        NetworkConfig(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epochs": 0}, "training.epochs"),
        ({"patience": 0}, "training.patience"),
        ({"schedule": "cosine"}, "training.schedule"),
        ({"learning_rate": 0.0}, "training.learning_rate"),
        ({"weight_decay": -1.0}, "training.weight_decay"),
    ],
)
def test_a_wrong_setting_of_the_training_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainingConfig(**wrong)


def test_a_stored_network_that_does_not_fit_is_refused() -> None:
    state = fitted(ar_windows()).state()
    for broken in (
        State(state.kind, {**state.config, "network": {"hue": 1}}, state.arrays),
        State(state.kind, state.config, {}),
    ):
        with pytest.raises(ArtefactError, match="stored network 'lstm' does not fit"):
            NetworkForecaster.from_state(broken)
