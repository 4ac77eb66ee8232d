"""The backbone that reads the running signature."""

from __future__ import annotations

import pytest
import torch

from models.backbones.base import Shape
from models.backbones.options import BackboneOptions
from models.backbones.signature import Signature, SignatureLayer
from models.errors import ConfigError
from models.transforms.signatures import signature


def past(steps: int = 12) -> torch.Tensor:
    return torch.randn(5, steps, 4, generator=torch.Generator().manual_seed(1))


def test_a_state_is_a_map_of_the_signature_of_the_path_so_far_with_time() -> None:
    torch.manual_seed(0)
    layer = SignatureLayer(4, 6, steps=10, width=2, depth=3)
    states, _ = layer(past())
    points = torch.cat([torch.zeros(5, 1, 2), layer.path(past())[:, :8]], dim=1)
    time = (torch.arange(9) / 10).expand(5, 9).unsqueeze(-1)
    terms = signature(torch.cat([time, points], dim=-1), 3, "torch")
    wanted = torch.tanh(layer.output(terms / (1.0 + terms.abs()).sqrt()))
    torch.testing.assert_close(states[:, 7], wanted)


def test_the_order_of_events_is_heard() -> None:
    torch.manual_seed(0)
    backbone = Signature(Shape(4, 6, steps=12)).eval()
    assert not torch.allclose(backbone(past()), backbone(past().flip(1)), atol=1e-3)


def test_the_options_set_its_channels_and_depth() -> None:
    options = BackboneOptions(signature_channels=2, signature_depth=4)
    backbone = Signature(Shape(4, 6, layers=2), options)
    widths = [layer.output.in_features for layer in backbone.layers]
    assert widths == [3 + 9 + 27 + 81] * 2
    assert [layer.path.in_features for layer in backbone.layers] == [4, 6]


@pytest.mark.parametrize("name", ["signature_channels", "signature_depth"])
def test_a_signature_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"options.{name}: expected 1 or more, got 0"):
        BackboneOptions(**{name: 0})


def test_the_speed_of_its_clock_is_stored_with_the_weights() -> None:
    made, other = Signature(Shape(4, 6, steps=12)), Signature(Shape(4, 6, steps=99))
    other.load_state_dict(made.state_dict())
    torch.testing.assert_close(made.eval()(past()), other.eval()(past()))


def test_a_large_input_far_outside_the_training_gives_a_finite_state_and_gradient() -> None:
    torch.manual_seed(0)
    backbone = Signature(Shape(4, 6, layers=2, steps=200))
    given = (10.0 * past(200)).requires_grad_()
    backbone(given).sum().backward()
    assert given.grad is not None
    assert torch.isfinite(given.grad).all()


def test_gradients_are_right_in_float64() -> None:
    torch.manual_seed(0)
    layer = SignatureLayer(2, 3, steps=5, width=2, depth=3).double()
    given = torch.randn(2, 5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: layer(x)[0], given)
