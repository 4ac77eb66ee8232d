"""What a proof is: a claim of a paper, an experiment, and the numbers that it has to reach."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """One number of an experiment.

    what     e.g. "test error of the GRU, nats per step, mean of 3 seeds"
    got      what was measured
    wanted   what it has to be, as text, e.g. "at most 8.6"
    passed   None for what is told and never asserted
    """

    what: str
    got: float
    wanted: str
    passed: bool | None

    @property
    def shown(self) -> str:
        """What was measured, as text; a dash where there is no number, as in never solved."""
        return f"{self.got:.4g}" if math.isfinite(self.got) else "–"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def at_most(what: str, got: float, limit: float) -> Check:
    """NaN does not pass."""
    return Check(what, float(got), f"at most {limit:g}", bool(got <= limit))


def at_least(what: str, got: float, limit: float) -> Check:
    """NaN does not pass."""
    return Check(what, float(got), f"at least {limit:g}", bool(got >= limit))


def within(what: str, got: float, low: float, high: float) -> Check:
    """NaN does not pass."""
    return Check(what, float(got), f"{low:g} to {high:g}", bool(low <= got <= high))


def told(what: str, got: float, why: str) -> Check:
    """A number that is only reported; `why` says what it was expected to be, or that the claim
    does not come back here."""
    return Check(what, float(got), why, None)


@dataclass(frozen=True)
class Effort:
    """How an experiment is run.

    short   the form of the test suite, with fewer seeds or steps and its own, looser numbers
    say     told one line at a time
    """

    short: bool
    say: Callable[[str], None] = lambda _line: None


@dataclass(frozen=True)
class Proof:
    """One experiment.

    name      as in `halyard study proofs --only NAME`
    paper     authors and year
    claim     one sentence
    run       does it; deterministic for a seed on one machine
    left_out  claims of the paper that do not come back at this size, in sentences
    """

    name: str
    paper: str
    claim: str
    run: Callable[[Effort], Iterable[Check]]
    left_out: tuple[str, ...] = ()
