"""What every backbone of the table owes to the layers above."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from models.backbones.base import Backbone, Shape
from models.backbones.catalogue import BACKBONES, WINDOWS_ONLY, make_backbone
from models.backbones.matching import matched_hidden, parameter_count
from models.backbones.options import BackboneOptions
from models.errors import ConfigError, ModelError

SHAPE = Shape(channels=3, hidden_size=8, layers=2, dropout=0.3, steps=20)
STEPWISE = [name for name in BACKBONES if name not in WINDOWS_ONLY]
each = pytest.mark.parametrize("name", BACKBONES)
stepwise = pytest.mark.parametrize("name", STEPWISE)


def made(name: str, layers: int = 2) -> Backbone:
    torch.manual_seed(0)
    return make_backbone(name, replace(SHAPE, layers=layers)).eval()


def inputs(steps: int = 20, rows: int = 5) -> torch.Tensor:
    return torch.randn(rows, steps, 3, generator=torch.Generator().manual_seed(1))


@each
@pytest.mark.parametrize("layers", [1, 2])
def test_there_is_a_state_for_every_step_and_the_last_one_of_what_is_causal_is_the_answer(
    name: str, layers: int
) -> None:
    backbone = made(name, layers)
    states = backbone.states(inputs())
    assert states.shape == (5, 20, 8)
    if backbone.causal:
        torch.testing.assert_close(backbone(inputs()), states[:, -1])


@stepwise
def test_no_state_depends_on_a_later_step(name: str) -> None:
    changed = inputs()
    changed[:, 12:] += 3.0
    with torch.no_grad():
        before, after = made(name).states(inputs()), made(name).states(changed)
    torch.testing.assert_close(before[:, :12], after[:, :12])
    assert not torch.allclose(before[:, 12:], after[:, 12:])


@stepwise
@pytest.mark.parametrize("cuts", [(7,), (3, 4, 15)])
def test_a_memory_that_is_carried_on_gives_the_states_of_one_long_call(
    name: str, cuts: tuple[int, ...]
) -> None:
    backbone, whole = made(name), inputs()
    pieces, memory = [], None
    for part in whole.tensor_split(cuts, dim=1):
        states, memory = backbone.advance(part, memory)
        pieces.append(states)
    torch.testing.assert_close(torch.cat(pieces, dim=1), backbone.states(whole))


@stepwise
def test_rows_of_a_memory_can_be_picked(name: str) -> None:
    backbone, whole = made(name), inputs()
    _, memory = backbone.advance(whole[:, :9])
    kept = tuple(part[[3]] for part in memory)
    alone, _ = backbone.advance(whole[[3], 9:], kept)
    torch.testing.assert_close(alone, backbone.states(whole)[[3], 9:])


@pytest.mark.parametrize("name", sorted(WINDOWS_ONLY))
def test_what_reads_whole_windows_only_refuses_to_stream(name: str) -> None:
    with pytest.raises(ModelError, match="whole window"):
        made(name).advance(inputs())


def test_what_is_not_causal_is_what_reads_whole_windows_only() -> None:
    assert {name for name in BACKBONES if not made(name).causal} == WINDOWS_ONLY


@each
def test_every_step_and_every_parameter_can_have_a_gradient(name: str) -> None:
    backbone, past = made(name).train(), inputs().requires_grad_()
    backbone(past).square().sum().backward()
    assert past.grad is not None
    assert (past.grad.abs().amax(dim=(0, 2)) > 0).all()
    assert all(p.grad is not None for p in backbone.parameters() if p.requires_grad)


@each
def test_one_row_does_not_see_another(name: str) -> None:
    changed = inputs()
    changed[1:] += 1.0
    with torch.no_grad():
        torch.testing.assert_close(made(name)(inputs())[0], made(name)(changed)[0])


@each
@pytest.mark.parametrize("variational", [False, True])
def test_dropout_acts_in_training_only(name: str, variational: bool) -> None:
    torch.manual_seed(0)
    backbone = make_backbone(name, SHAPE, BackboneOptions(variational=variational))
    first, second = backbone(inputs()), backbone(inputs())
    assert not torch.equal(first, second)
    backbone.eval()
    torch.testing.assert_close(backbone(inputs()), backbone(inputs()))


@each
def test_variational_dropout_has_masks_of_whole_sequences_alone(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    backbone = make_backbone(name, SHAPE, BackboneOptions(variational=True))
    places = ("bidirectional", "block_recurrent", "cell_stack", "recurrent", "thinning")
    drawn = []

    def spy(values: torch.Tensor, p: float, training: bool) -> torch.Tensor:
        drawn.append(tuple(values.shape))
        return torch.nn.functional.dropout(values, p, training)

    for place in places:
        monkeypatch.setattr(f"models.backbones.{place}.dropout", spy, raising=False)
    backbone.train().states(inputs())
    assert len(drawn) >= 2
    # Of the recurrent connection, or of what a layer reads or makes; never one for each step.
    assert all(len(shape) == 2 or shape[1] == 1 for shape in drawn)


@each
def test_a_window_shorter_or_longer_than_announced_is_read(name: str) -> None:
    for steps in (1, 5, 50):
        assert torch.isfinite(made(name)(inputs(steps))).all()


@each
def test_a_size_is_found_for_a_budget_of_parameters(name: str) -> None:
    size = matched_hidden(name, SHAPE, 4000, step=4)
    near = [parameter_count(name, replace(SHAPE, hidden_size=width)) for width in (size, size + 4)]
    assert size % 4 == 0
    assert abs(near[0] - 4000) <= abs(near[1] - 4000)


@each
@pytest.mark.parametrize("budget", [60, 300, 800])
def test_no_size_is_nearer_to_a_budget(name: str, budget: int) -> None:
    shape = replace(SHAPE, layers=1)
    counts = {
        size: parameter_count(name, replace(shape, hidden_size=size))
        for size in range(2 if name in WINDOWS_ONLY else 1, 30)
    }
    nearest = min(counts, key=lambda size: abs(counts[size] - budget))
    if counts[nearest] <= 2 * budget:
        assert matched_hidden(name, shape, budget) == nearest


def test_a_budget_that_no_size_meets_is_refused() -> None:
    with pytest.raises(ConfigError, match="parameters at its smallest, expected about 3"):
        matched_hidden("lstm", SHAPE, 3)


@pytest.mark.parametrize(
    ("field", "value"),
    [("channels", 0), ("hidden_size", 0), ("layers", 0), ("steps", 0), ("dropout", 1.0)],
)
def test_a_size_that_cannot_be_is_refused(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"{field}: expected .* got {value}"):
        replace(SHAPE, **{field: value})


def test_an_unknown_backbone_is_refused() -> None:
    with pytest.raises(ConfigError, match="no backbone called 'x'; known: lstm, gru"):
        make_backbone("x", SHAPE)
