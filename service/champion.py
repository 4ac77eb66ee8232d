"""From stored models to ones that answer: read, checked, warmed up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from models.errors import ArtefactError
from pipelines.registry import (
    DENSITY_ASSIMILATION,
    DENSITY_CORRECTION,
    FUND_SHARPE,
    THERMOSPHERE_DENSITY,
    StoredModel,
    load_state,
)
from pipelines.served import SERVED_PERIODS_PER_YEAR
from pipelines.warm_up import Sample
from service.predictor import Predictor

if TYPE_CHECKING:
    from service.thermosphere_predictor import DensityPredictor


def load_fund_models(models: Mapping[str, StoredModel]) -> Predictor:
    """What answers for funds, of the models chosen for it. Raises ArtefactError."""
    return load_predictor(models[FUND_SHARPE])


def load_density_models(models: Mapping[str, StoredModel]) -> DensityPredictor:
    """What answers for densities, of the emulator and its corrections.

    Raises ArtefactError or DataError.
    """
    emulator = models[THERMOSPHERE_DENSITY]
    correction, assimilation = models.get(DENSITY_CORRECTION), models.get(DENSITY_ASSIMILATION)
    return load_density_predictor(emulator, correction, assimilation)


def load_predictor(stored: StoredModel) -> Predictor:
    """Read a stored fund model and repeat its sample forecast. Raises ArtefactError."""
    # Imported here: torch must load in the workers alone, not in BentoML's parent.
    from models.fund_sharpe import from_state

    model = from_state(load_state(stored))
    if model.periods_per_year != SERVED_PERIODS_PER_YEAR:
        raise ArtefactError(
            f"{stored.tag} was trained on {model.periods_per_year} periods a year, and the "
            "service answers for monthly returns; promote a monthly model"
        )
    Sample.from_json(stored.metadata["sample"]).repeat(model)
    return Predictor(model, stored.name, stored.version, stored.metadata)


def load_density_predictor(
    stored: StoredModel,
    correction: StoredModel | None = None,
    assimilation: StoredModel | None = None,
) -> DensityPredictor:
    """Read a stored density emulator, repeat its sample, read space weather.

    correction, assimilation   by satellites, of this version of the emulator

    Raises ArtefactError or DataError.
    """
    from models.emulators.storage import from_state
    from pipelines.thermosphere_density.stored_corrections import load_corrections
    from pipelines.warm_up_density import DensitySample
    from service.thermosphere_predictor import DensityPredictor
    from service.thermosphere_weather import WeatherTable

    emulator = from_state(load_state(stored))
    DensitySample.from_json(stored.metadata["sample"]).repeat(emulator)
    weather = WeatherTable()
    weather()
    corrections = load_corrections(correction, assimilation, stored.tag)
    return DensityPredictor(emulator, stored.version, stored.metadata, weather, corrections)
