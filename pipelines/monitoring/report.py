"""What a drift report says: findings, whether there is drift, and sentences for a person."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from models.contract import FloatArray

#: Test of what was promised, which needs nothing to compare with; unit of a share of outcomes.
NOMINAL, SHARE = "nominal", "share"


@dataclass(frozen=True)
class DriftFinding:
    """One test of one thing.

    name        what was looked at, e.g. "dispersion"
    test        level, jump, ks, psi, range or nominal (see docs/drift.md)
    where       series, satellite or target that it concerns; "" for all of them
    statistic   of the test, None where it could not be made
    p_value     chance of one as large where nothing drifts, None for what is only shown
    adjusted    p_value for all tests of the report together (Holm 1979)
    recent      the recent value, in `unit`
    usual       the reference's value; for a range, the most that is allowed; for nominal, what
                was promised
    unit        "log" for logarithms, "share" for a share of outcomes, else as written
    since       when the change began, where the test can tell
    flagged     adjusted lies below the report's alpha
    note        why it could not be made, or what limits it
    """

    name: str
    test: str
    where: str = ""
    statistic: float | None = None
    p_value: float | None = None
    adjusted: float | None = None
    recent: float | None = None
    usual: float | None = None
    unit: str = ""
    since: str = ""
    flagged: bool = False
    note: str = ""

    @property
    def sentence(self) -> str:
        """The finding in words."""
        place = f" of {self.where}" if self.where else ""
        begun = f", since about {self.since}" if self.since else ""
        chance = "" if self.adjusted is None else f"; adjusted p {self.adjusted:.2g}"
        values = self._values()
        return f"{self.name}{place}{values} ({self.test}{chance}){begun}"

    def _values(self) -> str:
        """What it is and usually is; of logarithms, how many times as large."""
        if self.recent is None or self.usual is None:
            return ""
        if self.unit == "log":
            return f" is {math.exp(self.recent - self.usual):.3g} times the usual"
        if self.unit == SHARE:
            return f" holds {_percent(self.recent)} of outcomes, {_percent(self.usual)} expected"
        unit = f" {self.unit}" if self.unit else ""
        word = {"range": "allowed", "nominal": "expected"}.get(self.test, "usually")
        return f" is {self.recent:.3g}{unit}, {word} {self.usual:.3g}{unit}"


@dataclass(frozen=True)
class Trace:
    """What a channel looked like over time: its statistic over the stretch that ends there.

    values  one per label of the report, NaN where unknown
    """

    name: str
    where: str
    unit: str
    values: FloatArray


@dataclass(frozen=True)
class DriftReport:
    """Everything that was looked at.

    kind        fund-sharpe inputs, thermosphere-density inputs, forecasts or outcomes
    reference   first and last period or time of the span compared with
    recent      first and last of the span judged
    alpha       chance that an undisturbed span is flagged
    notes       what could not be looked at, and why
    labels      every period, and the traces of all channels over them: for figures, not in JSON
    """

    kind: str
    reference: tuple[str, str]
    recent: tuple[str, str]
    alpha: float
    findings: tuple[DriftFinding, ...]
    notes: tuple[str, ...] = field(default=())
    labels: tuple[str, ...] = field(default=(), repr=False)
    traces: tuple[Trace, ...] = field(default=(), repr=False, compare=False)

    @property
    def flagged(self) -> tuple[DriftFinding, ...]:
        """Findings that are drift, the surest first."""
        found = [finding for finding in self.findings if finding.flagged]
        return tuple(sorted(found, key=lambda f: 0.0 if f.adjusted is None else f.adjusted))

    @property
    def drifted(self) -> bool:
        return any(finding.flagged for finding in self.findings)

    @property
    def unknown(self) -> bool:
        """Whether nothing could be tested: neither drift nor its absence was found."""
        return not any(_tested(finding) for finding in self.findings)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The report in words: the verdict first, then each flagged finding, then notes."""
        tests = sum(finding.p_value is not None for finding in self.findings)
        first = f"{self.kind}: {self._verdict()} ({tests} tests)."
        told = [f"{finding.sentence}." for finding in self.flagged]
        return (first, *(text[:1].upper() + text[1:] for text in told), *self.notes)

    def _verdict(self) -> str:
        span = f"{self.recent[0]} to {self.recent[1]}"
        against = f"{self.reference[0]} to {self.reference[1]}"
        if self.unknown:
            return f"unknown whether {span} has drifted, too little could be tested"
        changes = [f for f in self.findings if _tested(f) and f.test != NOMINAL]
        if any(finding.flagged for finding in changes):
            return f"{span} has drifted against {against}"
        if self.drifted:
            return f"{self._whole()} does not hold what was promised"
        if not changes:
            return f"{span} holds what was promised, unknown whether it has changed"
        return f"{span} shows no drift against {against}"

    def _whole(self) -> str:
        return f"{self.reference[0]} to {self.recent[1]}"

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON-able data; numbers that are none become null, and so does
        "drifted" where nothing could be tested."""
        findings = [
            {**{k: _finite(v) for k, v in asdict(f).items()}, "sentence": f.sentence}
            for f in self.findings
        ]
        return {
            "kind": self.kind,
            "drifted": None if self.unknown else self.drifted,
            "reference": list(self.reference),
            "recent": list(self.recent),
            "alpha": self.alpha,
            "sentences": list(self.sentences),
            "findings": findings,
        }


def judged(findings: Sequence[DriftFinding], alpha: float) -> tuple[DriftFinding, ...]:
    """The findings with p-values adjusted for their number, and flags set.

    Holm's step-down (1979): whatever hangs together among the tests, the chance that any
    is flagged where nothing drifts stays below `alpha`.
    """
    tested = [i for i, finding in enumerate(findings) if finding.p_value is not None]
    order = sorted(tested, key=lambda i: findings[i].p_value or 0.0)
    out, least = list(findings), 0.0
    for rank, i in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * (findings[i].p_value or 0.0)))
        sure = least < alpha
        since = findings[i].since if sure else ""
        out[i] = replace(findings[i], adjusted=least, flagged=sure, since=since)
    return tuple(out)


def _tested(finding: DriftFinding) -> bool:
    # A share that is out of range has no p-value.
    return finding.p_value is not None or finding.recent is not None


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
