"""A block-recurrent transformer: attention to the newest steps, and state vectors between blocks.

Hutchins, Schlag, Wu, Dyer and Neyshabur 2022, "Block-recurrent transformers", section 3. A
sequence is cut into blocks of W steps. Every step attends to the W newest steps, its own
included. The last layer also carries S state vectors from block to block:

- vertical: steps attend to steps and, beside that, to the states; both results together are
  projected and added to the steps, then a dense layer follows;
- horizontal: at the end of a block, states attend to states and to the steps of the block; the
  result goes through a gate instead of an addition, and no dense layer follows ("skip").

Keys and values of steps and of states serve both directions, with four sets of queries. Learned
ids tell the states apart, without which they all become one. What a block writes is read from
the next block on, so no step sees a later one. Cost is linear in time.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import dropout

from models.backbones.attention import Attention, KeysValues, fitting_heads
from models.backbones.base import Backbone, Memory, Shape
from models.backbones.options import BackboneOptions
from models.backbones.state_gates import STATE_GATES

#: Deviation of first states and of state ids.
_FIRST = 0.1


class BlockRecurrent(Backbone):
    """`shape.layers` attention layers, the last of them recurrent.

    What it carries: for each layer the newest steps it has read, up to two blocks less one, and
    the states.
    """

    def __init__(self, shape: Shape, options: BackboneOptions | None = None) -> None:
        super().__init__(shape)
        options = options or BackboneOptions()
        size, self._block = shape.hidden_size, options.block
        self._variational = options.variational
        heads = fitting_heads(size, options.heads)
        self.inputs = nn.Linear(shape.channels, size)
        self.plain = nn.ModuleList(
            BlockLayer(size, heads, self._block) for _ in range(shape.layers - 1)
        )
        self.last = BlockLayer(size, heads, self._block, reads_states=True)
        self.states_ = StateVectors(size, heads, options.state_vectors, options.gate)
        self.norm = nn.LayerNorm(size)

    @property
    def _layers(self) -> list[BlockLayer]:
        return [layer for layer in (*self.plain, self.last) if isinstance(layer, BlockLayer)]

    def advance(
        self, inputs: torch.Tensor, memory: Memory | None = None
    ) -> tuple[torch.Tensor, Memory]:
        tokens = self.inputs(inputs)
        if memory is None:
            nothing = tokens.new_zeros(len(tokens), 0, tokens.shape[2])
            memory = (*[nothing] * len(self._layers), self.states_.first(len(tokens)))
        seen, states = list(memory[:-1]), memory[-1]
        masks = [self._mask(tokens) for _ in self._layers]
        found, done = [], 0
        while done < tokens.shape[1]:
            room = self._block - seen[0].shape[1] % self._block
            part = tokens[:, done : done + room]
            done += part.shape[1]
            for place, layer in enumerate(self._layers):
                whole = torch.cat([seen[place], part], dim=1)
                made = layer(whole, part.shape[1], self.states_.keys_values(states))
                part = self._dropped(made, masks[place])
                seen[place] = whole
            found.append(part)
            if seen[0].shape[1] % self._block == 0:
                # The last layer's inputs of the block that is full now.
                states = self.states_(states, self.last.keys_values(seen[-1][:, -self._block :]))
                seen = [one[:, -self._block :] for one in seen]
        return self.norm(torch.cat(found, dim=1)), (*seen, states)

    def _mask(self, tokens: torch.Tensor) -> torch.Tensor | None:
        """Of variational dropout: the same units at all steps of a sequence, row × 1 × size."""
        if not (self._variational and self.dropout.training):
            return None
        return dropout(tokens.new_ones(len(tokens), 1, tokens.shape[2]), self.dropout.p, True)

    def _dropped(self, made: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        if mask is None:
            return dropout(made, self.dropout.p, self.dropout.training)
        return made * mask


class BlockLayer(nn.Module):
    """The vertical direction: row × step × size -> the newest steps, row × new × size.

    block          steps that each step attends to, with a learned bias for each distance
    reads_states   attend to the states too
    """

    def __init__(self, size: int, heads: int, block: int, *, reads_states: bool = False) -> None:
        super().__init__()
        self._block = block
        self.norm = nn.LayerNorm(size)
        self.keys = KeysValues(size, heads)
        self.own = Attention(size, heads)
        self.across = Attention(size, heads) if reads_states else None
        self.bias = nn.Parameter(torch.zeros(heads, block))
        self.project = nn.Linear((1 + int(reads_states)) * size, size)
        self.dense = nn.Sequential(
            nn.LayerNorm(size), nn.Linear(size, 2 * size), nn.GELU(), nn.Linear(2 * size, size)
        )

    def keys_values(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Of steps, row × step × size: two of row × head × step × width."""
        found: tuple[torch.Tensor, torch.Tensor] = self.keys(self.norm(tokens))
        return found

    def forward(
        self, tokens: torch.Tensor, new: int, states: tuple[torch.Tensor, torch.Tensor]
    ) -> torch.Tensor:
        """tokens  those before and the new ones; states   keys and values of the states"""
        normed = self.norm(tokens)
        asked = normed[:, -new:]
        heard = [self.own(asked, self.keys(normed), self._mask(tokens.shape[1], new))]
        if self.across is not None:
            heard.append(self.across(asked, states))
        made: torch.Tensor = tokens[:, -new:] + self.project(torch.cat(heard, dim=-1))
        return made + torch.as_tensor(self.dense(made))

    def _mask(self, seen: int, new: int) -> torch.Tensor:
        """Bias by distance, head × new × seen; minus infinity for later steps and far ones."""
        place = torch.arange(seen, device=self.bias.device)
        distance = place[-new:, None] - place[None, :]
        within = (distance >= 0) & (distance < self._block)
        chosen = self.bias[:, distance.clamp(0, self._block - 1)]
        return chosen.masked_fill(~within, float("-inf"))


class StateVectors(nn.Module):
    """The horizontal direction: what a block leaves in the states, row × state × size."""

    def __init__(self, size: int, heads: int, count: int, gate: str) -> None:
        super().__init__()
        self.initial = nn.Parameter(_FIRST * torch.randn(count, size))
        self.ids = nn.Parameter(_FIRST * torch.randn(count, size))
        self.norm = nn.LayerNorm(size)
        self.keys = KeysValues(size, heads)
        self.own = Attention(size, heads)
        self.across = Attention(size, heads)
        self.gate = STATE_GATES[gate](2 * size, size)

    def first(self, rows: int) -> torch.Tensor:
        """The states before any block."""
        return self.initial.expand(rows, -1, -1)

    def keys_values(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Of the states, told apart by their ids: two of row × head × state × width."""
        found: tuple[torch.Tensor, torch.Tensor] = self.keys(self.norm(states) + self.ids)
        return found

    def forward(
        self, states: torch.Tensor, tokens: tuple[torch.Tensor, torch.Tensor]
    ) -> torch.Tensor:
        """tokens   keys and values of the block's steps"""
        asked = self.norm(states) + self.ids
        heard = [self.own(asked, self.keys(asked)), self.across(asked, tokens)]
        after: torch.Tensor = self.gate(states, torch.cat(heard, dim=-1))
        return after
