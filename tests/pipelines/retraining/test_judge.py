"""All of accuracy, coverage and speed must hold; each says why it does not."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.retraining.domain import Comparison
from pipelines.retraining.judge import judge
from tests.pipelines.retraining.scripted import noise, series, settings


def judged(
    difference: list[float], *overrides: str, coverage: float = 0.9, latency: float = 1.0, **at: Any
) -> dict[str, Any]:
    side = {"a": {"rmse": 1.0, "coverage_90": coverage}}
    scores = {"champion": {"a": {"rmse": 1.0, "coverage_90": 0.95}}, "challenger": side}
    comparison = Comparison("crps", (series("a", difference),), scores)
    how = settings(*[f"promotion.{text}" for text in overrides]).promotion
    return judge(comparison, latency, how, **{"age": 10, "unit": "period", **at})


def failed(found: dict[str, Any]) -> list[str]:
    return [check["check"] for check in found["checks"] if not check["passed"]]


def test_a_better_one_wins() -> None:
    found = judged(noise(-0.1))
    assert found["wins"]
    assert "surely better" in found["why"]


def test_a_tie_does_not_win() -> None:
    found = judged([0.0] * 40)
    assert failed(found) == ["accuracy"]
    assert "equal to the champion's" in found["why"]


def test_a_worse_one_does_not_win() -> None:
    assert "surely worse at a" in judged(noise(0.1))["why"]


@pytest.mark.parametrize("coverage", [0.8, 0.98])
def test_a_better_one_whose_intervals_are_wrong_does_not_win(coverage: float) -> None:
    found = judged(noise(-0.1), coverage=coverage)
    assert failed(found) == ["coverage"]
    assert f"{coverage:.1%} of outcomes" in found["why"]


def test_a_better_one_that_is_slow_does_not_win() -> None:
    assert failed(judged(noise(-0.1), latency=1.6)) == ["latency"]
    assert judged(noise(-0.1), "latency_ratio=2", latency=1.6)["wins"]


def test_without_a_champion_only_coverage_can_fail() -> None:
    assert judged([0.0] * 40, age=None, latency=9.0)["wins"]
    assert failed(judged([0.0] * 40, age=None, coverage=0.5)) == ["coverage"]


def test_a_refresh_wants_an_old_champion_and_a_proof_of_not_being_worse() -> None:
    tie, worse, vague = [0.0] * 40, noise(0.02, size=0.01), noise(0.0, size=1.0)
    assert judged(tie, "refresh_after=10")["wins"]
    assert not judged(tie, "refresh_after=11")["wins"]
    assert not judged(worse, "refresh_after=10")["wins"]
    assert not judged(vague, "refresh_after=10")["wins"]
    assert judged(noise(0.0, size=0.01), "refresh_after=10")["wins"]


def test_the_verdict_holds_no_time_so_that_a_second_run_says_the_same() -> None:
    assert judged(noise(-0.1), latency=1.1) == judged(noise(-0.1), latency=0.9)
