"""A first look in minutes: fewer years, networks and passes."""

from __future__ import annotations

from dataclasses import replace

from models.emulators.settings import DensityConfig

#: Years of training before the year that is judged.
YEARS = 2
#: Passes over the data, of the map and of the rollouts.
STATIC_EPOCHS, EPOCHS = 8, 10


def quick_settings(config: DensityConfig) -> DensityConfig:
    """The same settings for two years before the (first) year held out and that year.

    Where the months end before, or no year is held out, they stay as they are.
    """
    if not config.held_out:
        return config
    recurrent = config.recurrent
    year = min(config.held_out)
    first = max(config.first, f"{year - YEARS}-01")
    last = min(config.last, f"{max(config.held_out)}-12")
    return replace(
        config,
        first=first,
        last=last,
        members=1,
        recurrent=replace(
            recurrent,
            static=replace(recurrent.static, epochs=min(STATIC_EPOCHS, recurrent.static.epochs)),
            training=replace(recurrent.training, epochs=min(EPOCHS, recurrent.training.epochs)),
        ),
    )
