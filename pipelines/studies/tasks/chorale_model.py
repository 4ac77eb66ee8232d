"""A recurrent layer and independent logistic outputs on chorales, trained and tested."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from models.backbones.base import Backbone, Shape
from models.backbones.catalogue import make_backbone
from models.backbones.options import BackboneOptions
from pipelines.studies.fitting import Fitting, fit
from pipelines.studies.tasks.jsb_chorales import KEYS, Chorales, batch_of, nats

#: Steps that the first weights are made for. A chorale's next chord depends on the newest few.
STEPS = 10
#: Frequency of keys that never sound.
RAREST = 1e-4


class ChoraleModel(nn.Module):
    """What sounded so far -> log-odds of every key at the next step.

    frequency   key: share of the steps at which it sounds, where the outputs begin; else the
                first thousand steps of training do nothing but move them there
    """

    def __init__(self, backbone: str, hidden_size: int, frequency: torch.Tensor) -> None:
        super().__init__()
        shape = Shape(KEYS, hidden_size, steps=STEPS)
        self.backbone = make_backbone(backbone, shape, BackboneOptions(memory="open"))
        self.output = nn.Linear(hidden_size, KEYS)
        with torch.no_grad():
            self.output.bias.copy_(torch.logit(frequency, eps=RAREST))

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        odds: torch.Tensor = self.output(self.backbone.states(seen))
        return odds


def uniform_start(backbone: Backbone) -> None:
    """Begin all weights evenly in 1 over the root of the hidden size, as torch's layers do."""
    bound = backbone.hidden_size**-0.5
    for weights in backbone.parameters():
        nn.init.uniform_(weights, -bound, bound)


def chorale_error(
    backbone: str,
    hidden_size: int,
    how: Fitting,
    data: Chorales,
    start: Callable[[Backbone], None] | None = None,
) -> tuple[float, float]:
    """Validation and test error, nats per step, at the epoch that validation chose.

    start   sets the first weights of the layer; its own by default
    """
    torch.manual_seed(how.seed)
    frequency = torch.from_numpy(np.concatenate(data.train).mean(axis=0))
    model = ChoraleModel(backbone, hidden_size, frequency)
    if start is not None:
        start(model.backbone)
    valid, test = batch_of(data.valid), batch_of(data.test)

    def train_loss(rows: Sequence[int]) -> torch.Tensor:
        batch = batch_of([data.train[row] for row in rows])
        return nats(model(batch.seen), batch)

    def valid_loss() -> float:
        return float(nats(model(valid.seen), valid))

    best = fit(model, len(data.train), train_loss, valid_loss, how)
    with torch.inference_mode():
        return best, float(nats(model(test.seen), test))
