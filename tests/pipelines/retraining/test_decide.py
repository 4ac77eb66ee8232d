"""A new model is needed for its age, for drift or for errors, and not without new data."""

from __future__ import annotations

import pytest

from pipelines.retraining.decide import decide
from pipelines.retraining.domain import Facts
from tests.pipelines.retraining.scripted import settings

CALM = {"drifted": False, "sentences": ["No drift."]}
DRIFT = {"drifted": True, "sentences": ["Volatility has drifted."]}
NEED = settings().need


@pytest.mark.parametrize(
    ("facts", "drift", "needed", "reason"),
    [
        (Facts(None, "period"), CALM, True, "no champion yet"),
        (Facts(12, "period"), CALM, True, "lacks 12 periods of data, 12 or more"),
        (Facts(11, "period"), CALM, False, "lacks 11 periods of data, fewer than 12"),
        (Facts(5, "month"), DRIFT, True, "drift: Volatility has drifted."),
        (Facts(5, "month"), {"drifted": None, "sentences": ["?"]}, False, "lacks 5 months"),
        (Facts(2, "month"), DRIFT, False, "only 2 new months"),
        (Facts(5, "period", 6, coverage=0.7), CALM, True, "70.0% of 6 dates' outcomes"),
        (Facts(5, "period", 6, coverage=0.9), CALM, False, "neither drift nor"),
        (Facts(5, "period", 5, coverage=0.7), CALM, False, "neither drift nor"),
        (Facts(5, "period", 6, 0.9, error=1.6), CALM, True, "1.60 times that of its back-test"),
    ],
)
def test_every_reason(facts: Facts, drift: dict, needed: bool, reason: str) -> None:  # type: ignore[type-arg]
    found = decide(facts, drift, NEED, if_needed=True)
    assert found["needed"] is found["go_on"] is needed
    assert reason in "; ".join(found["reasons"])


def test_without_if_needed_a_run_goes_on_and_still_says_what_it_thinks() -> None:
    found = decide(Facts(1, "period"), CALM, NEED, if_needed=False)
    assert (found["needed"], found["go_on"]) == (False, True)
    assert found["facts"]["age"] == 1


def test_drift_can_be_left_out_of_the_decision() -> None:
    need = settings("need.drift=false").need
    assert not decide(Facts(5, "period"), DRIFT, need, if_needed=True)["needed"]
