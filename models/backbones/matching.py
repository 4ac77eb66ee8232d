"""How wide a backbone may be for a number of parameters: comparisons are fair at equal ones."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from functools import cache

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

    @cache
    def count(size: int) -> int:
        """Of `size` steps of width; none where that is too narrow to be made."""
        try:
            return parameter_count(name, replace(shape, hidden_size=size * step), options)
        except ConfigError:
            return 0

    halves = range(1, max(WIDEST // step // 2, 1))
    around = {2}
    # Of memory_block an odd width has more parameters than the next even one: each for itself.
    for odd in (0, 1):
        half = 1 + bisect_left(halves, budget, key=lambda half: count(2 * half - odd))
        around |= {2 * max(half - 1, 1) - odd, 2 * half - odd}
    best = min(filter(count, sorted(around)), key=lambda size: abs(count(size) - budget))
    if count(best) > 2 * budget:
        raise ConfigError(
            f"{name}: {count(best)} parameters at its smallest, expected about {budget}; give a "
            "larger budget"
        )
    return best * step
