"""Backbones: shapes, the open forget gate, and what the last state depends on."""

from __future__ import annotations

import pytest
import torch

from models.backbones.base import Shape
from models.backbones.catalogue import BACKBONES, make_backbone
from models.backbones.options import BackboneOptions
from models.backbones.recurrent import LSTM


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
