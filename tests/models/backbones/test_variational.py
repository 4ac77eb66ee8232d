"""Variational dropout of torch's own layers: one mask per sequence, and nothing else changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from models.backbones.base import Shape
from models.backbones.catalogue import make_backbone
from models.backbones.options import BackboneOptions
from models.backbones.recurrent import GRU, LSTM, Recurrent
from models.cells.catalogue import CELLS

SHAPE = Shape(channels=3, hidden_size=8, layers=2, dropout=0.4, steps=12)
KINDS = (LSTM, GRU)
each = pytest.mark.parametrize("kind", KINDS)


def made(kind: type[Recurrent], *, variational: bool = True, dropout: float = 0.4) -> Recurrent:
    torch.manual_seed(0)
    return kind(replace(SHAPE, dropout=dropout), BackboneOptions(variational=variational))


def inputs(rows: int = 5) -> torch.Tensor:
    return torch.randn(rows, 12, 3, generator=torch.Generator().manual_seed(1))


def masks_of(
    backbone: nn.Module,
    given: torch.Tensor,
    patch: pytest.MonkeyPatch,
    place: str = "models.backbones.recurrent.dropout",
) -> list[torch.Tensor]:
    """Every mask that is drawn while a backbone reads."""
    drawn: list[torch.Tensor] = []

    def spy(values: torch.Tensor, p: float, training: bool) -> torch.Tensor:
        mask = nn.functional.dropout(values, p, training)
        drawn.append(mask)
        return mask

    patch.setattr(place, spy)
    backbone(given)
    return drawn


@each
def test_a_sequence_has_one_mask_on_what_each_layer_reads(
    kind: type[Recurrent], monkeypatch: pytest.MonkeyPatch
) -> None:
    masks = masks_of(made(kind), inputs(), monkeypatch)
    # One step long, so that every step of a sequence has the same.
    assert [tuple(mask.shape) for mask in masks] == [(5, 1, 3), (5, 1, 8)]
    assert not torch.equal(masks[1][0], masks[1][1])


@each
def test_an_input_that_is_left_out_is_left_out_at_every_step(kind: type[Recurrent]) -> None:
    backbone, past = made(kind), inputs(1).requires_grad_()
    for seed in range(20):
        torch.manual_seed(seed)
        (gradient,) = torch.autograd.grad(backbone(past).square().sum(), past)
        silent = (gradient == 0)[0]
        assert (silent.any(dim=0) == silent.all(dim=0)).all()


@each
def test_by_default_steps_have_masks_of_their_own_between_layers_alone(
    kind: type[Recurrent], monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = made(kind, variational=False)
    assert masks_of(backbone, inputs(), monkeypatch) == []
    # MC dropout: dropout on, the layers at rest.
    backbone.eval()
    backbone.dropout.train()
    masks = masks_of(backbone, inputs(), monkeypatch)
    assert [tuple(mask.shape) for mask in masks] == [(5, 12, 8)]


@each
def test_layer_by_layer_is_what_torch_does_in_one_call(kind: type[Recurrent]) -> None:
    whole, apart = made(kind, dropout=0.0, variational=False).eval(), made(kind, dropout=0.0)
    states, memory = whole.advance(inputs())
    again, kept = apart.train().advance(inputs())
    torch.testing.assert_close(again, states)
    for one, other in zip(kept, memory, strict=True):
        torch.testing.assert_close(one, other)
    further, _ = apart.advance(inputs(), kept)
    torch.testing.assert_close(further, whole.advance(inputs(), memory)[0])


@each
def test_on_a_gpu_layers_in_training_keep_what_a_gradient_needs(
    kind: type[Recurrent], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "lstm" if kind is LSTM else "gru"
    real, told = getattr(torch, name), []

    def spy(*given: object, **more: object) -> object:
        told.append(given[6])  # whether it is training; cuDNN has no gradient else
        return real(*given, **more)

    monkeypatch.setattr(torch, name, spy)
    backbone = made(kind).train()
    backbone(inputs())
    backbone.eval()
    backbone.dropout.train()  # MC dropout
    backbone(inputs())
    assert told == [True, True, False, False]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@each
def test_variational_dropout_trains_on_a_gpu(kind: type[Recurrent]) -> None:
    backbone, past = made(kind).train().cuda(), inputs().cuda()
    _, memory = backbone.advance(past)
    states, _ = backbone.advance(past, memory)
    states.square().sum().backward()
    assert all(weights.grad is not None for weights in backbone.parameters())


@each
def test_at_rest_it_is_the_network_without_dropout(kind: type[Recurrent]) -> None:
    for variational in (True, False):
        backbone = made(kind, variational=variational).eval()
        plain = made(kind, variational=variational, dropout=0.0).eval()
        torch.testing.assert_close(backbone(inputs(200)), plain(inputs(200)))


def test_the_fast_path_of_a_gru_does_not_skip_dropout_that_is_on() -> None:
    gru = GRU(replace(SHAPE, layers=1)).eval()
    gru.dropout.train()
    with torch.inference_mode():
        assert (gru(inputs(200)) == 0).any()


@pytest.mark.parametrize("name", CELLS)
def test_cells_have_a_mask_on_the_recurrent_connection_too(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    backbone = make_backbone(name, SHAPE, BackboneOptions(variational=True))
    masks = masks_of(backbone, inputs(), monkeypatch, "models.backbones.cell_stack.dropout")
    width = CELLS[name](8, 8).widths[0]
    recurrent = [mask for mask in masks if mask.dim() == 2]
    assert [tuple(mask.shape) for mask in recurrent] == [(5, width)] * 2
    assert all((mask == 0).any() for mask in recurrent)
