"""A recorded query finds an emulator that no longer computes what it computed."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from models.emulators.drivers import Drivers
from models.errors import ArtefactError, ModelError
from pipelines.thermosphere_density.weather import observed
from pipelines.warm_up_density import HOURS, POINTS, DensitySample
from tests.service.density_models import LOOKBACK, emulator, weather

LAST = np.datetime64("2003-08-31T23", "h")


def drivers(hours: int = 60) -> Drivers:
    return observed(weather(), LAST - hours + 1, LAST)


def test_a_sample_is_repeated_after_json() -> None:
    sample = DensitySample.record(emulator(), drivers())
    again = DensitySample.from_json(json.loads(json.dumps(sample.to_json())))
    again.repeat(emulator())
    assert (len(again.drivers), len(again.points)) == (LOOKBACK + HOURS, POINTS)
    assert again.mean == pytest.approx(sample.mean)


def test_a_sample_lies_in_its_newest_hours_and_all_over_the_grid() -> None:
    points = DensitySample.record(emulator(), drivers()).points
    assert LAST - HOURS < points.time.min() <= points.time.max() <= LAST
    assert points.height.min() == 100.0
    assert len(np.unique(points.longitude)) > POINTS / 2


@pytest.mark.parametrize("name", ["mean", "std"])
def test_another_answer_is_refused_with_its_difference(name: str) -> None:
    sample = DensitySample.record(emulator(), drivers())
    other = replace(sample, **{name: getattr(sample, name) + 0.25})
    with pytest.raises(ArtefactError, match=r"differ by 0\.25 in log10.*train it again"):
        other.repeat(emulator())


def test_a_sample_that_is_not_a_number_is_refused() -> None:
    sample = DensitySample.record(emulator(), drivers())
    with pytest.raises(ArtefactError, match="differ by nan"):
        replace(sample, mean=sample.mean * np.nan).repeat(emulator())


def test_an_incomplete_sample_is_refused() -> None:
    data = DensitySample.record(emulator(), drivers()).to_json()
    del data["height"]
    with pytest.raises(ArtefactError, match="sample of densities is not complete"):
        DensitySample.from_json(data)


def test_too_few_drivers_are_refused() -> None:
    with pytest.raises(ModelError, match="space weather from"):
        DensitySample.record(emulator(), drivers(LOOKBACK))
