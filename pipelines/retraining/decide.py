"""Is a new model needed? Age, new data, drift, and how the champion has done since."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pipelines.retraining.domain import Facts
from pipelines.retraining.folder import Result
from pipelines.retraining.settings import NeedSettings


def decide(facts: Facts, drift: Result, how: NeedSettings, *, if_needed: bool) -> dict[str, Any]:
    """{"needed", "go_on", "reasons", "facts"}; without `if_needed` a run goes on anyway.

    drift  report as JSON (see pipelines.monitoring.several.combined); its "drifted" is None
           where nothing could be looked at
    """
    reasons = list(_reasons(facts, drift, how))
    held = facts.age is not None and facts.age < how.min_new
    needed = bool(reasons) and not held
    if held:
        reasons = [
            f"only {facts.age} new {facts.unit}s of data since the champion, fewer than "
            f"{how.min_new}: nothing to learn from yet",
            *reasons,
        ]
    if not reasons:
        reasons = [
            f"the champion lacks {facts.age} {facts.unit}s of data, fewer than {how.max_age}, and "
            "neither drift nor its realised errors call for another"
        ]
    go_on = needed or not if_needed
    return {"needed": needed, "go_on": go_on, "reasons": reasons, "facts": asdict(facts)}


def _reasons(facts: Facts, drift: Result, how: NeedSettings) -> list[str]:
    found = []
    if facts.age is None:
        found.append("there is no champion yet")
    elif facts.age >= how.max_age:
        found.append(f"the champion lacks {facts.age} {facts.unit}s of data, {how.max_age} or more")
    if how.drift and drift.get("drifted"):
        found.extend(f"drift: {reason}" for reason in drift.get("reasons", drift["sentences"][:1]))
    return [*found, *_realised(facts, how)]


def _realised(facts: Facts, how: NeedSettings) -> list[str]:
    if facts.outcomes < how.min_outcomes:
        return []
    found = []
    low, high = how.coverage
    if facts.coverage is not None and not low <= facts.coverage <= high:
        found.append(
            f"{facts.coverage:.1%} of {facts.outcomes} dates' outcomes lie in the champion's 90 % "
            f"interval, expected {low:.0%} to {high:.0%}"
        )
    if facts.error is not None and facts.error > how.error_ratio:
        found.append(
            f"the champion's realised error is {facts.error:.2f} times that of its back-test, "
            f"more than {how.error_ratio:g}"
        )
    return found
