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

    counts = {2: parameter_count(name, replace(shape, hidden_size=2 * step), options)}

    def below(size: int) -> bool:
        if size not in counts:
            try:
                counts[size] = parameter_count(
                    name, replace(shape, hidden_size=size * step), options
                )
            except ConfigError:  # too narrow to be made
                return True
        return counts[size] < budget

    # Of memory_block an odd width has more parameters than the next even one: each for itself.
    for odd in (0, 1):
        low, high = 1, max(WIDEST // step // 2, 1)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if below(2 * middle - odd) else (low, middle)
        for half in {max(low - 1, 1), low}:
            below(2 * half - odd)
    best = min(sorted(counts), key=lambda size: abs(counts[size] - budget))
    if counts[best] > 2 * budget:
        raise ConfigError(
            f"{name}: {counts[best]} parameters at its smallest, expected about {budget}; give a "
            "larger budget"
        )
    return best * step
