"""Layers that read a window from both ends."""

from __future__ import annotations

import pytest
import torch

from models.backbones.base import Shape
from models.backbones.bidirectional import Bidirectional, BidirectionalGRU, BidirectionalLSTM
from models.backbones.options import BackboneOptions
from models.emulators import catalogue as rollout_models
from models.errors import ConfigError
from models.forecasters.settings import NetworkConfig, RolloutNetworkConfig

both = pytest.mark.parametrize("kind", [BidirectionalLSTM, BidirectionalGRU])


def made(kind: type[Bidirectional], layers: int = 1, hidden: int = 6) -> Bidirectional:
    torch.manual_seed(0)
    return kind(Shape(3, hidden, layers, steps=9)).eval()


def past() -> torch.Tensor:
    return torch.randn(4, 9, 3, generator=torch.Generator().manual_seed(1))


@both
def test_each_half_of_a_single_layer_hears_its_own_side(kind: type[Bidirectional]) -> None:
    changed = past()
    changed[:, 5] += 1.0
    moved = (made(kind).states(changed) - made(kind).states(past())).abs().amax(dim=0) > 0
    assert moved[:, :3].any(dim=1).tolist() == [False] * 5 + [True] * 4
    assert moved[:, 3:].any(dim=1).tolist() == [True] * 6 + [False] * 3


@both
def test_in_the_second_layer_each_half_hears_both_sides(kind: type[Bidirectional]) -> None:
    changed = past()
    changed[:, 5] += 1.0
    moved = (made(kind, 2).states(changed) - made(kind, 2).states(past())).abs().amax(dim=0) > 0
    assert moved[:, :3].any(dim=1).all()
    assert moved[:, 3:].any(dim=1).all()


@both
def test_a_window_read_backwards_changes_the_halves_about_when_their_weights_do(
    kind: type[Bidirectional],
) -> None:
    straight, turned = made(kind), made(kind)
    turned.ahead, turned.back = turned.back, turned.ahead
    here, there = straight.states(past()), turned.states(past().flip(1)).flip(1)
    torch.testing.assert_close(here[..., :3], there[..., 3:])
    torch.testing.assert_close(here[..., 3:], there[..., :3])


@both
def test_the_answer_is_what_each_half_knows_after_the_whole_window(
    kind: type[Bidirectional],
) -> None:
    backbone = made(kind)
    states = backbone.states(past())
    wanted = torch.cat([states[:, -1, :3], states[:, 0, 3:]], dim=-1)
    torch.testing.assert_close(backbone(past()), wanted)


@both
def test_it_is_the_one_of_torch_with_the_same_weights(kind: type[Bidirectional]) -> None:
    ours = made(kind, layers=2)
    theirs = getattr(torch.nn, kind.direction.__name__)(
        3, 3, num_layers=2, batch_first=True, bidirectional=True
    )
    for layer in range(2):
        for suffix, halves in (("", ours.ahead), ("_reverse", ours.back)):
            for name, weight in halves[layer].recurrent.named_parameters():
                place = name.replace("_l0", f"_l{layer}{suffix}")
                theirs.get_parameter(place).data.copy_(weight)
    torch.testing.assert_close(ours.states(past()), theirs(past())[0])


@both
def test_the_hidden_size_is_that_of_both_halves_an_odd_unit_goes_forward(
    kind: type[Bidirectional],
) -> None:
    backbone = made(kind, hidden=7)
    assert backbone.states(past()).shape == (4, 9, 7)
    assert (backbone.ahead[0].hidden_size, backbone.back[0].hidden_size) == (4, 3)
    with pytest.raises(ConfigError, match="expected 2 or more, one for each direction, got 1"):
        made(kind, hidden=1)


def test_its_gates_begin_as_the_options_say() -> None:
    shape = Shape(3, 8, steps=40)
    lstm = BidirectionalLSTM(shape, BackboneOptions(memory="open"))
    for halves in (lstm.ahead, lstm.back):
        forget = halves[0].recurrent.bias_ih_l0[4:8]
        assert forget.tolist() == [1.0] * 4


@pytest.mark.parametrize("name", ["bidirectional_lstm", "bidirectional_gru"])
def test_it_forecasts_from_windows_and_is_refused_where_hours_ahead_are_read(name: str) -> None:
    assert NetworkConfig(cell=name).cell == name
    with pytest.raises(
        ConfigError, match=f"rollouts: {name} reads whole windows from both ends.*choose one of"
    ):
        RolloutNetworkConfig(cell=name)
    with pytest.raises(ConfigError, match=f"{name} reads whole windows from both ends"):
        rollout_models.build(name)
