"""The memory probe, on encoders whose memory is known exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.backbones.base import Shape
from models.backbones.catalogue import BACKBONES, make_backbone
from models.diagnostics.memory_probe import memory_curve
from models.errors import ModelError


def newest(count: int) -> object:
    """An encoder that keeps exactly the newest inputs of every channel."""
    return lambda inputs: inputs[:, -count:].flatten(1)


def test_a_delay_line_remembers_what_it_holds_and_no_more() -> None:
    curve = memory_curve(newest(4), channels=2, lags=8)  # type: ignore[arg-type]
    np.testing.assert_allclose(curve.explained[:4], 1.0, atol=2e-3)
    assert curve.explained[4:].max() < 0.01
    np.testing.assert_allclose(curve.capacity, 4.0, atol=0.02)
    assert curve.reach() == 4


def test_a_mean_of_the_past_tells_a_share_of_each_step() -> None:
    curve = memory_curve(lambda inputs: inputs[:, -5:].mean(dim=1), channels=1, lags=8)
    np.testing.assert_allclose(curve.explained[:5, 0], 0.2, atol=0.05)
    assert float(curve.capacity[0]) == pytest.approx(1.0, abs=0.1)


def test_an_encoder_that_says_nothing_remembers_nothing() -> None:
    curve = memory_curve(lambda inputs: torch.zeros(len(inputs), 3), channels=1, lags=5)
    assert (curve.explained == 0).all()
    assert curve.reach() == 0


@pytest.mark.parametrize("name", BACKBONES)
def test_the_memory_of_an_untrained_backbone_is_within_its_units(name: str) -> None:
    torch.manual_seed(0)
    backbone = make_backbone(name, Shape(1, 8, steps=20)).eval()
    curve = memory_curve(lambda part: backbone(part), channels=1, lags=16, rows=1500)
    assert 0 < float(curve.capacity[0]) <= 8.2


def test_a_probe_of_no_lag_is_refused() -> None:
    with pytest.raises(ModelError, match="expected 1 lag or more, got 0"):
        memory_curve(lambda past: past[:, -1], 1, 0)


def test_the_probe_is_repeatable_and_needs_more_rows_than_units() -> None:
    first, second = (memory_curve(newest(2), 1, 4, seed=3) for _ in range(2))  # type: ignore[arg-type]
    assert np.array_equal(first.explained, second.explained)
    with pytest.raises(ModelError, match="20 rows are too few for 8 units; expected at least 32"):
        memory_curve(newest(8), 1, 8, rows=20)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="states that are not finite"):
        memory_curve(lambda inputs: inputs[:, -1] * torch.nan, 1, 2)
