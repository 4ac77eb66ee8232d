"""Several drift reports as one: its tests share one chance of a false alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pipelines.monitoring.report import DriftReport, judged

#: What is kept of each report beside its findings.
_HEAD = ("kind", "drifted", "reference", "recent")


def together(reports: Sequence[DriftReport], alpha: float) -> tuple[DriftReport, ...]:
    """The reports with all their p-values adjusted for the number of them together (Holm).

    alpha  chance that any of them is flagged where nothing drifts
    """
    adjusted = list(judged([finding for one in reports for finding in one.findings], alpha))
    out = []
    for report in reports:
        count = len(report.findings)
        own, adjusted = adjusted[:count], adjusted[count:]
        out.append(replace(report, alpha=alpha, findings=tuple(own)))
    return tuple(out)


def combined(reports: Sequence[DriftReport], alpha: float) -> dict[str, Any]:
    """Several reports as one, as JSON: those that drifted come first.

    Its "drifted" is None where nothing could be tested in any of them; "reasons" are the surest
    finding of each that drifted, in words.
    """
    ordered = sorted(together(reports, alpha), key=lambda report: not report.drifted)
    told = [report.to_json() for report in ordered]
    unknown = all(report.unknown for report in ordered)
    return {
        "kind": ", ".join(report.kind for report in reports),
        "drifted": None if unknown else any(report.drifted for report in ordered),
        "alpha": alpha,
        "reasons": [f"{one.kind}: {one.flagged[0].sentence}" for one in ordered if one.drifted],
        "sentences": [sentence for report in ordered for sentence in report.sentences],
        "findings": [
            {**finding, "kind": one["kind"]} for one in told for finding in one["findings"]
        ],
        "reports": [{key: one[key] for key in _HEAD} for one in told],
    }
