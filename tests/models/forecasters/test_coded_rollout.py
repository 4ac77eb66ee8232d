"""Rollouts in codes: the distribution through the decoder, gaps, storage, joint training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.contract import FloatArray, State
from models.emulators.catalogue import build, restore
from models.emulators.emulator import DensityEmulator, Points
from models.emulators.log_density import Shape
from models.emulators.rollout_ensemble import RolloutEnsemble
from models.emulators.settings import DensityConfig, FieldAutoencoderConfig
from models.emulators.storage import from_state, to_state
from models.errors import ArtefactError, ConfigError, ModelError, NotFittedError
from models.forecasters.coded_rollout import CodedRollout
from models.forecasters.coding_settings import CodingConfig, JointConfig
from models.forecasters.rollout import NetworkRollout
from models.rollouts import RolloutForecast, Rollouts
from models.transforms.principal_components import PrincipalComponents
from tests.models.emulators.worlds import (
    GRID,
    HORIZON,
    LOOKBACK,
    QUICK,
    drivers,
    fields_of,
    rollouts,
    split,
    state_of,
)

SMALL = replace(FieldAutoencoderConfig().plain(), code=2, hidden=(16,), epochs=40)
BRIEF = replace(QUICK, training=replace(QUICK.training, epochs=4))


def bent_state() -> FloatArray:
    """Four components on a bent surface of two."""
    first, second = state_of(drivers())[:, :2].T
    return np.stack([first, second, first**2 / 3, first * second / 3], axis=1).astype(np.float32)


def world() -> tuple[Rollouts, Rollouts]:
    return split(rollouts(state=bent_state(), step=4))


def coded(joint: int = 0, **changed: Any) -> CodedRollout:
    config = CodingConfig(replace(SMALL, **changed), JointConfig(joint, learning_rate=3e-3))
    made = build("gru", BRIEF, 0, config)
    assert isinstance(made, CodedRollout)
    return made


def missed(model: Any, rows: Rollouts) -> float:
    error = (model.predict(rows).mean - rows.target) ** 2
    return float(error.sum(axis=-1).mean() / rows.target.var(axis=(0, 1)).sum())


class Given:
    """A forecaster of codes that always says the same."""

    def __init__(self, mean: FloatArray, covariance: FloatArray) -> None:
        self._forecast = RolloutForecast(mean, covariance)

    def fit(self, _train: Rollouts, _valid: Rollouts) -> Any:
        return self

    def predict(self, _rollouts: Rollouts) -> RolloutForecast:
        return self._forecast

    def state(self) -> State:
        return State("given", {}, {})

    @classmethod
    def from_state(cls, _state: State) -> Any:
        raise NotImplementedError


def test_a_network_forecasts_in_two_numbers_what_has_four() -> None:
    train, valid = world()
    model = coded().fit(train, valid)
    assert isinstance(model.inner, NetworkRollout)
    assert model.inner.network.head.components == 2
    forecast = model.predict(valid)
    assert forecast.mean.shape == (len(valid), HORIZON, 4)
    assert missed(model, train) < 0.4
    assert np.linalg.eigvalsh(forecast.covariance).min() > 0


def test_the_distribution_is_that_of_decoded_samples() -> None:
    train, valid = world()
    mean = np.tile(np.array([0.4, -0.3], np.float32), (len(valid), HORIZON, 1))
    spread = 0.05**2 * np.array([[1.0, 0.5], [0.5, 2.0]], np.float32)
    covariance = np.tile(spread, (len(valid), HORIZON, 1, 1))
    model = CodedRollout(Given(mean, covariance), CodingConfig(SMALL)).fit(train, valid)
    forecast = model.predict(valid)
    draws = np.random.default_rng(0).multivariate_normal(mean[0, 0], spread, 40_000)
    sampled = model.coder.decode(draws)
    wanted = np.cov(sampled.T) + np.diag(model.coder.residual)
    np.testing.assert_allclose(forecast.mean[0, 0], sampled.mean(axis=0), atol=0.02)
    scale = np.sqrt(np.diag(wanted))
    unit = np.outer(scale, scale)
    np.testing.assert_allclose(forecast.covariance[0, 0] / unit, wanted / unit, atol=0.1)


def test_nothing_of_the_state_after_the_origin_is_read() -> None:
    train, valid = world()
    model = coded(epochs=2).fit(train, valid)
    row = valid.select(np.arange(1))
    changed = row.state.copy()
    changed[int(row.origin[0]) + 1 :] += 5.0
    assert np.array_equal(model.predict(row).mean, model.predict(replace(row, state=changed)).mean)


def test_a_state_with_gaps_is_encoded_from_what_is_known() -> None:
    train, valid = world()
    model = coded().fit(train, valid)
    row = valid.select(np.arange(3))
    gaps = row.state.copy()
    gaps[:, 3] = np.nan
    answers = [model.predict(rows) for rows in (row, replace(row, state=gaps))]
    assert np.isfinite(answers[1].mean).all()
    assert not np.array_equal(answers[0].mean, answers[1].mean)
    nothing = replace(row, state=np.full_like(row.state, np.nan))
    with pytest.raises(ModelError, match="said to be known"):
        model.predict(nothing)
    assert np.isfinite(model.predict(nothing.with_known(False)).mean).all()


def test_decoder_and_network_learn_together_on_the_error_of_the_state() -> None:
    train, valid = world()
    # A decoder that has learnt little has something to gain.
    apart, together = (coded(joint, epochs=3).fit(train, valid) for joint in (0, 30))
    assert missed(together, train) < 0.97 * missed(apart, train)
    assert np.array_equal(apart.coder.encode(train.state), together.coder.encode(train.state))
    assert not np.array_equal(apart.coder.residual, together.coder.residual)
    assert np.isfinite(together.predict(valid).covariance).all()


@pytest.mark.parametrize("joint", [0, 2])
def test_it_comes_back_as_it_was(joint: int) -> None:
    train, valid = world()
    model = coded(joint, epochs=2).fit(train, valid)
    again = restore(model.state())
    assert isinstance(again, CodedRollout)
    assert again.config == model.config
    for name in ("mean", "covariance"):
        assert np.array_equal(
            getattr(again.predict(valid), name), getattr(model.predict(valid), name)
        )


def test_models_without_networks_may_forecast_codes_but_learn_with_no_decoder() -> None:
    train, valid = world()
    config = CodingConfig(replace(SMALL, epochs=2))
    for name in ("persistence", "dmdc"):
        forecast = build(name, QUICK, 0, config).fit(train, valid).predict(valid)
        assert forecast.mean.shape == (len(valid), HORIZON, 4)
    with pytest.raises(ConfigError, match="only networks are trained with a decoder"):
        build("dmdc", QUICK, 0, replace(config, joint=JointConfig(3)))


def test_an_emulator_answers_at_any_point_with_networks_that_forecast_codes() -> None:
    weather = drivers()
    states = np.concatenate([state_of(weather), bent_state()[:, 2:3]], axis=1)
    fields = fields_of(states[:, :3]) + 0.01 * states[:, 3:]
    components = PrincipalComponents.fit(lambda: [fields], rank=3)
    train, valid = split(rollouts(weather, components.project(fields), step=4))
    coding = CodingConfig(replace(SMALL, epochs=5))
    ensemble = RolloutEnsemble([("gru_0", build("gru", BRIEF, 0, coding))]).fit(train, valid)
    limits = np.stack([weather.values.min(axis=0), weather.values.max(axis=0)], axis=1)
    emulator = DensityEmulator(
        GRID, components, ensemble, "full", LOOKBACK, HORIZON, limits, Shape(), "a made-up world"
    )
    first = weather.times[LOOKBACK + 50]
    path = emulator.path(weather, first, first + np.timedelta64(30, "h"))
    when = np.array([first + np.timedelta64(90, "m")])
    points = Points(when, np.array([10.0]), np.array([40.0]), np.array([300.0]))
    found = emulator.density(path, points)
    again = from_state(to_state(emulator)).density(path, points)
    assert np.array_equal(found.mean, again.mean)
    cell = float(fields[LOOKBACK + 51].reshape(GRID.shape).mean())
    assert abs(float(found.mean[0]) - cell) < 6
    assert 0 < float(found.std[0]) < 2


def test_settings_choose_it_and_refuse_what_components_cannot_do() -> None:
    assert DensityConfig().coding is None
    config = DensityConfig(reducer="autoencoder", joint=JointConfig(4))
    assert config.coding == CodingConfig(FieldAutoencoderConfig().plain(), JointConfig(4))
    with pytest.raises(ConfigError, match=r"joint\.epochs: 4, but components have no decoder"):
        DensityConfig(joint=JointConfig(4))
    with pytest.raises(ConfigError, match="reducer: expected one of pca, autoencoder, got 'ae'"):
        DensityConfig(reducer="ae")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"joint\.epochs: expected 0 or more, got -1"):
        JointConfig(-1)
    with pytest.raises(ConfigError, match=r"joint\.learning_rate: expected above 0, got 0"):
        JointConfig(1, learning_rate=0.0)


def test_what_is_not_fitted_or_not_whole_is_refused() -> None:
    train, valid = world()
    with pytest.raises(NotFittedError, match="call fit before predict"):
        coded().predict(train)
    unknown = replace(train, state=np.full_like(train.state, np.nan)).with_known(False)
    with pytest.raises(ModelError, match="no hour of the training rollouts has a known state"):
        coded().fit(unknown, valid)
    state = coded(epochs=1).fit(train, valid).state()
    with pytest.raises(ArtefactError, match="stored coded rollout does not fit"):
        restore(replace(state, config={}))
    with pytest.raises(ArtefactError, match=r"restored with models\.emulators\.catalogue"):
        CodedRollout.from_state(state)
