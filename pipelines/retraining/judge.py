"""Does the challenger take over? Accuracy, coverage and speed, each with its sentence."""

from __future__ import annotations

from typing import Any

from pipelines.retraining.accuracy import Accuracy, compare_losses
from pipelines.retraining.domain import CHALLENGER, CHAMPION, Comparison
from pipelines.retraining.settings import PromotionSettings


def judge(
    comparison: Comparison,
    latency: float,
    how: PromotionSettings,
    *,
    age: int | None,
    unit: str,
) -> dict[str, Any]:
    """{"wins", "why", "checks": [{"check", "passed", "sentence"}], "accuracy"}.

    latency  challenger's seconds of a batch forecast over the champion's
    age      units of data that the champion lacks; None without a champion
    """
    accuracy = compare_losses(comparison.series, how)
    checks = [
        _accuracy(accuracy, how, age, unit),
        _coverage(comparison, how),
        _latency(latency, how, age),
    ]
    failed = [check for check in checks if not check["passed"]]
    why = "; ".join(check["sentence"] for check in failed or checks[:1])
    return {"wins": not failed, "why": why, "checks": checks, "accuracy": accuracy.to_json()}


def _accuracy(
    found: Accuracy, how: PromotionSettings, age: int | None, unit: str
) -> dict[str, Any]:
    change = f"its loss is {_percent(found.pooled.difference)} the champion's"
    sure = f"p {found.p:.3f} at level {how.alpha:g}, {how.leads}"
    if age is None:
        return _check("accuracy", True, "there is no champion to be compared with")
    if found.better:
        return _check("accuracy", True, f"the challenger is surely better: {change} ({sure})")
    if found.worse:
        leads = ", ".join(found.worse)
        return _check("accuracy", False, f"the challenger is surely worse at {leads}: {change}")
    old = how.refresh_after is not None and age >= how.refresh_after
    if old and found.not_worse:
        return _check(
            "accuracy",
            True,
            f"the champion lacks {age} {unit}s of data, {how.refresh_after} or more, and the "
            f"challenger is surely not more than {how.margin:.1%} worse: {change}",
        )
    return _check("accuracy", False, f"the challenger is not surely better: {change} ({sure})")


def _coverage(comparison: Comparison, how: PromotionSettings) -> dict[str, Any]:
    low, high = how.coverage
    value, champion = comparison.coverage(CHALLENGER), comparison.coverage(CHAMPION)
    return _check(
        "coverage",
        low <= value <= high,
        f"its 90 % interval holds {value:.1%} of outcomes (bounds {low:.0%} to {high:.0%}; "
        f"champion {champion:.1%})",
    )


def _latency(ratio: float, how: PromotionSettings, age: int | None) -> dict[str, Any]:
    passed = age is None or ratio <= how.latency_ratio
    # Without the figure, which no second run gives again: it stands in the latency step.
    word = "at most" if passed else "more than"
    return _check(
        "latency",
        passed,
        f"a batch forecast takes {word} {how.latency_ratio:g} times the champion's time",
    )


def _check(name: str, passed: bool, sentence: str) -> dict[str, Any]:
    return {"check": name, "passed": passed, "sentence": sentence}


def _percent(difference: float) -> str:
    if difference == 0.0:
        return "equal to"
    return f"{100 * abs(difference):.2f} % {'below' if difference < 0 else 'above'}"
