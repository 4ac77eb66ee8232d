"""Requests that work as they stand: for the docs page, the command line and the tests."""

from __future__ import annotations

import json
from typing import Any

# Invented: five years of monthly returns with a deviation of 3.6 %.
# fmt: off
_RETURNS = [
    -0.015, 0.002, 0.066, 0.031, -0.049, 0.008, -0.014, 0.013, -0.048, 0.016, 0.016, 0.063,
    0.019, 0.026, -0.044, 0.087, -0.059, 0.047, -0.004, -0.023, -0.015, -0.016, 0.021,
    0.004, 0.06, -0.056, 0.008, -0.023, 0.035, -0.066, -0.004, 0.015, -0.044, 0.042, 0.014,
    0.043, 0.042, -0.026, -0.02, 0.001, 0.034, 0.038, -0.017, -0.013, -0.02, -0.012, 0.001,
    0.003, 0.08, -0.01, -0.002, 0.024, -0.025, -0.005, 0.008, 0.035, -0.038, 0.056, -0.004,
    0.014,
]
# fmt: on

EXAMPLE_REQUEST: dict[str, Any] = {
    "funds": [{"id": "EXAMPLE", "start": "2012-04", "returns": _RETURNS}],
    "risk_free": 0.0005,
    "horizons": [6, 12],
    "intervals": [0.8, 0.95],
}


#: The storm of 20 November 2003 at 400 km, by day, at dusk and by night.
DENSITY_EXAMPLE: dict[str, Any] = {
    "points": [
        {
            "epoch": "2003-11-20T16:30:00Z",
            "latitude": 52.0,
            "longitude": longitude,
            "height": 400.0,
        }
        for longitude in (-30.0, 45.0, 150.0)
    ],
    "levels": [0.05, 0.5, 0.95],
}

DENSITY_FORECAST_EXAMPLE: dict[str, Any] = {
    "start": "2003-11-18T00:00:00Z",
    "hours": 72,
    "step_hours": 12,
    "points": [{"latitude": 0.0, "longitude": 0.0, "height": 400.0}],
    "futures": "ensemble",
    "samples": 20,
    "levels": [0.05, 0.95],
}


#: An orbit like CHAMP's before the storm of November 2003; not a measured state.
ORBIT_EXAMPLE: dict[str, Any] = {
    "state": {
        "epoch": "2003-11-20T00:00:00Z",
        "position_km": [6745.0, 0.0, 0.0],
        "velocity_km_s": [0.0, 0.368, 7.676],
    },
    "ballistic": 0.00477,
    "hours": 6,
    "step_seconds": 900,
    "futures": "ensemble",
    "samples": 40,
    "levels": [0.05, 0.5, 0.95],
}


def curl_line(address: str) -> str:
    """The example of a fund as one line for a shell."""
    return _curl(f"{address}/v1/fund-sharpe/forecast", EXAMPLE_REQUEST)


def density_curl_line(address: str) -> str:
    """The example of densities as one line for a shell."""
    return _curl(f"{address}/v1/thermosphere/density", DENSITY_EXAMPLE)


def _curl(address: str, request: dict[str, Any]) -> str:
    body = json.dumps(request, separators=(",", ":"))
    return f"curl -s {address} -H 'Content-Type: application/json' -d '{body}'"
