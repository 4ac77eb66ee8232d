r"""`halyard data space-weather` and `halyard data update space-weather`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands import data_tables as tables

if TYPE_CHECKING:
    from models.emulators.driver_weather import SpaceWeather

update = typer.Typer(help="Bring data that Halyard keeps up to date.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def space_weather(
    file: Annotated[
        Path | None, typer.Argument(help="A table; without one, the updated or embedded one.")
    ] = None,
    json: Json = False,
) -> None:
    """Tell what is known of space weather: span, age, newest values, days taken for flares.

    \b
    Example:
      halyard data space-weather
    """
    from pipelines.datasets.space_weather.table import EMBEDDED, open_space_weather, updated_path

    weather = open_space_weather(file)
    path = file or (updated_path() if updated_path().is_file() else EMBEDDED)
    _tell(_about(weather, path), json=json)


@update.command("space-weather")
def update_space_weather(
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source", help="Address or file, CelesTrak's or GFZ's; repeat it to merge several."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Table to update; by default in HALYARD_HOME.")
    ] = None,
    json: Json = False,
) -> None:
    """Fetch new F10.7 and Kp and merge them into the table; keeps what is there when offline.

    \b
    Example:
      halyard data update space-weather
    """
    from pipelines.datasets.space_weather.update import update_space_weather as run

    done = run(source or (), out)
    for failure in done.failures:
        typer.echo(f"warning: {failure}", err=True)
    about = _about(done.weather, done.path)
    _tell({"updated": done.changed, **about, "sources": list(done.used)}, json=json)


def _about(weather: SpaceWeather, path: Path) -> dict[str, Any]:
    """Span, age and newest values of a table."""
    import numpy as np

    from models.emulators.driver_flares import clean_flares
    from pipelines.datasets.space_weather.table import ATTRIBUTION

    flux = clean_flares(weather.f107, weather.f107_adjusted)
    known = np.flatnonzero(np.isfinite(weather.f107))
    kp = weather.kp.ravel()[np.isfinite(weather.kp.ravel())]
    return {
        "file": str(path),
        "source": weather.source,
        "retrieved": str(weather.as_of),
        "first_day": str(weather.days[0]),
        "last_f107": str(weather.last_f107),
        "last_kp_until": f"{weather.last_kp_end}:00",
        "age_days": _age_days(weather),
        "newest_f107": float(weather.f107[known[-1]]),
        "newest_kp": round(float(kp[-1]), 2),
        "flares_replaced": [str(day) for day in weather.days[flux.replaced]],
        "data_hash": weather.data_hash,
        "attribution": ATTRIBUTION,
    }


def _age_days(weather: SpaceWeather) -> int:
    """Whole days since the last known 3 hours ended."""
    import numpy as np

    now = np.datetime64(datetime.now(UTC).replace(tzinfo=None), "h")
    end = weather.last_kp_end
    return 0 if end is None else max(int((now - end).astype(int)) // 24, 0)


def _tell(about: dict[str, Any], *, json: bool) -> None:
    if json:
        tables.show_json(about)
        return
    for name, value in about.items():
        shown = value
        if isinstance(value, list):
            shown = ", ".join(_line(item) for item in value) or "none"
        typer.echo(f"{name.replace('_', ' '):<16} {shown}")


def _line(item: Any) -> str:
    if isinstance(item, dict):
        return " ".join(f"{key}={value}" for key, value in item.items())
    return str(item)
