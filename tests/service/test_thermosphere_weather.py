"""Space weather of a server: the newest table, and the hours that it covers."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import DataError
from pipelines.datasets.space_weather.table import updated_path, write_table
from pipelines.thermosphere_density.weather import known_hours
from service.thermosphere_weather import WeatherTable
from tests.service import density_models


def test_a_table_that_was_updated_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    table = WeatherTable()
    embedded = table()
    assert embedded.source.startswith("embedded")
    assert table() is embedded
    updated_path().parent.mkdir(parents=True)
    write_table(updated_path(), density_models.weather())
    assert table().source == "a small table"
    newer = replace(density_models.weather(), source="a newer table")
    write_table(updated_path(), newer)
    os.utime(updated_path(), ns=(1, 1))
    assert table().source == "a newer table"


def test_known_hours_begin_with_a_block_and_end_with_a_whole_day() -> None:
    table = density_models.weather()
    first, last = known_hours(table, density_models.emulator())
    # 80 days of F10.7 and 24 hours of lookback.
    assert (str(first), str(last)) == ("2001-03-23T00", "2003-11-30T23")
    kp = table.kp.copy()
    kp[-1, 7] = np.nan
    _, earlier = known_hours(replace(table, kp=kp), density_models.emulator())
    assert str(earlier) == "2003-11-29T23"


def test_a_table_without_a_whole_day_is_refused() -> None:
    table = density_models.weather()
    empty = replace(table, kp=np.full_like(table.kp, np.nan))
    with pytest.raises(DataError, match=r"no day with F10\.7 and Kp; update the table"):
        known_hours(empty, density_models.emulator())
