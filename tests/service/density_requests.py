"""Bodies for requests of densities, and every way to get them wrong."""

from __future__ import annotations

from typing import Any

from service.epochs import EPOCH_WORDS
from service.thermosphere_schemas import MAX_DRIVER_ROWS

Body = dict[str, Any]
EPOCH = "2003-08-10T12:30:00Z"
NEEDED = "this field is needed and not there"


def point(**changes: Any) -> Body:
    return {"epoch": EPOCH, "latitude": 10.0, "longitude": 20.0, "height": 400.0, **changes}


def good(**changes: Any) -> Body:
    return {"points": [point()], **changes}


def one(**changes: Any) -> Body:
    return {"points": [point(**changes)]}


def columns(**changes: Any) -> Body:
    whole = {"epoch": [EPOCH], "latitude": [10.0], "longitude": [20.0], "height": [400.0]}
    return {"points": {**whole, **changes}}


def row(hour: int, **changes: Any) -> Body:
    """Space weather of an hour of 10 August 2003, or later."""
    time = f"2003-08-{10 + hour // 24:02d}T{hour % 24:02d}:00Z"
    return {"time": time, "f107": 120.0, "kp": 3.0, **changes}


def rows(**changes: Any) -> Body:
    """A point on the hour, with rows around it of which the second one is changed."""
    listed = [row(9), row(12), row(15)]
    return {
        "points": [point(epoch="2003-08-10T12:00:00Z")],
        "drivers": [listed[0], {**listed[1], **changes}, listed[2]],
    }


def without(name: str) -> Body:
    body = good()
    del body["points"][0][name]
    return body


def ahead(**changes: Any) -> Body:
    place = {"latitude": 10.0, "longitude": 20.0, "height": 400.0}
    return {"start": "2003-11-18T00:00Z", "hours": 6, "points": [place], **changes}


#: name, body, path of the field, how its message begins. Every one is answered 422.
BAD: list[tuple[str, Body | str, str, str]] = [
    ("not JSON", "{", "body", "expected JSON: EOF while parsing"),
    ("a list", "[]", "body", "expected an object"),
    ("no points", {}, "points", NEEDED),
    ("empty points", good(points=[]), "points", "expected at least 1 point"),
    ("points as text", good(points="here"), "points", "expected a list of points or an object"),
    (
        "misspelt field",
        good(level=[0.5]),
        "level",
        "unknown field; there are: drivers, levels, correction, points",
    ),
    (
        "misspelt field of a point",
        one(lat=10.0),
        "points[0].lat",
        "unknown field; there are: epoch, latitude, longitude, height",
    ),
    (
        "misspelt column",
        columns(lat=[10.0]),
        "points.lat",
        "unknown field; there are: epoch, latitude, longitude, height",
    ),
    ("no epoch", without("epoch"), "points[0].epoch", NEEDED),
    ("no height", without("height"), "points[0].height", NEEDED),
    ("a number as epoch", one(epoch=1070000000), "points[0].epoch", "expected a text"),
    ("words as epoch", one(epoch="yesterday"), "points[0].epoch", EPOCH_WORDS),
    ("another zone", one(epoch="2003-08-10T12:00:00+02:00"), "points[0].epoch", EPOCH_WORDS),
    ("a day that is none", one(epoch="2003-02-30T00:00:00Z"), "points[0].epoch", EPOCH_WORDS),
    ("an hour that is none", columns(epoch=["2003-02-03T25:00Z"]), "points.epoch[0]", EPOCH_WORDS),
    (
        "before the table",
        one(epoch="1950-01-01T00:00:00Z"),
        "points[0].epoch",
        "expected a moment from 2001-03-23T00:00:00Z to 2003-11-30T23:00:00Z, for which space",
    ),
    (
        "after the table",
        one(epoch="2030-01-01T00:00:00Z"),
        "points[0].epoch",
        "expected a moment from 2001-03-23T00:00:00Z to 2003-11-30T23:00:00Z, for which space "
        "weather is known (a small table); update it (halyard data update space-weather), send "
        "drivers, or use /v1/thermosphere/forecast",
    ),
    ("text as latitude", one(latitude="10"), "points[0].latitude", "expected a number"),
    ("true as latitude", one(latitude=True), "points[0].latitude", "expected a number"),
    (
        "NaN as latitude",
        '{"points": [{"epoch": "2003-08-10T12:00Z", "latitude": NaN, "longitude": 0, '
        '"height": 400}]}',
        "points[0].latitude",
        "expected a finite number",
    ),
    ("beyond the pole", one(latitude=91.0), "points[0].latitude", "expected -90 to 90 degrees"),
    ("far east", one(longitude=400.0), "points[0].longitude", "expected -180 to 360 degrees"),
    (
        "too high",
        one(height=451.0),
        "points[0].height",
        "expected 100 to 450 km, the heights of this model",
    ),
    (
        "metres for km",
        columns(height=[400_000.0]),
        "points.height[0]",
        "expected 100 to 450 km, the heights of this model",
    ),
    (
        "columns of different lengths",
        columns(height=[400.0, 410.0]),
        "points.height",
        "expected 1 values, one for each epoch",
    ),
    ("level in percent", good(levels=[95]), "levels[0]", "expected a probability above 0 and"),
    ("level of one", good(levels=[0.5, 1.0]), "levels[1]", "expected a probability above 0 and"),
    ("no levels", good(levels=[]), "levels", "expected at least 1 item"),
    ("many levels", good(levels=[0.5] * 51), "levels", "expected at most 50 items"),
    (
        "unknown correction",
        good(correction="best"),
        "correction",
        "expected 'none', 'satellite' or",
    ),
    (
        "a correction that is not stored",
        good(correction="satellite"),
        "correction",
        "no correction 'satellite' is stored beside this model",
    ),
    ("drivers by another word", good(drivers="guess"), "drivers", "expected 'lookup'"),
    ("drivers as a number", good(drivers=3), "drivers", 'expected "lookup" or a list of rows'),
    ("no drivers", good(drivers=[]), "drivers", "expected at least 1 item"),
    (
        "too many drivers",
        good(drivers=[row(0)] * (MAX_DRIVER_ROWS + 1)),
        "drivers",
        f"expected at most {MAX_DRIVER_ROWS} items",
    ),
    (
        "misspelt driver",
        rows(Kp=3.0),
        "drivers[1].Kp",
        "unknown field; there are: time, f107, kp, ap, f107_mean, f107_adjusted",
    ),
    ("a driver that is null", rows(f107=None), "drivers[1].f107", "expected a number"),
    ("Kp beyond 9", rows(kp=12.0), "drivers", "drivers, row 2, column 'kp': expected a number"),
    ("Kp missing", rows(kp=None), "drivers", "drivers, row 2, column 'kp': expected a number"),
    ("two F10.7 of a day", rows(f107=130.0), "drivers", "drivers, row 2, column 'f107': 130 dif"),
    ("rows that go back", rows(time="2003-08-10T06:00Z"), "drivers", "drivers, row 2, column"),
    ("half an hour", rows(time="2003-08-10T11:30Z"), "drivers", "drivers, row 2, column 'time'"),
    (
        "rows that lie elsewhere",
        {**rows(), "points": [point(epoch="2031-08-10T12:00:00Z")]},
        "drivers",
        "drivers: f107 (F10.7 of the UTC day) at 2031-08-09T12 cannot be told from",
    ),
]

#: The same for forecasts.
BAD_AHEAD: list[tuple[str, Body, str, str]] = [
    ("no start", {"hours": 6}, "start", NEEDED),
    ("a start that is none", ahead(start="2003-11-31"), "start", EPOCH_WORDS),
    ("half past", ahead(start="2003-11-18T00:30Z"), "start", "expected a whole hour UTC"),
    ("no hours", ahead(hours=0), "hours", "expected 1 to 647 hours ahead"),
    ("months", ahead(hours=1000), "hours", "expected 1 to 647 hours ahead"),
    ("half an hour ahead", ahead(hours=1.5), "hours", "expected a whole number"),
    ("no step", ahead(step_hours=0), "step_hours", "expected greater than or equal to 1"),
    ("neither grid nor points", ahead(points=None), "grid", "expected either grid or points"),
    ("grid and points", ahead(grid={}), "grid", "expected either grid or points"),
    ("no places", ahead(points=[]), "points", "expected at least 1 item"),
    (
        "a place with an epoch",
        ahead(points=[point()]),
        "points[0].epoch",
        "unknown field; there are: latitude, longitude, height",
    ),
    (
        "a place too low",
        ahead(points=[{"latitude": 0.0, "longitude": 0.0, "height": 50.0}]),
        "points[0].height",
        "expected 100 to 450 km",
    ),
    (
        "a grid too high",
        ahead(points=None, grid={"height": [400.0, 500.0]}),
        "grid.height[1]",
        "expected 100 to 450 km",
    ),
    (
        "a grid that falls",
        ahead(points=None, grid={"latitude": [10.0, 0.0]}),
        "grid.latitude",
        "expected rising values",
    ),
    (
        "a grid by longitude",
        ahead(points=None, grid={"longitude": [0.0]}),
        "grid.longitude",
        "unknown field; there are: local_time, latitude, height",
    ),
    ("unknown futures", ahead(futures="luck"), "futures", "expected 'ensemble', 'persistence'"),
    ("no samples", ahead(samples=0), "samples", "expected greater than or equal to 1"),
    ("too many samples", ahead(samples=1000), "samples", "expected less than or equal to 200"),
    (
        "before the table",
        ahead(start="1999-01-01"),
        "start",
        "space weather as known at 1999-01-01T00:00:00: the table begins on 2001-01-01",
    ),
    (
        "long after the table",
        ahead(start="2010-01-01"),
        "start",
        "drivers' forecast at 2010-01-01T00:00:00: the newest F10.7 of a small table is of",
    ),
    ("a level of zero", ahead(levels=[0.0]), "levels[0]", "expected a probability above 0 and"),
    (
        "own drivers that end too soon",
        ahead(drivers=[row(0, time="2003-11-18T00:00Z")]),
        "drivers",
        "expected rows to 2003-11-18T06:00:00Z, the last hour asked for",
    ),
    (
        "own drivers, bad",
        ahead(drivers=[row(0, kp=10.0, time="2003-11-18T06:00Z")]),
        "drivers",
        "drivers, row 1, column",
    ),
]


TLE = [
    "1 25544U 98067A   03324.50000000  .00012345  00000-0  12345-3 0  9990",
    "2 25544  51.6400 100.0000 0005000  90.0000 270.0000 15.60000000 10005",
]


def state(**changes: Any) -> Body:
    whole = {
        "epoch": "2003-11-20T00:10:30Z",
        "position_km": [6745.0, 0.0, 0.0],
        "velocity_km_s": [0.0, 0.368, 7.676],
    }
    return {**whole, **changes}


def flight(**changes: Any) -> Body:
    """Five minutes would do; an hour is the least."""
    whole = {"state": state(), "ballistic": 0.005, "hours": 1, "step_seconds": 900, "samples": 4}
    both = {**whole, **changes}
    return {name: value for name, value in both.items() if value is not None}


def by_lines(**changes: Any) -> Body:
    return flight(**{"state": None, "ballistic": None, "tle": TLE, **changes})


#: The same for orbits.
BAD_FLIGHTS: list[tuple[str, Body, str, str]] = [
    ("neither state nor tle", flight(state=None), "state", "expected either state or tle"),
    ("state and tle", flight(tle=TLE), "state", "expected either state or tle"),
    ("no ballistic", flight(ballistic=None), "ballistic", "a ballistic coefficient (m2/kg) is"),
    ("kg/m2 for m2/kg", flight(ballistic=200.0), "ballistic", "ballistic: expected Cd A / m of"),
    ("no hours", flight(hours=0), "hours", "expected greater than or equal to 1"),
    ("weeks", flight(hours=300), "hours", "expected less than or equal to 120"),
    ("odd outputs", flight(step_seconds=7), "step_seconds", "expected 60, 120, 300"),
    ("one sample", flight(samples=1), "samples", "expected greater than or equal to 2"),
    (
        "two numbers",
        flight(state=state(position_km=[1.0, 2.0])),
        "state.position_km",
        "expected at least 3 items",
    ),
    (
        "metres for km",
        flight(state=state(position_km=[6745e3, 0.0, 0.0])),
        "state",
        "state: 6,745,000 km from the Earth's centre at 8 km/s; expected km and km/s",
    ),
    (
        "a state that falls",
        flight(state=state(velocity_km_s=[0.0, 0.0, 5.0])),
        "state",
        "state: its lowest point is",
    ),
    ("an epoch that is none", flight(state=state(epoch="2003-11-31")), "state.epoch", EPOCH_WORDS),
    ("start with a state", flight(start="2003-11-20"), "start", "start goes with tle"),
    (
        "misspelt field of a state",
        flight(state=state(time="2003")),
        "state.time",
        "unknown field; there are: epoch, position_km, velocity_km_s",
    ),
    ("one line", by_lines(tle=TLE[:1]), "tle", "expected at least 2 items"),
    ("a digit changed", by_lines(tle=[TLE[0][:-1] + "1", TLE[1]]), "tle", "tle: line 1, column 69"),
    ("lines in the wrong order", by_lines(tle=TLE[::-1]), "tle", "tle: expected a line that beg"),
    ("elements too old", by_lines(start="2004-03-01"), "tle", "tle: the TLE is of 2003-11-20T12"),
    (
        "a time that has not come",
        flight(state=state(epoch="2031-01-01"), futures="observed"),
        "start",
        "drivers: f107 (F10.7 of the UTC day) at 2030-12-31T00 cannot be told from a small table",
    ),
    (
        "too high an orbit",
        flight(state=state(position_km=[7200.0, 0.0, 0.0], velocity_km_s=[0.0, 0.36, 7.43])),
        "body",
        "thermosphere-density: the satellite (sample 0) is at",
    ),
    ("a level of zero", flight(levels=[0.0]), "levels[0]", "expected a probability above 0"),
    ("unknown futures", flight(futures="luck"), "futures", "expected 'observed', 'ensemble'"),
]
