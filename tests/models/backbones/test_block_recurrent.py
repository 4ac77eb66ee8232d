"""The block-recurrent transformer: what steps and states may see, gates, heads."""

from __future__ import annotations

import pytest
import torch

from models.backbones.attention import Attention, KeysValues, fitting_heads
from models.backbones.base import Shape
from models.backbones.block_recurrent import BlockLayer, BlockRecurrent
from models.backbones.options import BackboneOptions
from models.backbones.state_gates import FixedGate, LSTMGate
from models.errors import ConfigError

OPTIONS = BackboneOptions(block=4, heads=2, state_vectors=3)


def made(layers: int = 1, options: BackboneOptions = OPTIONS) -> BlockRecurrent:
    torch.manual_seed(0)
    return BlockRecurrent(Shape(2, 8, layers, 0.0, 16), options).eval()


def past(steps: int = 16) -> torch.Tensor:
    return torch.randn(2, steps, 2, generator=torch.Generator().manual_seed(0))


def test_a_layer_without_states_sees_as_many_steps_as_a_block_has() -> None:
    torch.manual_seed(0)
    layer, tokens = BlockLayer(8, 2, block=4).eval(), torch.randn(1, 12, 8, requires_grad=True)
    nothing = (torch.empty(0), torch.empty(0))
    out = layer(tokens, 12, nothing)
    (gradient,) = torch.autograd.grad(out[0, 9].sum(), tokens)
    seen = gradient[0].abs().sum(dim=1).nonzero().ravel().tolist()
    assert seen == [6, 7, 8, 9]


def test_states_carry_what_no_window_reaches() -> None:
    changed = past()
    changed[:, 0] += 1.0
    with torch.no_grad():
        apart = (made().states(past()) - made().states(changed)).abs().amax(dim=(0, 2))
    assert (apart[8:] > 0).all(), "through the states, blocks later"


def test_no_step_of_any_block_sees_a_later_one() -> None:
    backbone, steps = made(layers=2), past().requires_grad_()
    # Not their sum: it is the same for all that is normalised.
    told = backbone.states(steps) @ torch.arange(8.0)
    for place in range(16):
        (gradient,) = torch.autograd.grad(told[:, place].sum(), steps, retain_graph=True)
        seen = gradient.abs().sum(dim=(0, 2))
        assert (seen[place + 1 :] == 0).all()
        assert (seen[: place + 1] > 0).all(), "through the states, also what no window reaches"


@pytest.mark.parametrize("gate", ["fixed", "lstm"])
def test_a_cut_at_any_step_changes_nothing(gate: str) -> None:
    options = BackboneOptions(block=4, heads=2, state_vectors=3, gate=gate)  # type: ignore[arg-type]
    backbone, steps = made(2, options), past(18)
    whole = backbone.states(steps)
    for cut in range(1, 18):
        first, memory = backbone.advance(steps[:, :cut])
        second, _ = backbone.advance(steps[:, cut:], memory)
        torch.testing.assert_close(torch.cat([first, second], dim=1), whole)


def test_steps_that_stream_in_one_by_one_give_the_states_of_one_long_call() -> None:
    backbone, steps, memory, found = made(layers=2), past(18), None, []
    for step in steps.split(1, dim=1):
        state, memory = backbone.advance(step, memory)
        found.append(state)
    torch.testing.assert_close(torch.cat(found, dim=1), backbone.states(steps))


def test_states_change_at_the_end_of_a_block_and_are_read_from_the_next_on() -> None:
    backbone, past_ = made(), past(8)
    _, memory = backbone.advance(past_[:, :3])
    assert torch.equal(memory[-1], backbone.states_.first(2))
    _, memory = backbone.advance(past_[:, :4])
    assert not torch.equal(memory[-1], backbone.states_.first(2))
    assert memory[0].shape[1] == 4


def test_what_is_carried_is_less_than_two_blocks_whatever_was_read() -> None:
    backbone, memory = made(layers=2), None
    for part in past(61).split([5, 13, 1, 42], dim=1):
        _, memory = backbone.advance(part, memory)
        assert len(memory) == 3
        assert all(one.shape[1] < 8 for one in memory[:-1])


def test_gates_follow_the_equations_of_the_paper() -> None:
    torch.manual_seed(0)
    states, heard = torch.randn(1, 3, 4), torch.randn(1, 3, 6)
    fixed = FixedGate(6, 4)
    share = torch.sigmoid(fixed.bias)
    expected = states * share + fixed.new(heard) * (1 - share)
    torch.testing.assert_close(fixed(states, heard), expected)
    gate = LSTMGate(6, 4)
    assert gate.gates.bias[:4].tolist() == [-1] * 4
    assert gate.gates.bias[4:8].tolist() == [1] * 4
    i, f, z = gate.gates(heard).chunk(3, dim=-1)
    expected = states * torch.sigmoid(f) + torch.tanh(z) * torch.sigmoid(i)
    torch.testing.assert_close(gate(states, heard), expected)


def test_variational_dropout_hides_the_same_units_in_every_block() -> None:
    torch.manual_seed(0)
    options = BackboneOptions(block=4, state_vectors=3, variational=True)
    backbone = BlockRecurrent(Shape(2, 64, 1, 0.5, 16), options).train()
    told = []
    backbone.norm.register_forward_pre_hook(lambda _module, given: told.append(given[0] == 0))
    backbone.states(past())
    (hidden,) = told
    assert 0.2 < float(hidden.float().mean()) < 0.8
    assert (hidden == hidden[:, :1]).all()
    assert (hidden[0] != hidden[1]).any(), "each row has units of its own"


@pytest.mark.parametrize(
    ("size", "wanted", "heads"), [(32, 4, 4), (30, 4, 3), (7, 4, 1), (2, 8, 2)]
)
def test_heads_are_the_next_divisor_of_the_width(size: int, wanted: int, heads: int) -> None:
    assert fitting_heads(size, wanted) == heads


def test_attention_is_a_weighted_mean_of_values() -> None:
    torch.manual_seed(0)
    keys, own, steps = KeysValues(4, 1), Attention(4, 1), torch.randn(1, 5, 4)
    k, v = keys.both(steps)[0].chunk(2, dim=-1)
    weights = torch.softmax(own.queries(steps)[0] @ k.T / 2.0, dim=-1)
    torch.testing.assert_close(own(steps, keys(steps))[0], weights @ v)


@pytest.mark.parametrize("gate", ["fixed", "lstm"])
def test_gradients_are_those_of_finite_differences(gate: str) -> None:
    options = BackboneOptions(block=2, heads=2, state_vectors=2, gate=gate)  # type: ignore[arg-type]
    torch.manual_seed(0)
    backbone = BlockRecurrent(Shape(2, 4, 1, 0.0, 5), options).double().eval()
    steps = torch.randn(1, 5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(backbone.states, (steps,))


@pytest.mark.parametrize("name", ["block", "heads", "state_vectors"])
def test_what_must_be_positive_is(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"options\.{name}: expected 1 or more, got 0"):
        BackboneOptions(**{name: 0})
    with pytest.raises(ConfigError, match=r"options\.gate: expected fixed or lstm, got 'x'"):
        BackboneOptions(gate="x")  # type: ignore[arg-type]
