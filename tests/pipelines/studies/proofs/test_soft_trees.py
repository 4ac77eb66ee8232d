"""The proof of soft trees; its numbers are asserted in test_proofs."""

from __future__ import annotations

import torch

from pipelines.studies.proofs.soft_trees import Network, _fitted
from pipelines.studies.tasks.threshold_series import linear_error, threshold_examples


def test_a_readout_that_has_not_learnt_would_not_reach_them() -> None:
    train, test = threshold_examples(300, 1000, 10, seed=0)
    torch.manual_seed(0)
    error = _fitted(Network("soft_gbdt", "summed"), train, test, 1e-6, 1, True, 0)
    assert error > 3 * linear_error(train, test)


def test_what_is_forecast_does_not_depend_on_what_is_minimised() -> None:
    past = torch.randn(4, 10)
    outputs = []
    for loss in ("summed", "detached", "final"):
        torch.manual_seed(0)
        network = Network("soft_gbdt", loss)
        outputs.append(network(past))
        torch.testing.assert_close(network.stages(past)[-1], outputs[-1])
    torch.testing.assert_close(outputs[0], outputs[1])
    torch.testing.assert_close(outputs[0], outputs[2])
