"""A stored emulator as a density model."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from models.emulators import catalogue
from models.emulators.driver_hours import hourly_drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.log_density import Shape
from models.emulators.storage import to_state
from models.errors import ArtefactError, ConfigError
from models.orbit.flight import fly
from models.transforms.principal_components import PrincipalComponents
from pipelines import registry
from pipelines.datasets.density.msis import msis_field
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.orbit.named import Span, density_model, usual_models
from pipelines.orbit.state_density import StateDensity
from pipelines.orbit.stored_emulator import true_past
from tests.models.emulators import worlds
from tests.models.orbit.cases import BALLISTIC, START, low_orbit

FIRST = START.astype("datetime64[h]")
SPAN = Span(START, 0.25, samples=5, seed=1)


@cache
def emulator() -> DensityEmulator:
    """An emulator of the small world by linear dynamics, which need no training."""
    weather = worlds.drivers()
    fields = worlds.fields_of(worlds.state_of(weather))
    components = PrincipalComponents.fit(lambda: [fields], rank=3)
    train, valid = worlds.split(worlds.rollouts(weather, components.project(fields)))
    ensemble = catalogue.ensemble(("dmdc",), worlds.QUICK, 1).fit(train, valid)
    limits = np.stack([weather.values.min(axis=0), weather.values.max(axis=0)], axis=1)
    span = worlds.LOOKBACK, worlds.HORIZON
    return DensityEmulator(
        worlds.GRID, components, ensemble, "full", *span, limits, Shape(), "a made-up world"
    )


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))


def store(**changes: object) -> registry.StoredModel:
    changed = replace(emulator(), **changes)  # type: ignore[arg-type]
    name = registry.THERMOSPHERE_DENSITY
    return registry.save_model(
        name, to_state(changed), {}, metrics={}, config={}, data={"hash": "x"}, seed=0
    )


def test_the_champion_flies_with_its_own_spread() -> None:
    registry.promote(store())
    model = density_model("emulator", SPAN)
    assert isinstance(model, StateDensity)
    assert (model.name, model.samples) == ("emulator", 5)
    assert model.states.shape == (5, 7, emulator().components.rank)
    flight = fly(low_orbit(), START, 6.0, model, ballistic=BALLISTIC, step=30.0, every=600.0)
    assert (flight.spread[-1] > 0).all()
    assert (flight.density > 0).all()
    again = density_model("emulator", SPAN)
    assert isinstance(again, StateDensity)
    np.testing.assert_array_equal(again.states, model.states)


def test_a_version_is_named_and_other_seeds_draw_other_paths() -> None:
    stored = store()
    first, second = (
        density_model(f"emulator:{stored.version}", replace(SPAN, seed=seed)) for seed in (1, 2)
    )
    assert first.name == f"emulator:{stored.version}"
    assert isinstance(first, StateDensity)
    assert isinstance(second, StateDensity)
    assert (first.states != second.states).any()


def test_the_true_state_before_the_start_is_known_where_msis_made_the_fields() -> None:
    drivers = hourly_drivers(open_space_weather(), FIRST - emulator().lookback, FIRST + 6)
    assert true_past(emulator(), drivers, FIRST) is None
    msis = replace(emulator(), label="NRLMSIS 2.1")
    past = true_past(msis, drivers, FIRST)
    assert past is not None
    assert past.shape == (msis.lookback, msis.components.rank)
    field = msis_field(np.array([FIRST - 1]), msis.grid, drivers)
    np.testing.assert_allclose(
        past[-1], msis.components.project(field.reshape(1, -1))[0], rtol=1e-4, atol=1e-4
    )


def test_the_past_ends_before_the_start_whatever_comes_after() -> None:
    drivers = hourly_drivers(open_space_weather(), FIRST - emulator().lookback, FIRST + 6)
    values = drivers.values.copy()
    values[emulator().lookback :] *= 2.0
    msis = replace(emulator(), label="NRLMSIS 2.1")
    np.testing.assert_array_equal(
        true_past(msis, drivers, FIRST), true_past(msis, replace(drivers, values=values), FIRST)
    )


def test_without_a_champion_biased_msis_is_what_is_compared() -> None:
    assert usual_models() == ["msis-2.1*1.05", "msis-00"]
    stored = store()
    assert "emulator" not in usual_models()
    registry.promote(stored)
    assert usual_models()[0] == "emulator"


def test_no_stored_emulator_and_too_many_samples_are_refused() -> None:
    with pytest.raises(ArtefactError, match="no model 'thermosphere-density' in"):
        density_model("emulator", SPAN)
    with pytest.raises(ConfigError, match="samples: expected 1 to 5000, got 0"):
        Span(START, 1.0, samples=0)
