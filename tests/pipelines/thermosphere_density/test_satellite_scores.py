"""Scores of densities at satellites, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.emulators.log_density import LogDensity
from models.emulators.satellite_samples import SatelliteSamples
from models.errors import DataError, ModelError
from pipelines.thermosphere_density.satellite_scores import (
    SatelliteScore,
    StormSpan,
    read_storms,
    satellite_scores,
    storm_scores,
)
from tests.models.emulators.satellite_worlds import samples


def four() -> SatelliteSamples:
    """a, b, a, b on the last two days of 2003 and the first two of 2004, each 1e-12 kg/m3."""
    return replace(samples(4, start="2003-12-30"), log_density=np.full(4, -12.0))


def answer(factors: list[float], std: float = 0.1) -> LogDensity:
    return LogDensity(-12.0 + np.log10(np.array(factors)), np.full(4, std))


def row_of(rows: list[SatelliteScore], satellite: str, year: int | str) -> SatelliteScore:
    (row,) = (r for r in rows if (r["satellite"], r["year"]) == (satellite, year))
    return row


def test_errors_are_of_the_median_in_per_cent() -> None:
    rows = satellite_scores(four(), {"m": answer([1.1, 0.8, 1.3, 1.0])})
    whole = row_of(rows, "all", "all")
    assert whole["n"] == 4
    assert whole["mape"] == pytest.approx((10 + 20 + 30 + 0) / 4)
    logs = np.log([1.1, 0.8, 1.3, 1.0])
    assert whole["bias"] == pytest.approx(logs.mean())
    assert whole["log_rmse"] == pytest.approx(np.sqrt((logs**2).mean()))


def test_there_is_a_row_for_each_satellite_and_year_that_has_samples() -> None:
    rows = satellite_scores(four(), {"m": answer([1.1, 0.8, 1.3, 1.0])})
    assert row_of(rows, "a", "all")["mape"] == pytest.approx(20.0)
    assert row_of(rows, "b", 2003)["mape"] == pytest.approx(20.0)
    assert row_of(rows, "all", 2004)["n"] == 2
    assert len(rows) == 9


def test_coverage_counts_what_lies_inside_the_ninety_per_cent_interval() -> None:
    # 0.1 × 1.645 is a factor of 1.46 either way.
    rows = satellite_scores(four(), {"m": answer([1.4, 1.5, 0.7, 0.6])})
    assert row_of(rows, "all", "all")["coverage_90"] == 0.5


def test_a_model_without_intervals_has_no_coverage() -> None:
    rows = satellite_scores(four(), {"m": answer([1.0] * 4, std=np.nan)})
    assert row_of(rows, "all", "all")["coverage_90"] is None


def test_samples_without_an_answer_are_left_out() -> None:
    rows = satellite_scores(four(), {"m": answer([1.1, np.nan, 1.3, np.nan])})
    assert {r["satellite"] for r in rows} == {"all", "a"}
    assert row_of(rows, "all", "all")["n"] == 2


def test_answers_of_another_length_are_refused() -> None:
    with pytest.raises(ModelError, match="scores of m"):
        satellite_scores(four().select(slice(0, 3)), {"m": answer([1.0] * 4)})


def test_storms_hold_their_own_samples() -> None:
    new_year, summer = (
        StormSpan(name, np.datetime64(start, "s"), np.datetime64(end, "s"))
        for name, start, end in (
            ("2004-01-01", "2003-12-31T12", "2004-01-01T12"),
            ("2003-07-01", "2003-07-01T00", "2003-07-02T00"),
        )
    )
    rows = storm_scores(four(), {"m": answer([1.1, 0.8, 1.3, 1.0])}, (summer, new_year))
    assert [(r["year"], r["n"]) for r in rows] == [("storms", 1), ("2004-01-01", 1)]
    assert rows[1]["mape"] == pytest.approx(30.0)
    assert storm_scores(four(), {"m": answer([1.0] * 4)}, ()) == []


def test_storms_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "storms.txt"
    file.write_text("2003-11-20/02:00:00  2003-11-20/18:00:00  2003-11-23/00:00:00\n\n")
    (storm,) = read_storms(file)
    assert storm.name == "2003-11-20"
    assert storm.end == np.datetime64("2003-11-23T00:00:00")


def test_a_bad_line_of_storms_is_named(tmp_path: Path) -> None:
    file = tmp_path / "storms.txt"
    file.write_text("2003-11-20/02:00:00 2003-11-20/18:00:00 2003-11-23/00:00:00\nsoon\n")
    with pytest.raises(DataError, match="line 2: got 'soon'; expected start, peak and end"):
        read_storms(file)
    with pytest.raises(DataError, match="no such file"):
        read_storms(tmp_path / "absent.txt")
