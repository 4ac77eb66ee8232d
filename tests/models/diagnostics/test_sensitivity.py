"""Sensitivities of forecasts that are known exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.contract import FloatArray
from models.diagnostics.sensitivity import Inputs, Question, sensitivity, worst_push
from models.errors import ConfigError, ModelError

#: lead × input. The last input is one that the forecast ignores.
WEIGHTS = np.array([[1.0, -2.0, 0.5, 0.0], [0.0, 3.0, 0.0, 0.0]])
SPREAD = np.array([1.0, 0.5, 2.0, 1.0])


def linear(rows: FloatArray) -> FloatArray:
    return np.asarray(rows @ WEIGHTS.T)


def made(value: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0), low: float = -np.inf) -> Inputs:
    return Inputs(
        ("a", "a", "b", "idle"),
        ("1", "2", "", ""),
        np.array(value),
        SPREAD,
        np.full(4, low),
        np.full(4, np.inf),
    )


def asked(**changes: object) -> Question:
    return replace(Question(made(), ("near", "far"), linear), **changes)  # type: ignore[arg-type]


def test_of_a_linear_forecast_slopes_moves_and_pushes_are_the_weights() -> None:
    for slope in (None, WEIGHTS):
        question = asked(slope=slope)
        found = sensitivity(question)
        np.testing.assert_allclose(found.base, [-1.5, 6.0])
        np.testing.assert_allclose(found.slope, WEIGHTS * SPREAD, atol=1e-12)
        np.testing.assert_allclose(found.single[..., 1], WEIGHTS * SPREAD, atol=1e-12)
        np.testing.assert_allclose(found.single[..., 0], -WEIGHTS * SPREAD, atol=1e-12)
        # a: 1 · 1 - 2 · 0.5 = 0 together, though each of its inputs moves the forecast.
        assert found.move(0, "a") == pytest.approx((0.0, 0.0), abs=1e-12)
        assert found.move(1, "a") == pytest.approx((-1.5, 1.5))
        assert found.order(0) == ("b", "a", "idle")
        push = worst_push(question, found, 0, 0.1)
        assert push.expected == pytest.approx(0.3)  # 0.1 (1 + 1 + 1)
        assert (push.down, push.up) == pytest.approx((-0.3, 0.3))
        assert push.random == pytest.approx(0.1 * np.sqrt(3.0), rel=0.25)
    assert found.checked == pytest.approx(0.0, abs=1e-12)


def test_an_input_that_the_forecast_ignores_is_exactly_zero_and_is_named() -> None:
    found = sensitivity(asked())
    assert (found.slope[:, 3] == 0).all()
    assert (found.single[:, 3] == 0).all()
    assert found.idle == ("idle",)


def test_a_wrong_slope_is_found_by_the_check() -> None:
    wrong = WEIGHTS.copy()
    wrong[0, 0] = 1.3
    assert sensitivity(asked(slope=wrong)).checked == pytest.approx(0.3 / 1.3)


def test_moves_keep_the_bounds_and_slopes_at_a_bound_are_one_sided() -> None:
    inputs = made((0.0, 2.0, 0.5, 4.0), low=0.0)
    found = sensitivity(asked(inputs=inputs))
    np.testing.assert_allclose(found.single[0, :, 0], [0.0, 1.0, -0.25, 0.0], atol=1e-12)
    np.testing.assert_allclose(found.single[0, :, 1], [1.0, -1.0, 1.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(found.slope, WEIGHTS * SPREAD, atol=1e-12)
    fixed = replace(inputs, low=inputs.value, high=inputs.value)
    assert (sensitivity(asked(inputs=fixed)).slope == 0).all()


def test_groups_of_independent_inputs_move_by_one_deviation_of_their_mean() -> None:
    plain, own = (sensitivity(asked(independent=way)) for way in (False, True))
    assert own.move(1, "a")[1] == pytest.approx(plain.move(1, "a")[1] / np.sqrt(2.0))
    assert own.move(0, "b") == pytest.approx(plain.move(0, "b"))
    assert (own.single == plain.single).all()


def test_bundles_move_their_groups_together() -> None:
    found = sensitivity(asked(bundles={"both": ("a", "b")}))
    assert found.bundles == ("both",)
    assert found.move(0, "both")[1] == pytest.approx(1.0)
    assert found.move(1, "both")[1] == pytest.approx(1.5)


def test_a_bent_forecast_moves_otherwise_than_its_slope_says() -> None:
    def bent(rows: FloatArray) -> FloatArray:
        return np.asarray(rows[:, :1] ** 2)

    question = Question(made((1.0, 0.0, 0.0, 0.0)), ("square",), bent)
    found = sensitivity(question)
    assert found.slope[0, 0] == pytest.approx(2.0)
    assert tuple(found.single[0, 0]) == pytest.approx((-1.0, 3.0))


def test_missing_values_stay_missing_and_are_not_moved() -> None:
    inputs = replace(made((1.0, np.nan, 3.0, 4.0)), spread=np.array([1.0, 0.0, 2.0, 1.0]))
    seen = []

    def answer(rows: FloatArray) -> FloatArray:
        seen.append(rows[:, 1])
        return np.nan_to_num(rows) @ WEIGHTS.T

    found = sensitivity(asked(inputs=inputs, answer=answer))
    assert np.isnan(np.concatenate(seen)).all()
    assert found.move(0, "a")[1] == pytest.approx(1.0)


def test_what_cannot_be_is_refused_in_one_line() -> None:
    with pytest.raises(ConfigError, match="expected above 0 deviations, got 0"):
        worst_push(asked(), sensitivity(asked()), 0, 0.0)
    with pytest.raises(ModelError, match=r"Inputs: expected one length of all parts, got \[3, 4\]"):
        replace(made(), step=("1", "2", ""))
    with pytest.raises(ModelError, match=r"Inputs\.spread: expected finite numbers of 0 or more"):
        replace(made(), spread=-SPREAD)
    with pytest.raises(ModelError, match=r"moved inputs is not finite \(row 0 of 1\)"):
        sensitivity(asked(answer=lambda rows: linear(rows) * np.nan))
