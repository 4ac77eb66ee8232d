"""Are fields fit to learn from, and do they continue what the champion knows?"""

from __future__ import annotations

import numpy as np

from models.emulators.settings import DensityConfig
from models.errors import ConfigError, DataError
from pipelines.retraining.density_fits import Champion
from pipelines.thermosphere_density.fields import Fields

#: Log10 density (kg/m3) between 100 and 1000 km lies within, in any model of the atmosphere.
PLAUSIBLE = (-20.0, -5.0)


def remarks(
    fields: Fields, config: DensityConfig, champion: Champion | None, days: int, least: int
) -> list[str]:
    """What is odd about the fields. Raises DataError or ConfigError for what is unusable.

    days    of the comparison, and how many it needs at `least`
    """
    if days < least:
        raise DataError(
            f"fields: {days} days to compare on, expected at least {least}; give more months, or "
            "raise retrain.comparison.months"
        )
    _check_newest(fields)
    if champion is not None:
        _check_champion(fields, config, champion)
    return [
        f"{fields.label}: {len(fields.times)} hourly fields, {fields.times[0]} to "
        f"{fields.times[-1]}; the newest {days} days are for the comparison."
    ]


def _check_newest(fields: Fields) -> None:
    """The newest day stands for what was added last."""
    first = fields.times[-min(24, len(fields.times))]
    values = fields.read(first, fields.times[-1])
    low, high = PLAUSIBLE
    if not (np.isfinite(values).all() and (values > low).all() and (values < high).all()):
        raise DataError(
            f"fields from {first}: expected log10 density from {low:g} to {high:g}, got "
            f"{float(np.nanmin(values)):.3g} to {float(np.nanmax(values)):.3g} (or none); make "
            "these months again"
        )


def _check_champion(fields: Fields, config: DensityConfig, champion: Champion) -> None:
    if fields.times[-1] < champion.trained:
        raise DataError(
            f"fields: they end {fields.times[-1]}, before the champion's ({champion.trained}); "
            "give the newest months too"
        )
    if fields.times[0] > champion.trained:
        raise DataError(
            f"fields: they begin {fields.times[0]}, after the champion's ended "
            f"({champion.trained}); give the months between"
        )
    if champion.emulator.grid != fields.grid:
        raise DataError(
            f"fields: expected the champion's grid {champion.emulator.grid.shape}, got "
            f"{fields.grid.shape}, or other heights; a model of another grid is trained and "
            "promoted by hand"
        )
    if champion.emulator.horizon != config.horizon:
        raise ConfigError(
            f"horizon: expected the champion's {champion.emulator.horizon} hours, got "
            f"{config.horizon}; a model of another horizon is trained and promoted by hand"
        )
