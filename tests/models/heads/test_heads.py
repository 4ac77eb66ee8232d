"""Heads: worked values, closed forms against integrals, gradients against differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scoringrules
import torch
from scipy import stats

from models.contract import LEVELS
from models.errors import ModelError
from models.heads import HEADS, GaussianHead, PointHead, QuantileHead, StudentTHead
from models.heads.gaussian import MIN_SCALE, positive
from models.heads.student_t import DF_BOUNDS, degrees, distribution

GRID = np.asarray(LEVELS)


def random_params(size: int, rows: int = 50, spread: float = 1.5) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return spread * torch.randn(rows, 2, size, generator=generator, dtype=torch.float64)


def targets(rows: int = 50) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return 3.0 * torch.randn(rows, 2, generator=generator, dtype=torch.float64)


def numbers(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().numpy()


@pytest.mark.parametrize("name", HEADS)
def test_a_head_without_output_forecasts_mean_zero(name: str) -> None:
    head = HEADS[name]()
    params = torch.zeros(3, 2, head.size, dtype=torch.float64)
    np.testing.assert_allclose(numbers(head.mean(params)), 0.0, atol=1e-7)


def test_gaussian_and_quantile_heads_without_output_are_the_standard_normal() -> None:
    for head in (GaussianHead(), QuantileHead()):
        quantiles = head.quantiles(torch.zeros(1, 1, head.size, dtype=torch.float64), LEVELS)
        np.testing.assert_allclose(numbers(quantiles)[0, 0], stats.norm.ppf(GRID), atol=1e-6)


@pytest.mark.parametrize("name", HEADS)
def test_quantiles_never_cross(name: str) -> None:
    head = HEADS[name]()
    quantiles = numbers(head.quantiles(random_params(head.size, spread=20.0), LEVELS))
    assert quantiles.shape == (50, 2, 39)
    assert (np.diff(quantiles, axis=-1) >= 0).all()


def test_gaussian_quantiles_mean_and_likelihood_are_those_of_scipy() -> None:
    head, params, target = GaussianHead(), random_params(2), targets()
    law = stats.norm(numbers(params[..., 0]), numbers(positive(params[..., 1])))
    np.testing.assert_allclose(
        numbers(head.quantiles(params, [0.1, 0.9]))[..., 1], law.ppf(0.9), rtol=1e-9
    )
    np.testing.assert_allclose(numbers(head.mean(params)), law.mean())
    np.testing.assert_allclose(
        numbers(head.pointwise("nll")(params, target)), -law.logpdf(numbers(target)), rtol=1e-9
    )


def test_crps_of_the_standard_normal_at_its_mean_is_0_2337() -> None:
    """2 φ(0) - 1/√π = 0.797885 - 0.564190 = 0.233695."""
    loss = GaussianHead().pointwise("crps")(torch.zeros(1, 1, 2), torch.zeros(1, 1))
    assert float(loss) == pytest.approx(0.233695, abs=1e-6)


def test_gaussian_crps_is_that_of_scoringrules() -> None:
    params, target = random_params(2), targets()
    expected = scoringrules.crps_normal(
        numbers(target), numbers(params[..., 0]), numbers(positive(params[..., 1]))
    )
    np.testing.assert_allclose(
        numbers(GaussianHead().pointwise("crps")(params, target)), expected, rtol=1e-8
    )


def test_student_t_is_that_of_scipy_and_scoringrules() -> None:
    head, params, target = StudentTHead(), random_params(3), targets()
    scale, df = numbers(positive(params[..., 1])), numbers(degrees(params[..., 2]))
    law = stats.t(df, numbers(params[..., 0]), scale)
    np.testing.assert_allclose(
        numbers(head.quantiles(params, LEVELS))[..., 4], law.ppf(LEVELS[4]), rtol=1e-8
    )
    np.testing.assert_allclose(
        numbers(head.pointwise("nll")(params, target)), -law.logpdf(numbers(target)), rtol=1e-8
    )
    expected = scoringrules.crps_t(numbers(target), df, numbers(params[..., 0]), scale)
    np.testing.assert_allclose(
        numbers(head.pointwise("crps")(params, target)), expected, rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("df", [DF_BOUNDS[0], 5.0, DF_BOUNDS[1]])
def test_the_distribution_function_of_student_t_is_exact_to_six_digits(df: float) -> None:
    z = torch.tensor([-40.0, -4.0, -1.0, 0.0, 0.3, 2.0, 30.0], dtype=torch.float64)
    found = numbers(distribution(z, torch.full_like(z, df)))
    np.testing.assert_allclose(found, stats.t.cdf(numbers(z), df), atol=1e-6)


def test_degrees_of_freedom_stay_within_bounds() -> None:
    found = degrees(torch.tensor([-1e4, 0.0, 1e4]))
    np.testing.assert_allclose(numbers(found), [DF_BOUNDS[0], 10.0, DF_BOUNDS[1]], rtol=1e-5)


def test_a_scale_is_one_at_zero_and_never_vanishes() -> None:
    found = positive(torch.tensor([-1e4, 0.0, 3.0]))
    np.testing.assert_allclose(numbers(found)[:2], [MIN_SCALE, 1.0], rtol=1e-5)
    assert found[2] > 3.0


@pytest.mark.parametrize(
    ("name", "loss"), [(name, loss) for name, head in HEADS.items() for loss in head.losses]
)
def test_gradients_are_those_of_differences(name: str, loss: str) -> None:
    head = HEADS[name]()
    params = random_params(head.size, rows=4, spread=0.8).requires_grad_()
    function = head.pointwise(loss)
    assert torch.autograd.gradcheck(lambda p: function(p, targets(4)), (params,), atol=1e-5)


def test_point_losses_are_the_squared_and_absolute_error() -> None:
    params, target = torch.tensor([[[1.0]]]), torch.tensor([[4.0]])
    assert float(PointHead().pointwise("mse")(params, target)) == 9.0
    assert float(PointHead().pointwise("mae")(params, target)) == 3.0


def test_pinball_loss_of_the_standard_normal_is_nearly_its_crps() -> None:
    """The loss is a mean over 39 levels; the trapezoid rule with ends at 0 and 1, where the
    pinball loss vanishes, divides the same sum by 40 and is the CRPS to half a percent."""
    head = QuantileHead()
    loss = float(head.pointwise("pinball")(torch.zeros(1, 1, head.size), torch.zeros(1, 1)))
    by_hand = 2 * np.mean(np.abs(GRID - (GRID > 0.5)) * np.abs(stats.norm.ppf(GRID)))
    assert loss == pytest.approx(by_hand, rel=1e-5)
    assert loss * 39 / 40 == pytest.approx(0.233695, rel=0.005)


def test_the_mean_of_quantiles_follows_a_skew() -> None:
    head = QuantileHead()
    params = torch.zeros(1, 1, head.size, dtype=torch.float64)
    params[..., 30:] = 3.0
    assert float(head.mean(params)) > float(head.quantiles(params, LEVELS)[0, 0, 19]) == 0.0


def test_the_quantile_head_knows_its_levels_only() -> None:
    with pytest.raises(ModelError, match="interpolate with"):
        QuantileHead().quantiles(torch.zeros(1, 1, 39), [0.5])


def test_a_loss_leaves_out_what_is_masked_and_weighs_rows() -> None:
    """Squared errors 1 and 9 with weights 3 and 1, a masked one between: (3 + 9) / 4 = 3."""
    params = torch.zeros(2, 2, 1)
    target = torch.tensor([[1.0, math.nan], [math.nan, 3.0]])
    weight = torch.tensor([3.0, 1.0])
    loss = PointHead().loss(params, target, torch.isfinite(target), weight, "mse")
    assert float(loss) == 3.0


def test_a_masked_outcome_spoils_no_gradient() -> None:
    params = torch.zeros(1, 2, 2, requires_grad=True)
    target = torch.tensor([[1.0, math.nan]])
    head = GaussianHead()
    head.loss(params, target, torch.isfinite(target), torch.ones(1), "crps").backward()
    assert params.grad is not None
    assert torch.isfinite(params.grad).all()
    assert (params.grad[0, 0] != 0).all()
    assert (params.grad[0, 1] == 0).all()


def test_a_batch_without_outcomes_has_no_loss() -> None:
    target = torch.full((2, 1), math.nan)
    mask = torch.isfinite(target)
    assert float(PointHead().loss(torch.ones(2, 1, 1), target, mask, torch.ones(2), "mse")) == 0.0
