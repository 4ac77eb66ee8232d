"""The fast GRU of inference gives what torch's own gives."""

from __future__ import annotations

import pytest
import torch

from models.backbones import recurrent
from models.backbones.base import Shape
from models.backbones.gru_inference import last_state


def gru(layers: int = 1) -> recurrent.GRU:
    torch.manual_seed(0)
    return recurrent.GRU(Shape(8, 28, layers, 0.3)).eval()


@torch.inference_mode()
def test_the_last_state_is_that_of_torch() -> None:
    past = torch.randn(200, 24, 8)
    made = last_state(gru().recurrent, past)
    torch.testing.assert_close(made, gru().recurrent(past)[0][:, -1], rtol=0, atol=1e-6)


@pytest.mark.parametrize(("rows", "layers"), [(300, 1), (3, 1), (300, 2)])
def test_the_network_answers_alike_with_and_without_gradients(rows: int, layers: int) -> None:
    past = torch.randn(rows, 12, 8)
    with torch.inference_mode():
        inferred = gru(layers)(past)
    torch.testing.assert_close(inferred.clone(), gru(layers)(past).detach(), rtol=0, atol=1e-6)


def test_only_many_rows_of_one_layer_take_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(
        recurrent,
        "last_state",
        lambda cell, past: calls.append(len(past)) or last_state(cell, past),
    )
    with torch.inference_mode():
        for rows, layers in ((recurrent.FEWEST_ROWS, 1), (3, 1), (300, 2)):
            gru(layers)(torch.randn(rows, 4, 8))
    gru()(torch.randn(300, 4, 8))
    assert calls == [recurrent.FEWEST_ROWS]
