"""Gated convolutions: reach, parameters, and the three gates by hand."""

from __future__ import annotations

import pytest
import torch

from models.backbones.base import Shape
from models.backbones.catalogue import make_backbone
from models.backbones.gated_convolution import GATES, GatedConvolution, GatedLayer, doubling
from models.backbones.options import BackboneOptions
from models.errors import ConfigError


@pytest.mark.parametrize(("width", "size", "kernel"), [(5, 7, 4), (3, 3, 2)])
def test_a_layer_has_the_parameters_of_the_paper(width: int, size: int, kernel: int) -> None:
    layer = GatedLayer(width, size, kernel)
    assert sum(p.numel() for p in layer.parameters()) == 2 * kernel * width * size + 2 * size


def test_weight_norm_changes_how_a_layer_learns_and_not_what_it_begins_with() -> None:
    torch.manual_seed(0)
    plain = GatedLayer(5, 7, 4)
    torch.manual_seed(0)
    normed = GatedLayer(5, 7, 4, normed=True)
    more = [sum(p.numel() for p in layer.parameters()) for layer in (plain, normed)]
    assert more[1] - more[0] == 2 * 7
    past = torch.randn(2, 9, 5)
    torch.testing.assert_close(normed(past)[0], plain(past)[0])
    longer = {name: p for name, p in normed.named_parameters() if name.endswith("original1")}
    for kernels in longer.values():
        kernels.data.mul_(3.0)
    assert len(longer) == 1
    torch.testing.assert_close(normed(past)[0], plain(past)[0], msg="a length counts in one place")


def test_the_backbone_normalises_the_kernels_of_every_layer_if_it_is_told_to() -> None:
    shape = Shape(3, 4, 2, 0.0, steps=24)
    made = [
        make_backbone("glu_convolution", shape, BackboneOptions(weight_norm=normed))
        for normed in (False, True)
    ]
    sizes = [sum(p.numel() for p in one.parameters()) for one in made]
    assert isinstance(made[1], GatedConvolution)
    assert sizes[1] - sizes[0] == 2 * 4 * len(made[1].layers)
    again = make_backbone("glu_convolution", shape, BackboneOptions(weight_norm=True))
    again.load_state_dict(made[1].state_dict())
    past = torch.randn(2, 24, 3)
    torch.testing.assert_close(again.eval()(past), made[1].eval()(past))


@pytest.mark.parametrize("gate", GATES)
def test_a_layer_gates_one_half_of_a_causal_convolution_by_the_other(gate: str) -> None:
    torch.manual_seed(0)
    layer = GatedLayer(2, 3, 2, gate=gate)
    past = torch.randn(1, 4, 2)
    weights, bias = layer.convolution.weight, layer.convolution.bias
    assert bias is not None
    for step in range(4):
        before = past[0, step - 1] if step else torch.zeros(2)
        made = weights[:, :, 0] @ before + weights[:, :, 1] @ past[0, step] + bias
        value, open_ = made[:3], made[3:]
        expected = {
            "glu": value * open_.sigmoid(),
            "gtu": value.tanh() * open_.sigmoid(),
            "bilinear": value * open_,
        }[gate]
        torch.testing.assert_close(layer(past)[0][0, step], expected)


def test_an_unknown_gate_is_refused() -> None:
    with pytest.raises(ConfigError, match="gate: expected one of glu, gtu, bilinear, got 'relu'"):
        GatedLayer(2, 2, 2, gate="relu")


@pytest.mark.parametrize(("steps", "kernel"), [(1, 2), (24, 4), (36, 2), (192, 4), (200, 3)])
def test_dilations_double_until_a_window_is_seen(steps: int, kernel: int) -> None:
    dilations = doubling(steps, kernel)
    reach = 1 + (kernel - 1) * sum(dilations)
    assert reach >= steps
    assert len(dilations) == 1 or reach - (kernel - 1) * dilations[-1] < steps


def test_a_plain_stack_sees_as_many_steps_as_the_paper_says_and_no_more() -> None:
    torch.manual_seed(0)
    layers, kernel = 3, 4
    stack = [GatedLayer(2, 2, kernel) for _ in range(layers)]
    past = torch.randn(1, 30, 2, requires_grad=True)
    states = past
    for layer in stack:
        states = layer(states)[0]
    (gradient,) = torch.autograd.grad(states[0, -1].sum(), past)
    seen = (gradient[0].abs().sum(dim=1) > 0).nonzero().ravel()
    assert len(seen) == 1 + layers * (kernel - 1)
    assert int(seen[0]) == 30 - len(seen)


def test_the_reach_covers_the_window_that_was_announced() -> None:
    made = make_backbone("glu_convolution", Shape(3, 4, 1, 0.0, steps=100))
    assert isinstance(made, GatedConvolution)
    assert made.reach >= 100


def test_gradients_are_those_of_finite_differences() -> None:
    torch.manual_seed(0)
    made = make_backbone("bilinear_convolution", Shape(2, 2, 1, 0.0, 6)).double().eval()
    past = torch.randn(2, 6, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(made.states, (past,))


def test_a_kernel_of_one_step_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"options\.kernel_size: expected 2 or more, got 1"):
        BackboneOptions(kernel_size=1)
