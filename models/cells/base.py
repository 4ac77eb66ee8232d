"""The interface of recurrent cells: one step, from which a layer over all steps is made.

All that the inputs alone decide is computed for the whole sequence at once (`project`); the
loop over time is left with what depends on the state (`step`). To write a cell, give these
two and `widths`; see docs/adding_a_model.md.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import nn

#: What a cell carries from step to step, each row × width; the first is what is heard of it.
CellState = tuple[torch.Tensor, ...]


class Cell(nn.Module, ABC):
    """One recurrent layer: row × time × channel -> row × time × hidden.

    channels     width of the input
    hidden_size  width of the output
    """

    def __init__(self, channels: int, hidden_size: int) -> None:
        super().__init__()
        self.channels = channels
        self.hidden_size = hidden_size

    @property
    def widths(self) -> tuple[int, ...]:
        """Width of each part of the state."""
        return (self.hidden_size,)

    @abstractmethod
    def project(self, inputs: torch.Tensor) -> torch.Tensor:
        """What the inputs contribute: row × time × channel -> row × time × anything."""

    @abstractmethod
    def step(
        self, given: torch.Tensor, state: CellState, mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, CellState]:
        """One step: output, row × hidden, and the next state.

        given   row × anything: a step of `project`
        mask    row × widths[0]: recurrent dropout of the sequence; see `heard`
        """

    def keep_for(self, steps: int) -> None:
        """Let the gates that keep the state begin as chrono initialisation says.

        Cells without such gates stay as they are.
        """

    def penalise(self, weight: float) -> None:
        """Set the weight of the penalty that the cell adds to the loss (see models.cells.penalty).

        Cells without one stay as they are.
        """

    def start(self, like: torch.Tensor) -> CellState:
        """The state before the first step, zero; rows, type and device are those of `like`."""
        return tuple(like.new_zeros(len(like), width) for width in self.widths)

    def forward(
        self,
        inputs: torch.Tensor,
        state: CellState | None = None,
        mask: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, CellState]:
        """All steps: outputs, row × time × hidden, and the state after the last one."""
        state = self.start(inputs) if state is None else state
        outputs = []
        # Steps first, so that each is one piece of memory.
        for given in self.project(inputs).transpose(0, 1).contiguous().unbind(0):
            output, state = self.step(given, state, mask)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state


def heard(state: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """What the recurrent connection hears of a state, with its dropout mask if there is one."""
    return state if mask is None else state * mask
