"""Several drift reports as the one of a retraining: they share the chance of a false alarm."""

from __future__ import annotations

from collections.abc import Callable

from models.errors import HalyardError
from pipelines.monitoring.drift import combined
from pipelines.monitoring.report import DriftReport
from pipelines.monitoring.settings import DriftSettings
from pipelines.retraining.folder import Result

#: Name of what is looked at -> what makes its report with some settings.
Parts = dict[str, Callable[[DriftSettings], DriftReport]]


def joined(parts: Parts) -> Result:
    """As JSON; its "drifted" is None where nothing could be looked at."""
    how = DriftSettings(alpha=DriftSettings().alpha / len(parts))
    reports, notes = [], []
    for name, make in parts.items():
        try:
            reports.append(make(how))
        except HalyardError as error:
            notes.append(f"No report on {name}: {error}")
    if not reports:
        return {"drifted": None, "sentences": [f"No drift report: {' '.join(notes)}"]}
    found = combined(reports)
    return {**found, "sentences": [*found["sentences"], *notes]}
