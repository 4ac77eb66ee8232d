"""The emulator is judged at satellites' samples, with what the fits to other satellites add."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.emulators.driver_hours import hourly_drivers
from models.emulators.emulator import DensityEmulator, Points
from models.emulators.log_density import LogDensity
from models.emulators.satellite_samples import SatelliteSamples
from models.errors import DataError
from pipelines.datasets.density.satellite_densities import (
    SatelliteDensities,
    read_satellite_densities,
)
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.thermosphere_density import real_satellites
from pipelines.thermosphere_density.real_satellites import (
    emulator_answer,
    judge_satellites,
    within_heights,
)
from pipelines.thermosphere_density.satellite_scores import StormSpan
from tests.models.emulators import worlds

HEADER = (
    "date,seconds_in_day_s,satellite,altitude_m,longitude_deg,latitude_deg,density_kg_m3,"
    "nrlmsise00_density_kg_m3"
)
DAYS = ("2001-02-01", "2001-02-03", "2001-06-01", "2001-06-02")


@cache
def emulator() -> DensityEmulator:
    return worlds.tiny_emulator()[0]


def samples_file(
    folder: Path, heights: tuple[float, ...] = (350.0,) * 4, older: str = "2e-11"
) -> Path:
    """One sample a day; the third and fourth lie more than a path's length after the others."""
    file = folder / "satellites.csv"
    rows = [
        f"{day},{3600 * k + 1800},champ,{1000 * height},{40 * k},{10 * k},1e-11,{older}"
        for k, (day, height) in enumerate(zip(DAYS, heights, strict=True))
    ]
    file.write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
    return file


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the corrections are fitted on; they answer at once, with the measured density."""
    seen: list[tuple[Any, ...]] = []

    def at_once(
        samples: SatelliteSamples, blocks: list[tuple[int, int]], progress: Any
    ) -> dict[str, LogDensity]:
        seen.append((samples, blocks))
        if progress is not None:
            progress(1, 1)
        return {"corrected": LogDensity(samples.log_density, np.full(len(samples), 0.1))}

    monkeypatch.setattr(real_satellites, "leave_out_answers", at_once)
    return seen


def of(rows: tuple[Any, ...], model: str) -> Any:
    return next(r for r in rows if (r["model"], r["satellite"], r["year"]) == (model, "all", "all"))


def test_models_are_scored_side_by_side(tmp_path: Path, fits: list[tuple[Any, ...]]) -> None:
    told: list[tuple[int, int]] = []
    found = judge_satellites(measured(tmp_path), emulator(), progress=lambda *n: told.append(n))
    models = list(dict.fromkeys(row["model"] for row in found.rows))
    assert models == ["NRLMSISE-00", "NRLMSIS 2.1", "emulator", "corrected"]
    # The file says twice the measured density for NRLMSISE-00, and no interval.
    assert of(found.rows, "NRLMSISE-00")["mape"] == pytest.approx(100.0)
    assert of(found.rows, "NRLMSISE-00")["coverage_90"] is None
    assert of(found.rows, "corrected")["mape"] == pytest.approx(0.0, abs=1e-9)
    assert of(found.rows, "emulator")["n"] == 4
    assert told == [(1, 1)]
    ((samples, blocks),) = fits
    assert blocks == [(2001, 2003)]
    raw = emulator_answer(
        emulator(),
        read_satellite_densities(tmp_path / "satellites.csv"),
        _drivers(),
    )
    assert np.allclose(samples.background_mean, raw.mean)
    assert found.notes == ()


def _drivers() -> Any:
    first, last = np.datetime64("2001-01-01T00", "h"), np.datetime64("2001-07-01T00", "h")
    return hourly_drivers(open_space_weather(), first, last)


def measured(folder: Path, **file: Any) -> SatelliteDensities:
    return read_satellite_densities(samples_file(folder, **file))


def test_the_answer_at_a_sample_is_that_of_the_emulator(tmp_path: Path) -> None:
    rows, drivers = measured(tmp_path), _drivers()
    found = emulator_answer(emulator(), rows, drivers)
    for row in (0, 3):
        first = rows.time[row].astype("datetime64[h]")
        path = emulator().path(drivers, first, first + 1)
        one = slice(row, row + 1)
        place = rows.latitude[one], rows.longitude[one], rows.height[one]
        alone = emulator().density(path, Points(rows.time[one], *place))
        # Where rollouts begin differs, and so does their memory, by little.
        assert found.mean[row] == pytest.approx(alone.mean[0], abs=0.05)
    assert (found.std > 0).all()
    assert found.shape is emulator().shape


@pytest.mark.usefixtures("fits")
def test_storms_have_rows_of_their_own(tmp_path: Path) -> None:
    first, last = np.datetime64("2001-06-01T00", "s"), np.datetime64("2001-06-03T00", "s")
    storms = (StormSpan("2001-06-02", first, last),)
    found = judge_satellites(measured(tmp_path), emulator(), storms)
    row = next(r for r in found.storms if r["model"] == "emulator" and r["year"] == "2001-06-02")
    assert row["n"] == 2


def test_samples_outside_the_heights_are_left_out_and_told(tmp_path: Path) -> None:
    file = samples_file(tmp_path, (350.0, 350.0, 600.0, 350.0))
    kept, notes = within_heights(read_satellite_densities(file), emulator())
    assert len(kept) == 3
    assert notes == ("1 of 4 satellite samples lie outside 100 to 450 km.",)


def test_a_file_of_other_heights_is_one_line(tmp_path: Path) -> None:
    file = samples_file(tmp_path, (600.0,) * 4)
    with pytest.raises(DataError, match="all 4 samples lie outside 100 to 450 km, the heights"):
        within_heights(read_satellite_densities(file), emulator())


@pytest.mark.usefixtures("fits")
def test_without_the_older_model_in_the_file_it_has_no_rows(tmp_path: Path) -> None:
    found = judge_satellites(measured(tmp_path, older=""), emulator())
    assert "NRLMSISE-00" not in {row["model"] for row in found.rows}
