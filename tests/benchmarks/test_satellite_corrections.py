"""The benchmark of satellite corrections, on a made-up file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.satellite_corrections import blocks_of, samples_on_msis, show
from models.emulators.log_density import LogDensity
from pipelines.datasets.density.satellite_densities import read_satellite_densities
from pipelines.thermosphere_density.satellite_protocol import LeftOut, judge_left_out
from pipelines.thermosphere_density.satellite_scores import satellite_scores
from tests.models.emulators.satellite_worlds import samples

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "thermosphere"
FILE = SHARED / "satellite_densities_2000_2014.csv"


def test_blocks_of_years_cover_the_samples() -> None:
    assert blocks_of(samples(1500, start="2003-06-01")) == [(2003, 2005), (2006, 2008)]


def test_the_table_shows_satellites_and_years(capsys: pytest.CaptureFixture[str]) -> None:
    world = samples(20)
    show(satellite_scores(world, {"m": LogDensity(world.log_density, np.full(20, 0.1))}))
    printed = capsys.readouterr().out
    assert "0.0 % / 100" in printed
    assert "2003" in printed


@pytest.mark.slow
@pytest.mark.skipif(not FILE.is_file(), reason="satellite densities are not in the repository")
def test_champ_left_out_has_less_than_half_the_error_of_nrlmsise_00() -> None:
    densities = read_satellite_densities(FILE)
    rows = samples_on_msis(densities)
    case = LeftOut("champ", 2003, 2005)
    answer = judge_left_out(rows, case)["assimilated"]
    judged = case.rows(rows)
    reference = LogDensity(np.log10(densities.reference[judged]), np.full(judged.sum(), np.nan))
    scores = {
        name: satellite_scores(rows.select(judged), {name: given})[0]
        for name, given in (("nrlmsise00", reference), ("assimilated", answer))
    }
    assert scores["assimilated"]["mape"] < 0.5 * scores["nrlmsise00"]["mape"]
    coverage = scores["assimilated"]["coverage_90"]
    assert coverage is not None
    assert 0.85 < coverage < 0.95
