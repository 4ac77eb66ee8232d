"""Soft decision trees, boosted, on the features of any backbone and trained with it.

An inner node sends a row to both sides, by shares that are smooth in the features, so that
gradients reach the backbone (Aydin and Kozat 2022, "A hybrid framework for sequential data
prediction with end-to-end optimization", on the soft trees of Frosst and Hinton 2017)::

    share to the right  p_n = sigmoid(w_n · h + b_n)
    weight of a leaf    product of the shares along its path
    tree                f(h) = sum of weights × leaf vectors
    forecast            F_M, where F_j = F_{j-1} + rate · f_j(h)

A leaf is a vector: all leads (and all numbers of the head) at once. Tree j is fitted to what
the trees before it left over. As y - F_{j-1} - rate · f_j is y - F_j, the boosting loss is the
sum over j of the loss of F_j; written so, it is there for every head, not for squares alone.

Choose it where regimes switch. A linear readout is as good where they do not, and faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from models.errors import ConfigError
from models.forecasters.readout import Dense, Readout, scale

#: Deeper trees have thousands of leaves, and every row visits all of them.
DEEPEST = 10
DENSE, SOFT_TREES = "dense", "soft_gbdt"
#: Kinds of readouts, by name in the settings.
READOUTS = (DENSE, SOFT_TREES)


@dataclass(frozen=True)
class SoftTreesOptions:
    """The trees of a readout.

    trees  how many are added up
    depth  of each, which has 2^depth leaves
    rate   what each counts for
    loss   summed over the trees' partial sums, whose later terms move earlier trees too;
           detached, where each tree sees those before it as given; final, of the whole sum alone
    """

    trees: int = 6
    depth: int = 3
    rate: float = 1.0
    loss: Literal["summed", "detached", "final"] = "summed"

    def __post_init__(self) -> None:
        if self.trees < 1:
            raise ConfigError(f"soft_trees.trees: expected 1 or more, got {self.trees}")
        if not 1 <= self.depth <= DEEPEST:
            raise ConfigError(f"soft_trees.depth: expected 1 to {DEEPEST}, got {self.depth}")
        if not self.rate > 0:
            raise ConfigError(f"soft_trees.rate: expected above 0, got {self.rate}")
        if self.loss not in ("summed", "detached", "final"):
            raise ConfigError(
                f"soft_trees.loss: expected summed, detached or final, got {self.loss!r}"
            )


class SoftTrees(Readout):
    """... × width -> ... × outputs.

    gates   of all trees, level by level from the root
    leaves  tree × leaf × output, drawn from the standard normal distribution
    """

    def __init__(self, width: int, outputs: int, options: SoftTreesOptions) -> None:
        super().__init__()
        self.options = options
        leaves = 2**options.depth
        self.gates = nn.Linear(width, options.trees * (leaves - 1))
        self.leaves = nn.Parameter(torch.randn(options.trees, leaves, outputs))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        # Shares and leaves of all trees side by side: one product adds the trees up.
        weights = self.leaf_weights(features).flatten(-2)
        total: torch.Tensor = self.options.rate * (weights @ self.leaves.flatten(0, 1))
        return total

    def stages(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What the loss is taken of: the partial sums, or the last one alone."""
        if self.options.loss == "final":
            return (self(features),)
        steps = self.options.rate * self.each(features)
        sums = steps.cumsum(dim=-2)
        if self.options.loss == "detached":
            # The same values; only its own tree hears of each.
            sums = (sums - steps).detach() + steps
        return sums.unbind(dim=-2)

    def each(self, features: torch.Tensor) -> torch.Tensor:
        """What each tree says, before the rate: ... × tree × output."""
        return torch.einsum("...tl,tlo->...to", self.leaf_weights(features), self.leaves)

    def leaf_weights(self, features: torch.Tensor) -> torch.Tensor:
        """Share of a row that ends in each leaf, ... × tree × leaf; a tree's sum to one.

        Leaves are ordered from left to right.
        """
        right = torch.sigmoid(self.gates(features))
        right = right.view(*features.shape[:-1], self.options.trees, -1)
        weights, first = torch.ones_like(right[..., :1]), 0
        for level in range(self.options.depth):
            share = right[..., first : first + 2**level]
            sides = torch.stack([weights * (1.0 - share), weights * share], dim=-1)
            weights, first = sides.flatten(-2), first + 2**level
        return weights

    @torch.no_grad()
    def shrink(self, gain: float) -> None:
        """Scale the leaves; at zero every tree says nothing until it has learnt."""
        scale(self.leaves, gain)


def make_readout(kind: str, width: int, outputs: int, options: SoftTreesOptions) -> Readout:
    """Raises ConfigError for an unknown kind."""
    if kind not in READOUTS:
        raise ConfigError(f"network.readout: expected one of {', '.join(READOUTS)}, got {kind!r}")
    return SoftTrees(width, outputs, options) if kind == SOFT_TREES else Dense(width, outputs)
