"""How wide a backbone may be for a number of parameters: comparisons are fair at equal ones."""

from __future__ import annotations

from dataclasses import replace

import torch

from models.backbones.base import Shape
from models.backbones.catalogue import make_backbone
from models.backbones.options import BackboneOptions
from models.errors import ConfigError

#: Widths beyond this are not looked at.
WIDEST = 4096


def parameter_count(name: str, shape: Shape, options: BackboneOptions | None = None) -> int:
    """Trained numbers of a backbone, without making them."""
    with torch.device("meta"):
        made = make_backbone(name, shape, options)
    return sum(p.numel() for p in made.parameters() if p.requires_grad)


def matched_hidden(
    name: str, shape: Shape, budget: int, options: BackboneOptions | None = None, step: int = 1
) -> int:
    """The hidden size, a multiple of `step`, whose count of parameters is nearest to `budget`.

    shape   its own hidden size is not read

    Raises ConfigError when even the smallest has more than twice as many.
    """

    def count(size: int) -> int:
        return parameter_count(name, replace(shape, hidden_size=size * step), options)

    low, high = 1, max(WIDEST // step, 1)
    while low < high:
        middle = (low + high) // 2
        if count(middle) < budget:
            low = middle + 1
        else:
            high = middle
    best = min({max(low - 1, 1), low}, key=lambda size: abs(count(size) - budget))
    if count(best) > 2 * budget:
        raise ConfigError(
            f"{name}: {count(best)} parameters at its smallest, expected about {budget}; give a "
            "larger budget"
        )
    return best * step
