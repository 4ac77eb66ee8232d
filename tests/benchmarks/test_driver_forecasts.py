"""The benchmark of driver forecasts: what it scores, and how."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import driver_forecasts
from benchmarks.driver_forecasts import crps, rank


def test_the_score_of_two_samples_is_as_worked_by_hand() -> None:
    # Mean distance to the truth 1, less half the mean distance of pairs, (0 + 2 + 2 + 0) / 4 / 2.
    assert crps(np.array([[1.0], [3.0]]), np.array([2.0])).tolist() == [0.5]
    assert crps(np.array([[3.0], [1.0]]), np.array([5.0])).tolist() == [2.5]


def test_samples_that_equal_the_truth_are_split_at_random() -> None:
    samples = np.array([[1.0], [2.0], [2.0], [3.0]])
    ranks = [rank(samples, np.array([2.0]), np.random.default_rng(i))[0] for i in range(20)]
    assert 0.25 <= min(ranks) < max(ranks) <= 0.75
    assert rank(samples, np.array([9.0]), np.random.default_rng(0)).tolist() == [1.0]


def test_every_method_is_judged_at_every_lead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(driver_forecasts, "SAMPLES", 20)
    out = tmp_path / "scores.json"
    assert driver_forecasts.main(["--origins", "3", "--out", str(out)]) == 0
    kept = json.loads(out.read_text())
    assert len(kept["rows"]) == 4 * 3 * 5
    assert {row["day"] for row in kept["rows"]} == {1, 2, 3, 4, 5}
    assert all(row["crps"] > 0 and 0 <= row["coverage_80"] <= 1 for row in kept["rows"])
    assert "ensemble" in capsys.readouterr().out
