"""Every cell of the table: exact gradients, carried state, dropout of the recurrent connection."""

from __future__ import annotations

import pytest
import torch

from models.cells.base import Cell
from models.cells.catalogue import CELLS

each = pytest.mark.parametrize("name", CELLS)


def made(name: str, channels: int = 3, size: int = 4) -> Cell:
    torch.manual_seed(0)
    return CELLS[name](channels, size).double().eval()


def inputs(rows: int = 2, steps: int = 5) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(rows, steps, 3, generator=generator, dtype=torch.float64)


@each
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    cell, weights = made(name), dict(made(name).named_parameters())
    names = list(weights)

    def run(past: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        outputs, _ = torch.func.functional_call(
            cell, dict(zip(names, values, strict=True)), (past,)
        )
        return outputs

    given = [value.detach().requires_grad_() for value in weights.values()]
    assert torch.autograd.gradcheck(run, (inputs().requires_grad_(), *given))


@each
def test_the_state_has_the_announced_widths_and_goes_on_where_it_was(name: str) -> None:
    cell, past = made(name), inputs(3, 9)
    whole, after = cell(past)
    assert whole.shape == (3, 9, 4)
    assert [part.shape for part in after] == [(3, width) for width in cell.widths]
    first, state = cell(past[:, :4])
    second, _ = cell(past[:, 4:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)


@each
def test_a_mask_of_the_recurrent_connection_cuts_what_it_hides(name: str) -> None:
    cell, past = made(name), inputs()
    plain, _ = cell(past)
    ones = torch.ones(2, cell.widths[0], dtype=torch.float64)
    torch.testing.assert_close(cell(past, None, ones)[0], plain)
    cut, _ = cell(past, None, 0.0 * ones)
    torch.testing.assert_close(cut[:, 0], plain[:, 0])  # nothing to hear at the first step
    assert not torch.allclose(cut[:, 1:], plain[:, 1:])


@each
def test_chrono_initialisation_is_seeded_and_leaves_shapes_and_numbers_whole(name: str) -> None:
    cells = [made(name), made(name)]
    for cell in cells:
        torch.manual_seed(3)
        cell.keep_for(50)
    for one, other in zip(cells[0].parameters(), cells[1].parameters(), strict=True):
        assert torch.equal(one, other)
        assert torch.isfinite(one).all()
    cells[0].keep_for(1)
    assert all(torch.isfinite(one).all() for one in cells[0].parameters())
