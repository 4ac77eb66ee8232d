"""What a retraining looks at for drift, as one report."""

from __future__ import annotations

from collections.abc import Callable

from models.errors import HalyardError
from pipelines.monitoring.report import DriftReport
from pipelines.monitoring.settings import DriftSettings
from pipelines.monitoring.several import combined
from pipelines.retraining.folder import Result

#: Name of what is looked at -> what makes its report with some settings.
Parts = dict[str, Callable[[DriftSettings], DriftReport]]
#: Outcomes on the data of the retraining, and those of forecasts that were made in use.
MADE, TOLD = "outcomes since the training", "outcomes of forecasts in use"


def joined(parts: Parts) -> Result:
    """As JSON; its "drifted" is None where nothing could be looked at."""
    how = DriftSettings()
    reports, notes = [], []
    for name, make in parts.items():
        try:
            reports.append(make(how))
        except HalyardError as error:
            notes.append(f"No report on {name}: {error}")
    if not reports:
        return {"drifted": None, "sentences": [f"No drift report: {' '.join(notes)}"]}
    found = combined(reports, how.alpha)
    return {**found, "sentences": [*found["sentences"], *notes]}
