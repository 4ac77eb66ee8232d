"""The proof of dropout; its numbers are asserted in test_proofs."""

from __future__ import annotations

import torch
from torch import nn

from models.forecasters.mc_dropout import thinned_passes
from pipelines.studies.proofs.dropout import _chances, _error, _log_loss, digits


def test_labelled_and_test_images_are_apart_and_drawn_by_the_seed() -> None:
    data = digits(0)
    assert (len(data.train), len(data.test)) == (200, 1000)
    assert not (data.train[:, None] == data.test[None, :50]).all(dim=-1).any()
    assert not torch.equal(data.train, digits(1).train)
    assert torch.equal(data.train, digits(0).train)


def test_an_untrained_network_guesses_and_its_passes_do_not_help() -> None:
    torch.manual_seed(0)
    data = digits(0)
    network = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 10)).eval()
    with torch.no_grad():
        passes = list(thinned_passes(network, lambda net: _chances(net, data), 20, 0))
        assert _error(_chances(network, data), data) > 80
        assert _error(torch.stack(passes).mean(dim=0), data) > 80
    assert _log_loss(torch.full((1000, 10), 0.1), data) > 2.3
