"""The network: past and known features in, numbers of the head for all leads out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from models.backbones.base import Backbone
from models.contract import Batch
from models.forecasters.soft_trees import DENSE, SoftTreesOptions, make_readout


class DirectNetwork(nn.Module):
    """Last state and known features of all leads -> head parameters of all leads at once.

    backbone         reads the window
    known_columns    indices into the flattened lead × feature axis that are read
    leads, size      shape of one row's output
    head_size        width of the hidden layer; 0 for a linear map
    embedded_series  number of series with an embedding, of width `embedding`
    zero_output      start with zeros, so that the untrained network is the reference
    readout          what maps the features to the numbers: dense or soft_gbdt (`soft_trees`)
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
        readout: str = DENSE,
        soft_trees: SoftTreesOptions | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.register_buffer("known_columns", torch.as_tensor(known_columns, dtype=torch.int64))
        self.embedding = nn.Embedding(embedded_series, embedding) if embedding else None
        width = backbone.hidden_size + len(known_columns) + embedding
        self.hidden: nn.Module = nn.Identity()
        if head_size:
            self.hidden = nn.Sequential(nn.Linear(width, head_size), nn.ReLU(), nn.Dropout(dropout))
        self.output = make_readout(
            readout, head_size or width, leads * size, soft_trees or SoftTreesOptions()
        )
        self._shape = (leads, size)
        if zero_output:
            self.output.shrink(0.0)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return row × lead × size."""
        out: torch.Tensor = self.output(self._features(batch))
        return out.view(-1, *self._shape)

    def stages(self, batch: Batch) -> list[torch.Tensor]:
        """What the loss is taken of in training, each row × lead × size."""
        parts = self.output.stages(self._features(batch))
        return [part.reshape(-1, *self._shape) for part in parts]

    def _features(self, batch: Batch) -> torch.Tensor:
        known = batch.known.flatten(1).index_select(1, self.known_columns)
        features = [self.backbone(batch.past), known]
        if self.embedding is not None:
            features.append(self.embedding(batch.series))
        read: torch.Tensor = self.hidden(torch.cat(features, dim=1))
        return read
