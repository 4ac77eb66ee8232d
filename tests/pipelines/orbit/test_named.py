"""Density models by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.errors import ConfigError, DataError, ModelError
from pipelines.datasets.density.generate import generate_snapshots
from pipelines.datasets.density.settings import computed_source
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.orbit.field_density import FieldDensity
from pipelines.orbit.named import Span, density_model
from tests.models.orbit.cases import START
from tests.pipelines.orbit.cases import small_grid

SPAN = Span(START, 0.25)


def test_names_and_factors_make_models() -> None:
    assert density_model("exponential", SPAN).name == "exponential"
    assert density_model("exponential*1.05", SPAN).name == "exponential*1.05"
    msis = density_model("msis-2.1", SPAN)
    assert (msis.name, msis.label) == ("msis-2.1", "NRLMSIS 2.1")
    assert SPAN.last == np.datetime64("2003-11-18T06:00:00")


def test_fields_are_read_from_a_folder_and_agree_with_msis(tmp_path: Path) -> None:
    first, last = np.datetime64("2003-11-18T00", "h"), np.datetime64("2003-11-18T06", "h")
    source = computed_source("msis21", small_grid(), open_space_weather(), first, last)
    generate_snapshots(source, first, last, tmp_path)
    model = density_model(f"fields:{tmp_path}", SPAN)
    assert isinstance(model, FieldDensity)
    assert (model.name, model.label) == ("fields-msis21", "NRLMSIS 2.1, hourly fields")
    places = [np.array([value]) for value in (17.5, 45.0, 400.0)]
    found = model.density(3 * 3600.0, *places, np.array([0]))
    exact = density_model("msis-2.1", SPAN).density(3 * 3600.0, *places, np.array([0]))
    np.testing.assert_allclose(found, exact, rtol=1e-4)
    with pytest.raises(DataError, match=r"the orbit needs fields from 2003-11-18T00 to 2003-11-19"):
        density_model(f"fields:{tmp_path}", Span(START, 1.0))
    assert json.loads((tmp_path / "manifest.json").read_text())["source"] == "msis21"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jb2008", "density model 'jb2008' is not known; there is: exponential, msis-00"),
        ("exponential*much", r"expected a number after \*, got 'much'"),
    ],
)
def test_an_unknown_name_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        density_model(text, SPAN)


def test_a_factor_must_be_positive() -> None:
    with pytest.raises(ModelError, match="factor of exponential: expected above 0"):
        density_model("exponential*-1", SPAN)


def test_a_start_without_space_weather_is_refused() -> None:
    with pytest.raises(DataError, match="cannot be told from"):
        density_model("msis-2.1", Span(np.datetime64("1990-01-01T00:00:00"), 1.0))
