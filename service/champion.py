"""From stored models to ones that answer: read, checked, warmed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.registry import StoredModel, load_state
from pipelines.warm_up import Sample
from service.predictor import Predictor

if TYPE_CHECKING:
    from service.thermosphere_predictor import DensityPredictor


def load_predictor(stored: StoredModel) -> Predictor:
    """Read a stored fund model and repeat its sample forecast. Raises ArtefactError."""
    # Imported here: torch must load in the workers alone, not in BentoML's parent.
    from models.fund_sharpe import from_state

    model = from_state(load_state(stored))
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
    from pipelines.warm_up_density import DensitySample
    from service.thermosphere_correction import load_corrections
    from service.thermosphere_predictor import DensityPredictor
    from service.thermosphere_weather import WeatherTable

    emulator = from_state(load_state(stored))
    DensitySample.from_json(stored.metadata["sample"]).repeat(emulator)
    weather = WeatherTable()
    weather()
    corrections = load_corrections(correction, assimilation, stored.tag)
    return DensityPredictor(emulator, stored.version, stored.metadata, weather, corrections)
