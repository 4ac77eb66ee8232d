"""Scaled dot-product attention (Vaswani et al. 2017), with keys and values that can be shared."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention


def fitting_heads(size: int, wanted: int) -> int:
    """The largest number of heads up to `wanted` that divides the width."""
    return next(heads for heads in range(min(wanted, size), 0, -1) if size % heads == 0)


def _by_head(values: torch.Tensor, heads: int) -> torch.Tensor:
    """row × step × size -> row × head × step × (size / heads)"""
    rows, steps, size = values.shape
    return values.view(rows, steps, heads, size // heads).transpose(1, 2)


class KeysValues(nn.Module):
    """Keys and values of some steps: row × step × size -> two of row × head × step × width."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.both = nn.Linear(size, 2 * size, bias=False)

    def forward(self, steps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        keys, values = self.both(steps).chunk(2, dim=-1)
        return _by_head(keys, self._heads), _by_head(values, self._heads)


class Attention(nn.Module):
    """One set of queries on keys and values from elsewhere."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.queries = nn.Linear(size, size, bias=False)

    def forward(
        self,
        asked: torch.Tensor,
        keys_values: tuple[torch.Tensor, torch.Tensor],
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """row × step × size; `mask` is added to the scores, head × step × key."""
        keys, values = keys_values
        heard = scaled_dot_product_attention(
            _by_head(self.queries(asked), self._heads), keys, values, attn_mask=mask
        )
        return heard.transpose(1, 2).flatten(2)
