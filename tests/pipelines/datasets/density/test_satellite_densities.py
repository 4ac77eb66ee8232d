"""Reading files of densities that satellites measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.errors import DataError
from pipelines.datasets.density.satellite_densities import (
    REFERENCE,
    SatelliteDensities,
    read_satellite_densities,
)

HEADER = "date,seconds_in_day_s,satellite,altitude_m,longitude_deg,latitude_deg,density_kg_m3"
GOOD = "2003-11-20,60.0,champ,400000,-158.6,63.1,3e-12"


def read(folder: Path, *rows: str, header: str = HEADER) -> SatelliteDensities:
    file = folder / "densities.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return read_satellite_densities(file)


def with_cell(column: str, value: str) -> str:
    cells = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    return ",".join((cells | {column: value}).values())


def test_a_row_is_read_in_kilometres_and_utc(tmp_path: Path) -> None:
    rows = read(tmp_path, GOOD)
    assert rows.time.tolist() == [np.datetime64("2003-11-20T00:01:00").astype(object)]
    assert rows.satellite.tolist() == ["champ"]
    assert rows.height.tolist() == [400.0]
    assert rows.density.tolist() == [3e-12]
    assert np.isnan(rows.reference).all()
    assert len(rows) == 1


def test_longitudes_from_zero_are_those_from_minus_180(tmp_path: Path) -> None:
    rows = read(tmp_path, GOOD, with_cell("longitude_deg", "201.4"))
    assert np.allclose(rows.longitude, -158.6)


def test_local_time_is_that_of_the_meridian(tmp_path: Path) -> None:
    row = with_cell("longitude_deg", "90").replace("60.0", "7200")
    assert read(tmp_path, row).local_time.tolist() == [8.0]


def test_rows_are_sorted_by_time(tmp_path: Path) -> None:
    rows = read(tmp_path, with_cell("date", "2004-01-01"), GOOD)
    assert rows.time[0] < rows.time[1]


def test_any_name_of_a_satellite_is_fine(tmp_path: Path) -> None:
    assert read(tmp_path, with_cell("satellite", "GRACE-FO 1")).satellite.tolist() == ["GRACE-FO 1"]


def test_the_density_of_another_model_is_read_where_it_is_known(tmp_path: Path) -> None:
    rows = read(tmp_path, f"{GOOD},2e-12", f"{GOOD},", header=f"{HEADER},{REFERENCE}")
    assert rows.reference[0] == 2e-12
    assert np.isnan(rows.reference[1])


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("date", "2003-13-40", "expected a date such as 2003-11-20"),
        ("date", "", "expected a date such as 2003-11-20"),
        ("satellite", "", "expected the name of a satellite"),
        ("density_kg_m3", "nan", "expected a finite number"),
        ("density_kg_m3", "dense", "expected a finite number"),
        ("density_kg_m3", "-1e-12", "expected above 0 to"),
        ("density_kg_m3", "0", "expected above 0 to"),
        ("seconds_in_day_s", "90000", "expected 0 to 86400 seconds"),
        ("latitude_deg", "91", "expected -90 to 90 degrees"),
        ("longitude_deg", "400", "expected -180 to 360 degrees"),
        ("altitude_m", "400", "expected 90000 to 1e\\+06 metres"),
    ],
)
def test_the_first_wrong_cell_is_named(
    tmp_path: Path, column: str, value: str, expected: str
) -> None:
    with pytest.raises(DataError, match=f"densities.csv, row 3, column '{column}'.*{expected}"):
        read(tmp_path, GOOD, with_cell(column, value), GOOD)


def test_a_wrong_density_of_another_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"row 2, column '{REFERENCE}'"):
        read(tmp_path, f"{GOOD},-1", header=f"{HEADER},{REFERENCE}")


def test_kilometres_for_metres_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"altitude_m holds 400.*kilometres.*multiply by 1000"):
        read(tmp_path, with_cell("altitude_m", "400"))


def test_grams_per_cubic_centimetre_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"below what these altitudes have.*g/cm3 by 1000"):
        read(tmp_path, with_cell("density_kg_m3", "3e-15"))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'altitude_m'; expected date, satellite"):
        read(tmp_path, GOOD, header=HEADER.replace("altitude_m", "alt"))


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no rows"):
        read(tmp_path)


def test_dates_of_a_parquet_file_need_no_text(tmp_path: Path) -> None:
    import polars as pl

    read(tmp_path, GOOD)
    frame = pl.read_csv(tmp_path / "densities.csv", try_parse_dates=True)
    frame.write_parquet(tmp_path / "densities.parquet")
    rows = read_satellite_densities(tmp_path / "densities.parquet")
    assert rows.time.tolist() == [np.datetime64("2003-11-20T00:01:00").astype(object)]
