"""Good points are kept in order, broken ones become rejects with their reason."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import numpy as np
import polars as pl
import pytest

from models.emulators.grid import Grid
from models.errors import DataError
from pipelines.batch.contract import FILE, ROW
from pipelines.batch.density_points import CheckedPoints, check_points

GRID = Grid.regular(8, 6, 4)
HEIGHTS = "height: expected 100 to 450 km, the heights of this model"
NOON = np.datetime64("2003-11-20T12:00", "us")


def row(**changes: object) -> dict[str, object]:
    return {"epoch": "2003-11-20T12:00:00Z", "latitude": 1, "longitude": 2, "height": 300} | changes


def checked(*rows: dict[str, object], **more: bool) -> tuple[CheckedPoints, pl.DataFrame]:
    return check_points(pl.DataFrame(list(rows), strict=False), GRID, **more)


@pytest.mark.parametrize(
    "text",
    [
        "2003-11-20T12:00:00Z",
        "2003-11-20T12:00:00",
        "2003-11-20 12:00:00+00:00",
        "2003-11-20T12:00Z",
        " 2003-11-20 12:00 ",
        "2003-11-20T12:00:00.000Z",
    ],
)
def test_an_epoch_may_be_written_in_every_way_that_http_takes(text: str) -> None:
    found, rejects = checked(row(epoch=text))
    assert found.points.time.tolist() == [NOON.tolist()]
    assert rejects.is_empty()


def test_epochs_of_mixed_writing_are_read_each_in_its_own() -> None:
    found, rejects = checked(row(), row(epoch="2003-11-20"), row(epoch="2003-11-20 12:00:00.5"))
    hours = (found.points.time - np.datetime64("2003-11-20", "us")) / np.timedelta64(1, "h")
    np.testing.assert_allclose(hours, [12, 0, 12 + 0.5 / 3600])
    assert rejects.is_empty()


def test_moments_are_utc_with_or_without_a_zone_and_of_any_unit() -> None:
    east = timezone(timedelta(hours=2))
    aware = pl.Series([datetime(2003, 11, 20, 14, tzinfo=east)]).dt.cast_time_unit("ms")
    naive = pl.Series([datetime(2003, 11, 20, 12)]).dt.cast_time_unit("ns")
    for column in (aware, naive):
        table = pl.DataFrame([row()]).with_columns(column.alias("epoch"))
        assert check_points(table, GRID)[0].points.time.tolist() == [NOON.tolist()]
    days = pl.DataFrame([row()]).with_columns(pl.lit(date(2003, 11, 20)).alias("epoch"))
    assert check_points(days, GRID)[0].points.time[0] == np.datetime64("2003-11-20")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"epoch": None}, 'epoch: expected a moment in UTC like "2003-11-20T12:00:00Z", got noth'),
        ({"epoch": "2003-02-30"}, "epoch: expected a moment in UTC"),
        ({"epoch": "2003-11-20T12:00:00+02:00"}, "epoch: expected a moment in UTC"),
        ({"epoch": "0003-11-20"}, "epoch: expected a moment in UTC"),
        ({"latitude": 90.5}, "latitude: expected -90 to 90 degrees, got 90.5"),
        ({"latitude": float("nan")}, "latitude: expected -90 to 90 degrees, got NaN"),
        ({"longitude": float("inf")}, "longitude: expected -180 to 360 degrees, got inf"),
        (
            {"height": None},
            f"{HEIGHTS}, got nothing",
        ),
        ({"height": 99.9}, f"{HEIGHTS}, got 99.9"),
        ({"height": "high"}, f"{HEIGHTS}, got high"),
    ],
)
def test_a_broken_row_is_a_reject_and_the_others_go_on(
    change: dict[str, object], reason: str
) -> None:
    column = next(iter(change))
    values = [row()[column], change[column], row()[column]]
    kind = pl.String if any(isinstance(value, str) for value in values) else pl.Float64
    table = pl.DataFrame([row()] * 3).with_columns(
        pl.Series(column, values, kind, strict=False)
        if kind != pl.String
        else pl.Series(column, [None if v is None else str(v) for v in values])
    )
    found, rejects = check_points(table, GRID)
    assert len(found) == 2
    assert rejects["reason"].to_list()[0].startswith(reason)


def test_a_reject_says_file_row_and_id_and_its_first_fault() -> None:
    table = pl.DataFrame([row(id="sat", latitude=95, height=1)]).with_columns(
        pl.lit("a.csv").alias(FILE), pl.lit(17).alias(ROW)
    )
    _, rejects = check_points(table, GRID)
    assert rejects.rows() == [
        ("a.csv, row 17", "sat", "latitude: expected -90 to 90 degrees, got 95")
    ]


def test_ids_are_text_unless_the_first_ones_were_numbers() -> None:
    found, rejects = checked(row(id="7"), row(id=None))
    assert found.ids is not None
    assert found.ids.to_list() == ["7"]
    assert rejects["reason"].to_list() == [
        "id: expected a name, or a number where the first ones are numbers, got nothing"
    ]
    numbers, rejects = checked(row(id="7"), row(id="seven"), numbered=True)
    assert numbers.ids is not None
    assert numbers.ids.to_list() == [7]
    assert rejects["id"].to_list() == ["seven"]


def test_a_table_without_a_needed_column_is_refused() -> None:
    with pytest.raises(DataError, match=r"no 'height' among epoch, latitude, longitude, alt;"):
        check_points(pl.DataFrame([row()]).rename({"height": "alt"}), GRID)


def test_words_of_a_list_are_read_as_text() -> None:
    table = pl.DataFrame([row()]).with_columns(pl.col("epoch").cast(pl.Categorical))
    assert len(check_points(table, GRID)[0]) == 1
    found, rejects = check_points(table.with_columns(pl.lit(5).alias("epoch")), GRID)
    assert (len(found), rejects.height) == (0, 1)
