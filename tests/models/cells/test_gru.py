"""Both forms of the gated recurrent unit, against torch and against the paper's equations."""

from __future__ import annotations

import pytest
import torch

from models.backbones.base import Shape
from models.backbones.matching import matched_hidden
from models.cells.catalogue import CELLS
from models.cells.gru import GRUResetAfter, GRUResetBefore

INPUTS = torch.randn(3, 12, 5, generator=torch.Generator().manual_seed(0))


def test_reset_after_is_the_gru_of_torch() -> None:
    torch.manual_seed(0)
    theirs, ours = torch.nn.GRU(5, 4, batch_first=True), GRUResetAfter(5, 4)
    with torch.no_grad():
        ours.inputs.weight.copy_(theirs.weight_ih_l0)
        ours.inputs.bias.copy_(theirs.bias_ih_l0)
        ours.recurrent.weight.copy_(theirs.weight_hh_l0)
        ours.recurrent.bias.copy_(theirs.bias_hh_l0)
    torch.testing.assert_close(ours(INPUTS)[0], theirs(INPUTS)[0], rtol=0, atol=1e-6)


def test_reset_before_follows_the_equations_of_the_paper() -> None:
    torch.manual_seed(0)
    cell = GRUResetBefore(5, 4)
    h, outputs = torch.zeros(4), []
    for x in INPUTS[2]:
        w = cell.inputs.weight @ x + cell.inputs.bias
        z = torch.sigmoid(w[:4] + cell.gates.weight[:4] @ h)
        r = torch.sigmoid(w[4:8] + cell.gates.weight[4:] @ h)
        n = torch.tanh(w[8:] + cell.recurrent.weight @ (r * h))
        h = (1 - z) * h + z * n
        outputs.append(h)
    torch.testing.assert_close(cell(INPUTS)[0][2], torch.stack(outputs))


@pytest.mark.parametrize(
    ("cell", "channels", "size", "count"),
    [
        # The sizes that Chung et al. matched, music (about 100 inputs) and speech (20); one bias.
        ("gru_reset_before", 100, 46, 3 * 46 * 147),
        ("tanh", 100, 100, 100 * 201),
        ("gru_reset_before", 20, 227, 3 * 227 * 248),
        ("tanh", 20, 400, 400 * 421),
        ("peephole_lstm", 100, 36, 4 * 36 * 137 + 108),
        ("peephole_lstm", 20, 195, 4 * 195 * 216 + 585),
    ],
)
def test_parameters_are_counted_as_in_the_paper(
    cell: str, channels: int, size: int, count: int
) -> None:
    assert sum(p.numel() for p in CELLS[cell](channels, size).parameters()) == count


def test_the_papers_sizes_are_those_that_match_a_budget() -> None:
    sizes = {
        name: matched_hidden(name, Shape(100, 1), 20_000)
        for name in ("tanh", "gru_reset_before", "peephole_lstm")
    }
    assert sizes == {"tanh": 100, "gru_reset_before": 46, "peephole_lstm": 36}


@pytest.mark.parametrize("name", ["gru_reset_before", "gru_reset_after"])
def test_chrono_lets_the_state_stay(name: str) -> None:
    torch.manual_seed(0)
    open_, kept = CELLS[name](5, 64), CELLS[name](5, 64)
    kept.keep_for(200)
    start = (torch.ones(3, 64),)
    with torch.no_grad():
        left = [cell(torch.zeros(3, 12, 5), start)[0][:, -1].abs().mean() for cell in (open_, kept)]
    assert left[1] > 3 * left[0]
