"""The loop that fits test tasks: it learns, stops early, and keeps the best weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from pipelines.studies.fitting import Fitting, fit

INPUTS = torch.linspace(-1, 1, 64)[:, None]


def test_a_line_is_found_and_the_same_seed_finds_it_again() -> None:
    weights = []
    for _ in range(2):
        torch.manual_seed(0)
        network = nn.Linear(1, 1)

        def loss(rows: Sequence[int], network: nn.Module = network) -> torch.Tensor:
            return (network(INPUTS[list(rows)]) - 3 * INPUTS[list(rows)]).square().mean()

        best = fit(network, 64, loss, lambda loss=loss: float(loss(range(64))), Fitting(0.05, 80))
        assert best < 1e-3
        weights.append(network.weight.detach().clone())
    assert torch.equal(*weights)


def test_the_best_epoch_is_kept_and_patience_ends_the_fit() -> None:
    network, told = nn.Linear(1, 1), iter([5.0, 1.0, 2.0, 3.0, 4.0])
    seen: list[torch.Tensor] = []

    def valid() -> float:
        seen.append(network.weight.detach().clone())
        return next(told)

    def loss(rows: Sequence[int]) -> torch.Tensor:
        return network(INPUTS[list(rows)]).square().mean()

    best = fit(network, 64, loss, valid, Fitting(0.1, epochs=50, patience=2))
    assert best == 1.0
    assert len(seen) == 4
    assert torch.equal(network.weight, seen[1])
    assert not network.training
