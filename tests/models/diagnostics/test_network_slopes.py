"""Slopes by automatic differentiation are those of re-forecasts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from models.contract import FloatArray, Windows
from models.diagnostics.network_slopes import direct_slopes, rollout_slopes
from models.emulators import catalogue
from models.errors import ModelError
from models.forecasters.many_networks import SharedInputs
from models.forecasters.network import NetworkForecaster
from models.forecasters.rollout import NetworkRollout
from models.forecasters.settings import NetworkConfig, TrainingConfig
from models.rollouts import Rollouts
from tests.models.emulators import worlds

LOOKBACK, CHANNELS, LEADS = 6, 3, ("a_1", "a_2")


def windows(rows: int = 200) -> Windows:
    """Outcomes hang on channels and the first feature; the last of each is constant."""
    draw = np.random.default_rng(0)
    channels = draw.normal(size=(rows, LOOKBACK, CHANNELS)).astype(np.float32)
    channels[..., 2] = 1.0
    known = np.repeat(draw.normal(size=(rows, 1, 2)), 2, axis=1).astype(np.float32)
    known[..., 1] = 3.0
    target = channels[:, -1, :1] + np.stack([known[:, 0, 0], channels[:, -2, 1]], axis=1)
    return Windows(
        channels, np.zeros((rows, LOOKBACK)), np.arange(rows), np.full(rows, LOOKBACK - 1),
        known, target, LEADS, (1, 2), LOOKBACK,
    )  # fmt: skip


def config(**changes: object) -> NetworkConfig:
    return NetworkConfig(hidden_size=6, head_size=6, zero_output=False, **changes)  # type: ignore[arg-type]


@cache
def fitted(cell: str, mc_passes: int = 0) -> NetworkForecaster:
    network = config(cell=cell, mc_passes=mc_passes, dropout=0.2)
    training = TrainingConfig(epochs=12, batch_size=16, learning_rate=3e-2)
    return NetworkForecaster(network, training).fit(windows(), windows().select(np.arange(0)))


def one(channels: FloatArray | None = None, known: FloatArray | None = None) -> Windows:
    row = windows().select(np.array([5]))
    row = replace(row, channels=row.channels[[5]], history=row.history[[5]], series=np.array([0]))
    return replace(
        row,
        channels=row.channels if channels is None else channels,
        known=row.known if known is None else known,
    )


def mean(networks: list[NetworkForecaster], row: Windows) -> FloatArray:
    inputs = SharedInputs.of(row)
    return np.mean([n.standardised_mean(inputs)[0] for n in networks], axis=0, dtype=np.float64)


@pytest.mark.parametrize("cell", ["lstm", "gru", "glu_convolution"])
def test_slopes_of_direct_networks_are_those_of_small_steps(cell: str) -> None:
    networks = [fitted(cell), fitted("lstm")]
    row = one()
    past, known = direct_slopes(networks, row)  # type: ignore[misc]
    assert past.shape == (2, LOOKBACK, CHANNELS)
    for time, channel in ((LOOKBACK - 1, 0), (LOOKBACK - 2, 1)):
        step = np.zeros_like(row.channels)
        step[0, time, channel] = 0.02
        above, below = (mean(networks, one(row.channels + side * step)) for side in (1, -1))
        np.testing.assert_allclose(past[:, time, channel], (above - below) / 0.04, atol=2e-3)
    step = np.array([0.02, 0.0], dtype=np.float32)
    above, below = (mean(networks, one(known=row.known + side * step)) for side in (1, -1))
    np.testing.assert_allclose(known[:, 0], (above - below) / 0.04, atol=2e-3)
    assert min(abs(past[0, -1, 0]), abs(past[1, -2, 1]), abs(known[0, 0])) > 0.1
    assert (past[..., 2] == 0).all()  # constant in training: the scaling hides it
    assert (known[:, 1] == 0).all()


def test_an_input_held_at_the_limit_of_the_scaling_has_no_slope() -> None:
    row = one()
    far = row.channels.copy()
    far[0, -1, 0] = 1e3
    past, _ = direct_slopes([fitted("lstm")], one(far))  # type: ignore[misc]
    assert (past[:, -1, 0] == 0).all()
    assert (past[:, -2, 1] != 0).any()


def test_slopes_are_of_one_row_and_not_of_mixtures() -> None:
    assert direct_slopes([fitted("lstm", 4)], one()) is None
    with pytest.raises(ModelError, match="slopes: expected one forecast, got 200"):
        direct_slopes([fitted("lstm")], windows())


@cache
def rollout_model(cell: str, mc_passes: int = 0) -> NetworkRollout:
    network = replace(worlds.QUICK.network, mc_passes=mc_passes, layers=2, dropout=0.1)
    training = replace(worlds.QUICK.training, epochs=2)
    quick = replace(worlds.QUICK, network=network, training=training)
    train, valid = worlds.split(worlds.rollouts())
    made = catalogue.build(cell, quick, 0)
    assert isinstance(made, NetworkRollout)
    return made.fit(train, valid)


@pytest.mark.parametrize(("cell", "known"), [("lstm", True), ("gru", False), ("memoryless", True)])
def test_slopes_of_rollouts_are_those_of_small_steps(cell: str, known: bool) -> None:
    member = rollout_model(cell)
    rows = worlds.rollouts()
    span = slice(300, 300 + worlds.LOOKBACK + worlds.HORIZON)
    row = Rollouts(
        rows.inputs[span], rows.state[span], np.array([worlds.LOOKBACK - 1]), worlds.LOOKBACK,
        worlds.HORIZON, np.array([known]), np.ones(1),
    )  # fmt: skip
    weights = np.random.default_rng(1).normal(size=(2, worlds.HORIZON, 3))
    by_input, by_state = rollout_slopes(member, row, weights)  # type: ignore[misc]

    def summed(inputs: FloatArray, state: FloatArray) -> FloatArray:
        moved = replace(row, inputs=row.inputs + inputs, state=row.state + state)
        ahead = member.predict(moved).mean[0].astype(np.float64)
        return np.einsum("lhc,hc->l", weights, ahead)

    draw = np.random.default_rng(2)
    wide = np.where(member.scaling.inputs.factor > 0, row.inputs.std(axis=0), 0.0)
    inputs = (1e-3 * draw.normal(size=row.inputs.shape) * wide).astype(np.float32)
    state = np.zeros_like(row.state)
    state[: worlds.LOOKBACK] = 1e-2 * draw.normal(size=(worlds.LOOKBACK, 3))
    change = summed(inputs, state) - summed(-inputs, -state)
    told = np.einsum("lhf,hf->l", by_input, inputs)
    told += np.einsum("lhc,hc->l", by_state, state[: worlds.LOOKBACK])
    np.testing.assert_allclose(2 * told, change, rtol=0.02, atol=2e-4)
    assert (by_state != 0).any() == (known and cell != "memoryless")


def test_a_rollout_by_mc_dropout_has_no_slopes_of_its_own() -> None:
    row = worlds.rollouts().select(np.array([300]))
    assert rollout_slopes(rollout_model("lstm", 3), row, np.ones((1, worlds.HORIZON, 3))) is None
