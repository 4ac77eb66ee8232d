"""The network: past and known features in, numbers of the head for all leads out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from models.backbones.base import Backbone
from models.contract import Batch


class DirectNetwork(nn.Module):
    """Last state and known features of all leads -> head parameters of all leads at once.

    backbone         reads the window
    known_columns    indices into the flattened lead × feature axis that are read
    leads, size      shape of one row's output
    head_size        width of the hidden layer; 0 for a linear map
    embedded_series  number of series with an embedding, of width `embedding`
    zero_output      start with zeros, so that the untrained network is the reference
    """

    known_columns: torch.Tensor

    def __init__(
        self,
        backbone: Backbone,
        known_columns: Sequence[int],
        leads: int,
        size: int,
        *,
        head_size: int,
        dropout: float,
        embedded_series: int = 0,
        embedding: int = 0,
        zero_output: bool = True,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.register_buffer("known_columns", torch.as_tensor(known_columns, dtype=torch.int64))
        self.embedding = nn.Embedding(embedded_series, embedding) if embedding else None
        width = backbone.hidden_size + len(known_columns) + embedding
        self.hidden: nn.Module = nn.Identity()
        if head_size:
            self.hidden = nn.Sequential(nn.Linear(width, head_size), nn.ReLU(), nn.Dropout(dropout))
        self.output = nn.Linear(head_size or width, leads * size)
        self._shape = (leads, size)
        if zero_output:
            nn.init.zeros_(self.output.weight)
            nn.init.zeros_(self.output.bias)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return row × lead × size."""
        known = batch.known.flatten(1).index_select(1, self.known_columns)
        features = [self.backbone(batch.past), known]
        if self.embedding is not None:
            features.append(self.embedding(batch.series))
        out: torch.Tensor = self.output(self.hidden(torch.cat(features, dim=1)))
        return out.view(-1, *self._shape)
