"""The odyssey's nine cells are wired as in the paper."""

from __future__ import annotations

import pytest
import torch

from models.cells.catalogue import CELLS
from models.cells.peephole_lstm import VARIANTS, PeepholeLSTM

#: For 88 inputs and 32 blocks.
COUNTS = {
    "": 15_584,
    "_nig": 11_680,
    "_nfg": 11_680,
    "_nog": 11_680,
    "_niaf": 15_584,
    "_noaf": 15_584,
    "_cifg": 11_680,
    "_np": 15_488,
    "_fgr": 24_800,
}
INPUTS = torch.randn(3, 12, 5, generator=torch.Generator().manual_seed(0))


def made(name: str) -> PeepholeLSTM:
    torch.manual_seed(0)
    cell = CELLS[name](5, 4)
    assert isinstance(cell, PeepholeLSTM)
    return cell


@pytest.mark.parametrize(("suffix", "count"), COUNTS.items())
def test_every_variant_has_the_number_of_parameters_of_the_paper(suffix: str, count: int) -> None:
    name = f"peephole_lstm{suffix}"
    cell = CELLS[name](88, 32)
    assert sum(p.numel() for p in cell.parameters()) == count
    assert VARIANTS[name].parameters(88, 32) == count


def test_there_are_nine() -> None:
    assert {f"peephole_lstm{suffix}" for suffix in COUNTS} == set(VARIANTS)


def test_without_peepholes_it_is_the_lstm_of_torch() -> None:
    theirs, ours = torch.nn.LSTM(5, 4, batch_first=True), made("peephole_lstm")
    # torch orders input, forget, cell, output; here block input, input, forget, output.
    order = torch.cat([torch.arange(8, 12), torch.arange(8), torch.arange(12, 16)])
    with torch.no_grad():
        assert ours.peepholes is not None
        ours.peepholes.zero_()
        ours.inputs.weight.copy_(theirs.weight_ih_l0[order])
        ours.inputs.bias.copy_((theirs.bias_ih_l0 + theirs.bias_hh_l0)[order])
        ours.recurrent.weight.copy_(theirs.weight_hh_l0[order])
    outputs, (output, cell) = ours(INPUTS)
    expected, (last, last_cell) = theirs(INPUTS)
    torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(output, last[0], rtol=0, atol=1e-6)
    torch.testing.assert_close(cell, last_cell[0], rtol=0, atol=1e-6)


def by_hand(cell: PeepholeLSTM, inputs: torch.Tensor) -> torch.Tensor:
    """One row, one step after another, equation by equation."""
    variant, size = cell.variant, cell.hidden_size
    place = {name: 1 + index for index, name in enumerate(variant.gates)}
    y, c = torch.zeros(size), torch.zeros(size)
    before = torch.zeros(len(variant.gates) * size)
    outputs = []
    for x in inputs:

        def total(index: int, x: torch.Tensor = x, y: torch.Tensor = y) -> torch.Tensor:
            rows = slice(index * size, (index + 1) * size)
            return (
                cell.inputs.weight[rows] @ x
                + cell.inputs.bias[rows]
                + cell.recurrent.weight[rows] @ y
            )

        def gate(name: str, seen: torch.Tensor, before: torch.Tensor = before) -> torch.Tensor:
            if name not in place:
                return torch.ones(size)
            value = total(place[name])
            if cell.peepholes is not None:
                value = value + cell.peepholes[place[name] - 1] * seen
            if cell.between is not None:
                rows = slice((place[name] - 1) * size, place[name] * size)
                value = value + cell.between.weight[rows] @ before
            return torch.sigmoid(value)

        z = total(0)
        z = torch.tanh(z) if variant.input_tanh else z
        i = gate("i", c)
        f = 1 - i if variant.coupled else gate("f", c)
        c = z * i + c * f
        o = gate("o", c)
        y = (torch.tanh(c) if variant.output_tanh else c) * o
        before = torch.cat([{"i": i, "f": f, "o": o}[name] for name in variant.gates])
        outputs.append(y)
    return torch.stack(outputs)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_follows_the_equations_of_the_paper(name: str) -> None:
    cell = made(name)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.normal_(std=0.5)
        expected = by_hand(cell, INPUTS[1])
        torch.testing.assert_close(cell(INPUTS)[0][1], expected, rtol=1e-5, atol=1e-5)


def test_chrono_opens_the_forget_gates_for_the_length_of_the_window() -> None:
    cell = made("peephole_lstm")
    cell.keep_for(100)
    forget, into = cell._bias("f"), cell._bias("i")
    assert (forget >= 0).all()
    assert (forget <= torch.log(torch.tensor(99.0))).all()
    assert torch.equal(into, -forget)
    coupled = made("peephole_lstm_cifg")
    coupled.keep_for(100)
    # f = 1 - i: what keeps the cell there is a closed input gate.
    assert (coupled._bias("i") <= 0).all()
