"""What the store knows of the version that made a forecast."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import ArtefactError
from pipelines.registry import (
    DENSITY_ASSIMILATION,
    DENSITY_CORRECTION,
    FUND_SHARPE,
    THERMOSPHERE_DENSITY,
    get_model,
    list_models,
)

#: Months of the rolling Sharpe ratio where the version is not in the store.
WINDOW = 12


def fund_version(version: str) -> tuple[int, str | None]:
    """Months of the rolling window, and the newest month of training; None if it is unknown."""
    try:
        model = get_model(FUND_SHARPE, version)
    except ArtefactError:
        return WINDOW, None
    window = int(model.metadata["config"].get("window", WINDOW))
    last = model.metadata["data"].get("last")
    return window, None if last is None else str(last)


@dataclass(frozen=True)
class DensityVersion:
    """What is known of an emulator.

    stored            whether it is in the store
    corrected_until   newest day of measurements that a correction of it was fitted on; None for
                      none
    """

    stored: bool
    corrected_until: str | None = None


def density_version(version: str) -> DensityVersion:
    """What the store knows of an emulator and the corrections that were fitted to it."""
    try:
        emulator = get_model(THERMOSPHERE_DENSITY, version)
    except ArtefactError:
        return DensityVersion(stored=False)
    days = [
        str(model.metadata["data"]["last"])
        for name in (DENSITY_CORRECTION, DENSITY_ASSIMILATION)
        for model in list_models(name)
        if model.metadata["config"].get("emulator") == emulator.tag
    ]
    return DensityVersion(True, max(days, default=None))
