"""Bodies for requests, and every way to get them wrong."""

from __future__ import annotations

import copy
from typing import Any

Body = dict[str, Any]

#: 24 months of which 12 return 1 % and 12 return 3 %: mean 0.02, deviation 0.0102.
RETURNS = [0.01, 0.03] * 12


def good(**changes: Any) -> Body:
    fund = {"id": "A", "start": "2015-01", "returns": list(RETURNS)}
    return {"funds": [{**fund, **changes}], "risk_free": 0.0}


def many(*funds: Body) -> Body:
    body = good()
    body["funds"] = [{**body["funds"][0], **fund} for fund in funds]
    return body


def returns_with(index: int, value: Any) -> list[Any]:
    return [*RETURNS[:index], value, *RETURNS[index + 1 :]]


def whole(**changes: Any) -> Body:
    return {**good(), **changes}


def without(name: str) -> Body:
    body = copy.deepcopy(good())
    del body["funds"][0][name]
    return body


DATES = [f"{2015 + i // 12}-{i % 12 + 1:02d}" for i in range(24)]
YEARLY = "this looks like a rate per year or in percent; send the decimal return of a month"

#: name, body, path of the field, message. Every one is answered 422.
BAD: list[tuple[str, Body | str, str, str]] = [
    ("not JSON", "{", "body", "expected JSON: EOF while parsing an object at line 1 column 1"),
    ("a list", "[]", "body", "expected an object"),
    ("no funds", {}, "funds", "this field is needed and not there"),
    ("empty funds", whole(funds=[]), "funds", "expected at least 1 item"),
    (
        "misspelt field",
        whole(horizon=[6]),
        "horizon",
        "unknown field; there are: funds, risk_free, horizons, targets, intervals",
    ),
    (
        "misspelt field of a fund",
        good(begin="2015-01"),
        "funds[0].begin",
        "unknown field; there are: id, returns, start, dates, risk_free",
    ),
    ("no id", without("id"), "funds[0].id", "this field is needed and not there"),
    ("number as id", good(id=7), "funds[0].id", "expected a text"),
    ("empty id", good(id=""), "funds[0].id", "string should have at least 1 character"),
    (
        "same id twice",
        many({}, {}),
        "funds[1].id",
        "this id stands at funds[0] already; give each fund its own",
    ),
    ("no returns", without("returns"), "funds[0].returns", "this field is needed and not there"),
    ("empty returns", good(returns=[]), "funds[0].returns", "expected at least 1 item"),
    (
        "too many returns",
        good(returns=[0.01] * 1201),
        "funds[0].returns",
        "expected at most 1200 items",
    ),
    (
        "text as return",
        good(returns=returns_with(3, "0.01")),
        "funds[0].returns[3]",
        "expected a number",
    ),
    (
        "true as return",
        good(returns=returns_with(3, True)),
        "funds[0].returns[3]",
        "expected a number",
    ),
    (
        "NaN as return",
        '{"funds": [{"id": "A", "start": "2015-01", "returns": [0.01, NaN]}]}',
        "funds[0].returns[1]",
        "expected a finite number (null marks a month without a return)",
    ),
    (
        "a number beyond all bounds",
        '{"funds": [{"id": "A", "start": "2015-01", "returns": [0.01, 1e400]}]}',
        "funds[0].returns[1]",
        "expected a finite number (null marks a month without a return)",
    ),
    (
        "a total loss",
        good(returns=returns_with(3, -1.0)),
        "funds[0].returns[3]",
        "expected a return above -1 (-100 %)",
    ),
    (
        "a change of the face value",
        good(returns=returns_with(5, 9.0)),
        "funds[0].returns[5]",
        "a return of 900% in a month looks like a change of the face value; send adjusted returns",
    ),
    (
        "percent",
        good(returns=[1.0, 3.0] * 12),
        "funds[0].returns",
        "the median size of the returns is 2: this looks like percent; "
        "send decimals (0.012 for 1.2 %)",
    ),
    (
        "too short",
        good(returns=RETURNS[:23]),
        "funds[0].returns",
        "expected at least 24 months with a return",
    ),
    (
        "nothing but gaps",
        good(returns=[None] * 30),
        "funds[0].returns",
        "expected at least 24 months with a return",
    ),
    (
        "constant",
        good(returns=[0.01] * 24),
        "funds[0].returns",
        "all returns are equal: a Sharpe ratio needs dispersion",
    ),
    ("no months", without("start"), "funds[0].start", "expected either start or dates"),
    ("start and dates", good(dates=DATES), "funds[0].start", "expected either start or dates"),
    (
        "a start that is no month",
        good(start="2015-13"),
        "funds[0].start",
        'expected a month like "2015-01"',
    ),
    (
        "too few dates",
        many({"start": None, "dates": DATES[:-1]}),
        "funds[0].dates",
        "expected 24 dates, one for each return",
    ),
    (
        "a month twice",
        many({"start": None, "dates": [*DATES[:5], DATES[4], *DATES[6:]]}),
        "funds[0].dates[5]",
        "expected a month after 2015-05",
    ),
    (
        "unsorted months",
        many({"start": None, "dates": ["2016-01", *DATES[1:]]}),
        "funds[0].dates[1]",
        "expected a month after 2016-01",
    ),
    (
        "a date that is none",
        many({"start": None, "dates": ["last month", *DATES[1:]]}),
        "funds[0].dates[0]",
        'expected a month like "2015-01" or a day like "2015-01-31"',
    ),
    (
        "risk-free of another type",
        whole(risk_free={"rate": 0.01}),
        "risk_free",
        'expected a number, a list of numbers or "none"',
    ),
    ("risk-free by an unknown word", whole(risk_free="bills"), "risk_free", "expected 'none'"),
    ("risk-free per year", whole(risk_free=5.2), "risk_free", YEARLY),
    (
        "risk-free of another length",
        good(risk_free=[0.001] * 3),
        "funds[0].risk_free",
        "expected 24 numbers, one for each return",
    ),
    (
        "risk-free list with text",
        good(risk_free=[0.001, "x"]),
        "funds[0].risk_free[1]",
        "expected a number",
    ),
    (
        "one risk-free list for other months",
        {**many({"id": "A"}, {"id": "B", "start": "2014-01"}), "risk_free": [0.001] * 24},
        "risk_free",
        "one list needs funds of the same months; give each fund its own risk_free",
    ),
    (
        "one risk-free list of another length",
        whole(risk_free=[0.001] * 3),
        "risk_free",
        "expected 24 numbers, one for each return",
    ),
    ("unknown horizon", whole(horizons=[6, 7]), "horizons[1]", "expected one of 6, 12"),
    ("half a month", whole(horizons=[6.5]), "horizons[0]", "expected a whole number"),
    ("no horizon", whole(horizons=[]), "horizons", "expected at least 1 item"),
    ("unknown target", whole(targets=["alpha"]), "targets[0]", "expected one of rolling, forward"),
    (
        "interval in percent",
        whole(intervals=[90]),
        "intervals[0]",
        "expected a coverage from 0.05 to 0.95",
    ),
    (
        "too wide an interval",
        whole(intervals=[0.5, 0.99]),
        "intervals[1]",
        "expected a coverage from 0.05 to 0.95",
    ),
]
