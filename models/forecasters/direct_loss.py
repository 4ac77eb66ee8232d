"""What a direct network minimises on a batch: by Lightning in a fit, by single steps online."""

from __future__ import annotations

import torch

from models.contract import Batch
from models.forecasters.direct_network import DirectNetwork
from models.heads import Head


def direct_loss(network: DirectNetwork, head: Head, name: str, batch: Batch) -> torch.Tensor:
    """Weighted mean loss of one batch, over the outcomes that are known.

    In training it is the sum over the stages of the readout, else that of the forecast.
    """
    residual = (batch.target - batch.reference) / batch.scale
    mask = torch.isfinite(residual)
    outputs = network.stages(batch) if network.training else [network(batch)]
    losses = [head.loss(params, residual, mask, batch.weight, name) for params in outputs]
    return torch.stack(losses).sum() if len(losses) > 1 else losses[0]
