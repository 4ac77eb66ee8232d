"""Orbit points of a catalogue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.errors import ConfigError, DataError
from models.orbit.frames import geodetic, sidereal_angle
from pipelines.orbit.catalogue_points import (
    When,
    read_catalogue,
    satellite_points,
    write_catalogue_points,
)
from pipelines.orbit.tle import parse_tle
from service.cli import run as halyard
from tests.pipelines.orbit.test_tle import EPOCH, FIRST, SECOND, TLE, changed

NIGHT = When(EPOCH.astype("datetime64[s]"), 24, 600)
ALL = (0.0, 50_000.0)


def test_points_are_where_the_states_of_the_elements_are() -> None:
    points = satellite_points(parse_tle(TLE), NIGHT)
    assert points.height == 144
    for row in (0, 77, 143):
        time = points["epoch"].to_numpy()[row]
        state = parse_tle(TLE).state(time)[:, None]
        place = np.ravel(geodetic(state[0], state[1], state[2], sidereal_angle(time)))
        found = points.select("latitude", "longitude", "height").row(row)
        np.testing.assert_allclose(found, place, atol=2e-5)


def test_the_end_is_not_among_the_points() -> None:
    assert len(When(EPOCH, 1, 60).times) == 60
    assert len(When(EPOCH, 1, 7000).times) == 1
    with pytest.raises(ConfigError, match="expected a step above 0"):
        When(EPOCH, 1, 0)


def test_a_catalogue_may_have_names_and_faulty_lines_are_told(tmp_path: Path) -> None:
    broken = f"{FIRST[:-1]}9\n{SECOND}\n"
    (tmp_path / "active.tle").write_text(f"0 VANGUARD 1\n{TLE}{broken}{TLE}")
    found, faults = read_catalogue(tmp_path / "active.tle")
    assert [tle.name for tle in found] == ["VANGUARD 1", ""]
    assert len(faults) == 1
    assert "checksum" in faults[0]
    assert "line 4" in faults[0]
    (tmp_path / "none.tle").write_text("nothing")
    with pytest.raises(DataError, match="expected two-line elements, got none"):
        read_catalogue(tmp_path / "none.tle")
    with pytest.raises(DataError, match="cannot be read"):
        read_catalogue(tmp_path / "missing.tle")


def test_satellites_too_old_or_too_high_have_no_points_and_are_counted(tmp_path: Path) -> None:
    old = parse_tle(f"{changed(FIRST, 19, '90')}\n{SECOND}")
    written = write_catalogue_points(
        [parse_tle(TLE), old], NIGHT, (100.0, 1000.0), tmp_path / "points.parquet"
    )
    table = pl.read_parquet(tmp_path / "points.parquet")
    assert (written.satellites, written.points) == (1, table.height)
    assert 0 < table.height < 144
    assert table["height"].max() <= 1000  # type: ignore[operator]
    assert len(written.left_out) == 1
    assert "days from" in written.left_out[0]


def test_batches_of_points_make_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.orbit.catalogue_points._BUFFERED", 100)
    tles = [parse_tle(TLE)] * 3
    write_catalogue_points(tles, NIGHT, ALL, tmp_path / "points.parquet")
    one = satellite_points(tles[0], NIGHT)
    assert pl.read_parquet(tmp_path / "points.parquet").equals(pl.concat([one] * 3))


def test_the_command_tells_what_it_wrote_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.tle").write_text(TLE)
    words = ["data", "orbit-points", str(tmp_path / "a.tle"), "--highest", "5000", "--start"]
    out = ["--out", str(tmp_path / "points.parquet")]
    assert halyard([*words, "2000-06-27T18:00", *out]) == 0
    assert "points of 1 satellites" in capsys.readouterr().out
    assert pl.read_parquet(tmp_path / "points.parquet")["id"].unique().to_list() == ["00005"]
    assert halyard([*words, "yesterday", *out]) == 2
    assert "--start: expected a moment" in capsys.readouterr().err
    assert halyard([*words, "2000-06-27", "--out", "points.txt"]) == 2
