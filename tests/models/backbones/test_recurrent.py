"""Backbones: shapes, the open forget gate, and what the last state depends on."""

from __future__ import annotations

import pytest
import torch

from models.backbones.base import Shape
from models.backbones.catalogue import BACKBONES, make_backbone
from models.backbones.options import BackboneOptions
from models.backbones.recurrent import GRU, LSTM


@pytest.mark.parametrize("cell", BACKBONES)
@pytest.mark.parametrize("layers", [1, 3])
def test_the_answer_is_one_state_per_row(cell: str, layers: int) -> None:
    backbone = make_backbone(cell, Shape(4, 7, layers, 0.1))
    assert backbone(torch.zeros(5, 11, 4)).shape == (5, 7)


def test_the_forget_gate_of_every_layer_starts_open() -> None:
    backbone = LSTM(Shape(2, 3, layers=2), BackboneOptions(memory="open"))
    for layer in range(2):
        total = sum(
            backbone.recurrent.get_parameter(f"bias_{part}_l{layer}") for part in ("ih", "hh")
        )
        assert torch.equal(total[3:6], torch.ones(3))
        assert not torch.equal(total[:3], torch.ones(3))


def first_biases(backbone: LSTM | GRU, layer: int) -> torch.Tensor:
    """torch adds two of them."""
    parts = (backbone.recurrent.get_parameter(f"bias_{part}_l{layer}") for part in ("ih", "hh"))
    return sum(parts, start=torch.zeros(())).detach()


def test_gates_that_keep_the_state_are_spread_over_the_window_by_default() -> None:
    size, steps = 400, 101
    # A share sigma(b) is kept per step, so a state lasts 1 + exp(b) steps: any number to 101.
    for layer in range(2):
        lstm = first_biases(LSTM(Shape(2, size, 2, steps=steps)), layer)
        gru = first_biases(GRU(Shape(2, size, 2, steps=steps)), layer)
        for kept in (lstm[size : 2 * size], gru[size : 2 * size]):
            lasts = 1 + kept.exp()
            assert 2 <= float(lasts.min()) < 10
            assert 92 < float(lasts.max()) <= 101
            assert 45 < float(lasts.mean()) < 57
        torch.testing.assert_close(lstm[:size], -lstm[size : 2 * size])
        # The other gates begin as torch's do.
        for other in (lstm[2 * size :], gru[:size], gru[2 * size :]):
            assert float(other.abs().max()) <= 2 / size**0.5 + 1e-6


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_with_chrono_biases_half_of_the_units_keep_their_state_to_the_end(cell: str) -> None:
    left = {}
    for memory in ("chrono", "open"):
        torch.manual_seed(0)
        options = BackboneOptions(memory=memory)  # type: ignore[arg-type]
        backbone = make_backbone(cell, Shape(1, 64, steps=100), options)
        carried = torch.ones(1, 1, 64)
        before = (0 * carried, carried) if cell == "lstm" else (carried,)
        with torch.no_grad():
            for name, weight in backbone.named_parameters():
                if "weight" in name:
                    weight.zero_()
            _, after = backbone.advance(torch.zeros(1, 50, 1), before)
            _, empty = backbone.advance(torch.zeros(1, 50, 1))
        left[memory] = float((after[-1] - empty[-1]).median())
    assert left["chrono"] > 0.25
    assert left["open"] < 1e-4


@pytest.mark.parametrize("steps", [1, 2])
def test_windows_without_anything_to_bridge_begin_half_open(steps: int) -> None:
    assert (first_biases(LSTM(Shape(1, 4, steps=steps)), 0)[:8] == 0).all()
    assert (first_biases(GRU(Shape(1, 4, steps=steps)), 0)[4:8] == 0).all()


@pytest.mark.parametrize("cell", BACKBONES)
def test_changing_one_step_of_one_row_changes_that_row_only(cell: str) -> None:
    backbone = make_backbone(cell, Shape(1, 4, 1, 0.5)).eval()
    past = torch.randn(2, 6, 1, generator=torch.Generator().manual_seed(0))
    changed = past.clone()
    changed[0, -1] += 1.0
    before, after = backbone(past), backbone(changed)
    assert not torch.allclose(before[0], after[0])
    assert torch.equal(before[1], after[1])


@pytest.mark.parametrize("cell", BACKBONES)
def test_dropout_acts_in_training_only(cell: str) -> None:
    backbone = make_backbone(cell, Shape(1, 64, 1, 0.5))
    past = torch.ones(1, 3, 1)
    assert (backbone(past) == 0).any()
    assert (backbone.eval()(past) != 0).all()
