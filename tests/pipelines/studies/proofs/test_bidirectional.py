"""The proof of bidirectional layers; its numbers are asserted in test_proofs."""

from __future__ import annotations

import torch

from models.backbones.base import Shape
from models.backbones.catalogue import make_backbone
from models.backbones.matching import parameter_count
from pipelines.studies.proofs.bidirectional import PAIRS, Labeller, _shapes
from pipelines.studies.tasks.window_majority import accuracy, window_majority


def test_untrained_layers_would_not_reach_them() -> None:
    torch.manual_seed(0)
    net = Labeller(make_backbone("bidirectional_lstm", Shape(1, 32, steps=40)))
    frames = window_majority(200, 40, 4, seed=0)
    with torch.no_grad():
        scores = net(torch.from_numpy(frames.bits).float()).numpy()
    assert accuracy(scores, frames.labels) < 0.8


def test_the_forward_layer_has_at_least_as_many_parameters() -> None:
    for name, both in PAIRS:
        shapes = _shapes(name, both)
        ahead, both_ways = (parameter_count(kind, shape) for kind, shape in shapes.items())
        assert both_ways <= ahead <= 1.1 * both_ways
