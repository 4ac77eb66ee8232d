"""The embedded and the updated table of space weather."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.emulators.driver_flares import clean_flares
from models.errors import DataError
from pipelines.datasets.space_weather import embed
from pipelines.datasets.space_weather.schema import (
    DAILY,
    THREE_HOURLY,
    daily_table,
    three_hourly_table,
)
from pipelines.datasets.space_weather.table import (
    EMBEDDED,
    open_space_weather,
    provenance,
    read_table,
    updated_path,
    write_table,
)
from tests.pipelines.datasets.space_weather import texts

NOW = np.datetime64("2025-07-09T12:00:00")


def test_a_table_comes_back_as_it_was_written(tmp_path: Path) -> None:
    weather = replace(texts.expected(5), source="sw", as_of=NOW)
    weather.f107[4], weather.kp[4, 3:] = np.nan, np.nan
    write_table(tmp_path / "t.parquet", weather, {"note": 1})
    again = read_table(tmp_path / "t.parquet")
    assert again.data_hash == weather.data_hash
    assert (again.source, again.as_of) == ("sw", NOW)
    assert provenance(tmp_path / "t.parquet") == {"note": 1}


def test_the_updated_table_goes_before_the_embedded_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    assert open_space_weather().data_hash == read_table(EMBEDDED).data_hash
    write_table(updated_path(), texts.expected(2))
    assert len(open_space_weather()) == 2
    assert len(open_space_weather(EMBEDDED)) > 11_000


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    def told(name: str) -> str:
        with pytest.raises(DataError) as raised:
            read_table(tmp_path / name)
        return str(raised.value)

    (tmp_path / "text").write_text("DATE")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other")
    pl.DataFrame({"a": [1]}).write_parquet(
        tmp_path / "future", metadata={"halyard": '{"format": "halyard space weather 9"}'}
    )
    assert "cannot be read (No such file or directory)" in told("absent")
    assert "not a table of space weather, or damaged" in told("text")
    assert "not a table of space weather" in told("other")
    assert "expected format 'halyard space weather 1', got 'halyard space weather 9'" in told(
        "future"
    )


def test_a_changed_value_does_not_pass_the_checksum(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(path, texts.expected(2))
    meta = pl.read_parquet_metadata(path)["halyard"]
    frame = pl.read_parquet(path).with_columns(pl.col("f107_obs") + 1)
    frame.write_parquet(path, metadata={"halyard": meta})
    with pytest.raises(DataError, match="do not match their checksum"):
        read_table(path)


def test_the_embedded_table_is_small_complete_and_says_where_it_is_from() -> None:
    weather = read_table(EMBEDDED)
    assert EMBEDDED.stat().st_size < 400_000
    assert (str(weather.first), str(weather.last)) == ("1995-01-01", "2025-07-20")
    assert np.isfinite(weather.f107).all()
    assert np.isfinite(weather.kp).all()
    assert "GFZ Potsdam, CC BY 4.0" in pl.read_parquet_metadata(EMBEDDED)["halyard"]


def test_storms_that_everybody_knows_are_in_the_embedded_table() -> None:
    weather = read_table(EMBEDDED)
    day = int((np.datetime64("2003-11-20") - weather.first).astype(int))
    assert (weather.f107[day], weather.ap_daily[day], weather.ap[day].max()) == (175.2, 150, 300)
    october = int((np.datetime64("2003-10-29") - weather.first).astype(int))
    assert weather.ap_daily[october : october + 2].tolist() == [204, 191]


def test_known_flares_of_the_embedded_table_go_and_28_to_30_october_2003_stays() -> None:
    weather = read_table(EMBEDDED)
    cleaned = clean_flares(weather.f107, weather.f107_adjusted)
    days = set(weather.days[cleaned.replaced].astype(str))
    assert {"2003-11-04", "2005-09-09", "2006-12-06", "2011-03-07", "2001-04-06"} <= days
    assert not {f"2003-10-{day}" for day in range(19, 32)} & days
    assert len(days) == 29


def test_the_embedded_table_is_what_its_script_makes(tmp_path: Path) -> None:
    if not texts.SHARED.is_dir():
        pytest.skip("needs ../shared/data/thermosphere")
    names = ("daily_f107_ap_1995_202507.csv", "ap_kp_3h_1995_202507.csv")
    embed.embed([texts.SHARED / name for name in names], tmp_path / "made.parquet")
    assert read_table(tmp_path / "made.parquet").data_hash == read_table(EMBEDDED).data_hash


def test_the_file_of_days_has_the_same_means_as_its_publisher_where_no_flare_is() -> None:
    if not texts.SHARED.is_dir():
        pytest.skip("needs ../shared/data/thermosphere")
    published = pl.read_csv(texts.SHARED / "daily_f107_ap_1995_202507.csv")
    ours = daily_table(read_table(EMBEDDED))
    # 2008 to 2010 has no flare within 81 days.
    year = slice(13 * 365 + 3 + 90, 16 * 365 + 3 - 90)
    for theirs, mine in (
        ("f107_81ctr_obs", "f107_obs_center81"),
        ("f107_81ctr_adj", "f107_adj_center81"),
        ("f107_81lst_obs", "f107_obs_last81"),
    ):
        difference = published[theirs][year].to_numpy() - ours[mine][year].to_numpy()
        assert np.abs(difference).max() < 0.051, theirs
    assert (published["Apavg"].to_numpy() == ours["ap_daily"].to_numpy()).all()


def test_tables_for_people_have_the_columns_of_the_schema_and_null_where_unknown() -> None:
    weather = texts.expected(3)
    weather.kp[2, 7] = np.nan
    days, hours = daily_table(weather), three_hourly_table(weather)
    assert days.columns == [column.name for column in DAILY]
    assert hours.columns == [column.name for column in THREE_HOURLY]
    assert days["ap_daily"].to_list()[2] is None
    assert days["f107_obs_center81"].null_count() == 3
    assert hours.row(1)[1:] == (pytest.approx(1 / 3), 2.0)
    assert str(hours["start"][8]) == "2025-07-02 00:00:00"
    assert hours["ap"].null_count() == 1
