"""The memory cell of 1997: the paper's weights and equations."""

from __future__ import annotations

import math

import pytest
import torch

from models.cells.memory_block import MemoryBlock, weight_count
from models.errors import ConfigError


@pytest.mark.parametrize(
    ("channels", "cells", "gates", "outputs", "printed"),
    [
        (2, 4, 4, 5, 93),  # adding and multiplication: all biased, one output that sees cells
        (8, 4, 4, 20, 156),  # temporal order 6a: four outputs
        (8, 6, 6, 56, 308),  # temporal order 6b: three blocks, eight outputs
    ],
)
def test_weights_are_as_many_as_the_paper_prints(
    channels: int, cells: int, gates: int, outputs: int, printed: int
) -> None:
    assert weight_count(channels, cells, gates) + outputs == printed
    cell = MemoryBlock(channels, cells)
    assert sum(p.numel() for p in cell.parameters()) == weight_count(channels, cells, gates)


def test_the_nets_with_fewer_biases_have_as_many_weights_as_the_paper_prints() -> None:
    # Reber 4x1 and 3x2: seven inputs, seven outputs that see cells only, gates alone biased.
    assert weight_count(7, 4, 8, biased=False) + 8 + 7 * 4 == 264
    assert weight_count(7, 6, 6, biased=False) + 6 + 7 * 6 == 276
    # 2-sequence: three blocks of one cell, an output without bias.
    assert weight_count(1, 3, 6) + 3 == 102
    # Experiment 2c: p + 4 inputs, two blocks of one cell, two outputs; nothing biased.
    for symbols, printed in ((50, 364), (100, 664), (200, 1264), (500, 3064), (1000, 6064)):
        assert weight_count(symbols + 4, 2, 4, biased=False) + 2 * 2 == printed


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_it_follows_the_equations_of_the_paper() -> None:
    torch.manual_seed(0)
    cell = MemoryBlock(3, 4)
    past = torch.randn(1, 7, 3)
    y, gates, s = torch.zeros(4), torch.zeros(4), torch.zeros(4)
    for step in range(7):
        net = cell.inputs.weight @ past[0, step] + cell.inputs.bias
        net = net + cell.recurrent.weight @ torch.cat([y, gates])
        gates = torch.tensor([logistic(v) for v in net[4:].tolist()])
        for j in range(4):
            block = j // 2
            s[j] += gates[block] * (4 * logistic(net[j].item()) - 2)
            y[j] = gates[2 + block] * (2 * logistic(float(s[j])) - 1)
        with torch.no_grad():
            torch.testing.assert_close(cell(past)[0][0, step], y, rtol=1e-4, atol=1e-5)


def test_what_is_stored_stays_while_the_input_gates_are_shut() -> None:
    cell = MemoryBlock(3, 4)
    with torch.no_grad():
        cell.inputs.bias[4:6] = -50.0
        start = (torch.zeros(2, 4), torch.zeros(2, 4), torch.randn(2, 4))
        _, after = cell(torch.randn(2, 200, 3), start)
    torch.testing.assert_close(after[2], start[2], rtol=0, atol=1e-6)


def test_blocks_are_pairs_unless_the_number_of_cells_is_odd() -> None:
    assert MemoryBlock(1, 6).blocks == 3
    assert MemoryBlock(1, 5).blocks == 5
    assert MemoryBlock(1, 6, block=3).blocks == 2
    with pytest.raises(ConfigError, match="6 cells do not make whole blocks of 4"):
        MemoryBlock(1, 6, block=4)
