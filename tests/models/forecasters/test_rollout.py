"""Rollout networks: what they may read, what they learn, how they are stored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.emulators import catalogue
from models.errors import ArtefactError, ConfigError, ModelError, NotFittedError
from models.forecasters.rollout import NetworkRollout
from models.forecasters.rollout_network import RolloutBatch, RolloutNetwork
from models.forecasters.settings import RolloutConfig, RolloutNetworkConfig
from models.rollouts import RolloutForecaster, Rollouts, hours_read
from tests.models.emulators.worlds import HORIZON, LOOKBACK, QUICK, rollouts, split

NAMES = tuple(catalogue.ROLLOUT_MODELS)


def fitted(name: str) -> tuple[RolloutForecaster, Rollouts]:
    train, valid = split(rollouts())
    return catalogue.build(name, QUICK).fit(train, valid), valid


@pytest.mark.parametrize("name", NAMES)
def test_every_model_of_the_table_forecasts_and_comes_back_from_its_stored_form(name: str) -> None:
    model, valid = fitted(name)
    forecast = model.predict(valid)
    assert forecast.mean.shape == (len(valid), HORIZON, 3)
    assert np.isfinite(forecast.covariance).all()
    assert (forecast.std > 0).all()
    again = catalogue.restore(model.state()).predict(valid)
    assert np.array_equal(forecast.mean, again.mean)
    assert np.array_equal(forecast.covariance, again.covariance)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_state_after_the_origin_moves_a_forecast(name: str) -> None:
    model, valid = fitted(name)
    one = valid.select(np.array([3]))
    state = one.state.copy()
    state[one.origin[0] + 1 :] += 100.0
    moved = replace(one, state=state)
    assert np.array_equal(model.predict(one).mean, model.predict(moved).mean)


@pytest.mark.parametrize("name", NAMES)
def test_without_a_known_start_the_state_is_not_read_at_all(name: str) -> None:
    model, valid = fitted(name)
    unknown = valid.with_known(False)
    blank = replace(unknown, state=np.full_like(unknown.state, np.nan))
    assert np.array_equal(model.predict(unknown).mean, model.predict(blank).mean)


@pytest.mark.parametrize("name", ["lstm", "gru", "memoryless", "polynomial"])
def test_drivers_of_a_later_hour_do_not_move_an_earlier_one(name: str) -> None:
    model, valid = fitted(name)
    one = valid.select(np.array([3]))
    inputs = one.inputs.copy()
    inputs[one.origin[0] + 10 :] += 1.0
    before, after = model.predict(one).mean, model.predict(replace(one, inputs=inputs)).mean
    assert np.allclose(before[:, :9], after[:, :9], atol=1e-6)
    assert not np.allclose(before[:, 9:], after[:, 9:], atol=1e-3)


def test_a_recurrent_network_beats_persistence_and_the_memoryless_map_where_there_is_memory() -> (
    None
):
    errors = {}
    for name in ("lstm", "memoryless", "persistence"):
        model, valid = fitted(name)
        errors[name] = float(np.mean((model.predict(valid).mean - valid.target) ** 2))
    assert errors["lstm"] < 0.8 * min(errors["memoryless"], errors["persistence"])


def test_linear_dynamics_are_recovered_exactly_where_they_are_true() -> None:
    random = np.random.default_rng(0)
    inputs = random.standard_normal((900, 2)).astype(np.float32)
    state = np.zeros((900, 2), dtype=np.float32)
    keep = np.array([[0.9, 0.1], [0.0, 0.7]])
    for now in range(1, 900):
        state[now] = state[now - 1] @ keep + inputs[now] * np.array([1.0, 0.5]) + 0.2
    origin = np.arange(LOOKBACK - 1, 900 - HORIZON)
    rows = Rollouts(
        inputs, state, origin, LOOKBACK, HORIZON, np.ones(len(origin), bool), np.ones(len(origin))
    )
    model = catalogue.build("dmdc").fit(rows.select(np.arange(600)), rows)
    later = rows.select(np.arange(700, 760))
    assert np.abs(model.predict(later).mean - later.target).max() < 0.02


def test_a_full_covariance_learns_that_components_err_together() -> None:
    random = np.random.default_rng(1)
    hours = 1500
    inputs = random.standard_normal((hours, 1)).astype(np.float32)
    common = random.standard_normal(hours)
    state = np.stack([common, 0.9 * common + 0.44 * random.standard_normal(hours)], axis=1)
    origin = np.arange(LOOKBACK - 1, hours - HORIZON)
    known = np.zeros(len(origin), bool)
    rows = Rollouts(
        inputs, state.astype(np.float32), origin, LOOKBACK, HORIZON, known, np.ones(len(origin))
    )
    network = replace(QUICK.network, covariance="full")
    model = NetworkRollout(replace(QUICK, network=network)).fit(rows, rows)
    covariance = model.predict(rows.select(np.arange(20))).covariance.mean(axis=(0, 1))
    correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert 0.7 < correlation < 1.0


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_the_negative_log_density_is_that_of_a_normal_distribution(covariance: str) -> None:
    config = RolloutNetworkConfig(cell="none", map_size=4, covariance=covariance)  # type: ignore[arg-type]
    head = RolloutNetwork(2, 3, config).head
    generator = torch.Generator().manual_seed(0)
    params = torch.randn(5, head.size, generator=generator, dtype=torch.float64)
    target = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    mean, factor = head.split(params)
    normal = torch.distributions.MultivariateNormal(mean, head.covariance(factor))
    assert torch.allclose(head.nll(mean, factor, target), -normal.log_prob(target) / 3)


def test_a_known_start_is_nearly_certain_at_first_and_forgotten_at_last() -> None:
    network = RolloutNetwork(2, 3, RolloutNetworkConfig(hidden_size=4, map_size=4))
    left = network.decay(5000)
    assert (left[0] > 0.9).all()
    assert (left[-1] < 1e-4).all()
    assert (torch.diff(left, dim=0) <= 0).all()


def test_an_unknown_start_leaves_the_map_alone() -> None:
    network = RolloutNetwork(2, 3, RolloutNetworkConfig(hidden_size=4, map_size=4)).eval()
    batch = RolloutBatch(
        inputs=torch.randn(1, 7, 2),
        past=torch.full((1, 4, 3), 5.0),
        known=torch.zeros(1),
        target=torch.zeros(1, 3, 3),
        weight=torch.ones(1),
    )
    blank = replace(batch, past=torch.zeros(1, 4, 3))
    assert torch.equal(network(batch)[0], network(blank)[0])


def test_the_same_seed_trains_the_same_network() -> None:
    first, valid = fitted("lstm")
    second, _ = fitted("lstm")
    assert np.array_equal(first.predict(valid).mean, second.predict(valid).mean)


def test_epochs_are_reported_with_the_loss_on_validation_rollouts() -> None:
    train, valid = split(rollouts())
    told: list[tuple[int, float]] = []
    NetworkRollout(QUICK).fit(train, valid, lambda epoch, loss: told.append((epoch, loss)))
    assert [epoch for epoch, _ in told] == list(range(QUICK.training.epochs))
    assert min(loss for _, loss in told[1:]) < told[0][1]


def test_wrong_use_is_refused_in_one_line() -> None:
    train, valid = split(rollouts())
    model = NetworkRollout(QUICK)
    with pytest.raises(NotFittedError, match="call fit before"):
        model.predict(valid)
    with pytest.raises(ModelError, match="no rollout to train on"):
        model.fit(train.select(np.zeros(0, dtype=int)), valid)
    model.fit(train, valid)
    narrow = replace(valid, inputs=valid.inputs[:, :3])
    with pytest.raises(ModelError, match="trained on 35 features and 3 components, got 3 and 3"):
        model.predict(narrow)
    inputs = valid.inputs.copy()
    inputs[50, 2] = np.nan
    with pytest.raises(ModelError, match="got nan at hour 50, feature 2"):
        model.predict(replace(valid, inputs=inputs))
    state = valid.state.copy()
    state[valid.origin[0]] = np.nan
    with pytest.raises(ModelError, match="said to be known up to hour"):
        model.predict(replace(valid, state=state))
    stored = model.state()
    with pytest.raises(ArtefactError, match="does not fit"):
        NetworkRollout.from_state(replace(stored, arrays={}))
    with pytest.raises(ArtefactError, match="not known here"):
        catalogue.restore(replace(stored, kind="oracle"))
    with pytest.raises(ConfigError, match="no rollout model called 'oracle'"):
        catalogue.build("oracle")
    with pytest.raises(ConfigError, match="unknown_start"):
        RolloutConfig(unknown_start=2.0)
    with pytest.raises(ConfigError, match=r"network\.cell"):
        RolloutNetworkConfig(cell="transformer")


def test_rollouts_must_have_room_and_fit_together() -> None:
    rows = rollouts()
    with pytest.raises(ModelError, match="leave no room"):
        replace(rows, origin=rows.origin + 1)
    with pytest.raises(ModelError, match="known has shape"):
        replace(rows, known=rows.known[:3])
    with pytest.raises(ModelError, match="inputs have"):
        replace(rows, inputs=rows.inputs[:50])


def test_the_hours_of_a_rollout_are_its_look_back_and_its_horizon() -> None:
    rows = rollouts().select(np.array([5]))
    assert np.flatnonzero(hours_read(rows)).tolist() == list(range(5, 5 + LOOKBACK + HORIZON))
