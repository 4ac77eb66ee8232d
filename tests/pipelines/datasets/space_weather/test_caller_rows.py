"""Drivers that a caller gives, and each way to give them wrongly."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from models.emulators.driver_issue import as_known_at
from models.errors import DataError
from pipelines.datasets.space_weather.caller_rows import drivers_from_rows
from tests.models.emulators.driver_tables import FIRST, table

#: The table of F10.7 = 100 + day / 10 knows day 99; the rows begin on day 100.
START = FIRST.astype("datetime64[h]") + 2400


def rows(count: int = 8, step: int = 3, **columns: Any) -> list[dict[str, Any]]:
    """Rows from day 100 on, F10.7 180 and Kp 4 unless said."""
    given = {"f107": 180.0, "kp": 4.0, **columns}
    kept = {name: value for name, value in given.items() if value is not None}
    return [{"time": f"{START + step * i}:00Z", **kept} for i in range(count)]


def error(given: Any, **options: Any) -> str:
    with pytest.raises(DataError) as raised:
        drivers_from_rows(given, as_known_at(table(), START), **options)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_rows_hold_for_their_three_hours_and_the_table_for_what_was_before() -> None:
    drivers = drivers_from_rows(rows(), as_known_at(table(), START + 2))
    assert (drivers.start, len(drivers)) == (START, 24)
    assert drivers.column("f107").tolist() == [180.0] * 24
    assert drivers.column("f107_previous")[0] == pytest.approx(109.9)
    assert drivers.column("ap").tolist() == [27.0] * 24
    # Interval 799 has Kp 799 % 28 = 15 thirds, that is ap 48.
    assert drivers.column("ap_3")[:4].tolist() == [48.0] * 3 + [27.0]


def test_hourly_rows_end_with_their_last_three_hours() -> None:
    assert len(drivers_from_rows(rows(24, step=1), as_known_at(table(), START))) == 24
    assert len(drivers_from_rows(rows(23, step=1), as_known_at(table(), START))) == 24


def test_the_adjusted_flux_follows_from_the_distance_of_the_sun() -> None:
    drivers = drivers_from_rows(rows(), table())
    # On 11 April the sun is 1.0023 astronomical units away.
    assert drivers.column("f107_adjusted")[0] == pytest.approx(180.0 * 1.0023**2, rel=1e-3)


def test_kp_is_filled_from_ap() -> None:
    drivers = drivers_from_rows(rows(kp=None, ap=48), table())
    assert drivers.column("kp").tolist() == pytest.approx([5.0] * 24)
    assert drivers.column("ap").tolist() == pytest.approx([48.0] * 24)


def test_a_kp_that_is_not_out_when_the_rows_begin_repeats_the_last_one() -> None:
    # At 0 UTC the Kp of 21-24 UTC is not out; that of 18-21 UTC has ap 39.
    drivers = drivers_from_rows(rows(), as_known_at(table(), START))
    assert drivers.column("ap_3")[0] == drivers.column("ap_6")[0] == 39.0


def test_a_stated_mean_stands_and_a_missing_one_is_the_mean_so_far() -> None:
    known = as_known_at(table(), START + 2)
    stated = drivers_from_rows(rows(f107_mean=150.0, f107_adjusted=170.0), known)
    assert stated.column("f107_mean").tolist() == [150.0] * 24
    assert stated.column("f107_trailing").tolist() == [150.0] * 24
    assert stated.column("f107_adjusted").tolist() == [170.0] * 24
    # Days 60 to 99 of the table and the 180 of day 100.
    computed = drivers_from_rows(rows(), known).column("f107_mean")[0]
    expected = (sum(100 + day / 10 for day in range(60, 100)) + 180.0) / 41
    assert computed == pytest.approx(expected)


def test_rows_that_reach_back_need_no_table() -> None:
    given = rows(8 * 5, f107_mean=150.0)
    first = START + 24 * 3
    drivers = drivers_from_rows(given, first_hour=first, last_hour=first + 5)
    assert len(drivers) == 6
    assert drivers.column("ap_36_57").tolist() == [27.0] * 6


def test_a_span_can_be_asked_for_that_begins_before_the_rows() -> None:
    drivers = drivers_from_rows(rows(), table(), START - 2, START + 1)
    assert drivers.column("f107").tolist() == pytest.approx([109.9, 109.9, 180.0, 180.0])


def as_csv(given: Sequence[Mapping[str, Any]], path: Path) -> None:
    pl.DataFrame(given).write_csv(path)


def as_parquet(given: Sequence[Mapping[str, Any]], path: Path) -> None:
    times = pl.col("time").str.to_datetime("%Y-%m-%dT%H:%MZ")
    pl.DataFrame(given).with_columns(times).write_parquet(path)


def as_json(given: Sequence[Mapping[str, Any]], path: Path) -> None:
    path.write_text(json.dumps(list(given)))


@pytest.mark.parametrize("write", [as_csv, as_parquet, as_json])
def test_csv_parquet_and_json_say_the_same(write: Any, tmp_path: Path) -> None:
    write(rows(), tmp_path / "rows")
    expected = drivers_from_rows(rows(), table())
    assert drivers_from_rows(tmp_path / "rows", table()).values.tolist() == expected.values.tolist()


def changed(at: int, **cells: Any) -> list[dict[str, Any]]:
    given = rows()
    given[at].update(cells)
    return given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (changed(2, kp=float("nan")), "row 3, column 'kp': expected a number from 0 to 9, got"),
        (changed(2, kp=None), "row 3, column 'kp': expected a number from 0 to 9, got None"),
        (changed(2, f107=17.0), "row 3, column 'f107': expected a number from 40 to 1500, got"),
        (changed(2, kp="high"), "row 3, column 'kp': expected a number from 0 to 9, got 'high'"),
        (changed(2, f107=181.0), "row 3, column 'f107': 181 differs from 180 earlier in the UTC"),
        (rows(8, 1)[:2] + changed(0, time=f"{START + 2}:00", kp=5.0)[:1], "the 3 hours; kp has"),
        (changed(2, time="2001-04-11T06:30"), "row 3, column 'time': expected a whole hour UTC"),
        (changed(2, time="noon"), "row 3, column 'time': expected a whole hour UTC"),
        (changed(2, time=f"{START}:00"), "row 3, column 'time': 2001-04-11T00:00 does not come"),
        (rows()[:2] + rows()[3:], "row 3, column 'time': a gap from 2001-04-11T03:00:00 to"),
        (rows(ap=300), "row 1: kp 4 and ap 300 contradict each other; give one of them"),
        (rows(speed=400), "unknown column 'speed'; expected rows with the columns time, f107, kp"),
        (rows(kp=None), "time, f107 and kp or ap are needed"),
        ([], "got none in 0 rows"),
        ([1, 2], "expected a list of rows"),
    ],
)
def test_a_fault_is_named_with_row_and_column(given: Any, message: str) -> None:
    assert message in error(given)


def test_a_past_that_nobody_gives_is_told() -> None:
    with pytest.raises(DataError, match=r"f107_previous .* cannot be told from drivers, which"):
        drivers_from_rows(rows(f107_mean=150.0))


def test_hours_after_the_rows_are_not_made_up() -> None:
    assert "at 2001-04-12T00 cannot be told" in error(rows(), last_hour=START + 24)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    assert "cannot be read" in error(tmp_path / "absent")
    (tmp_path / "bad.json").write_text("[{]")
    assert "expected drivers as CSV, Parquet or JSON rows" in error(tmp_path / "bad.json")
    (tmp_path / "object.json").write_text('{"time": 1}')
    assert "expected a list of rows" in error(tmp_path / "object.json")


def test_what_the_caller_states_is_not_taken_for_a_flare() -> None:
    flux = table().f107.copy()
    flux[90] = 900.0
    given = rows(8 * 3)
    for row in given[8:16]:
        row["f107"] = 400.0
    drivers = drivers_from_rows(given, as_known_at(table(f107=flux), START + 2))
    assert drivers.column("f107")[::24].tolist() == [180.0, 400.0, 180.0]
    # The flare of the table is out of the mean: (100 to 109.9) and 110.0 of day 101 and 102.
    before = sum(100 + day / 10 for day in range(60, 100))
    assert drivers.column("f107_mean")[0] == pytest.approx((before + 180 + 400 + 180) / 43, 1e-6)
