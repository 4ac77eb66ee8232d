"""Bring the kept table of space weather up to date.

Sources are read and checked whole before anything is replaced. What is kept never
shrinks: an observed value is only overwritten by another observed value, and a source
that ends earlier than the one before is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from models.emulators.driver_weather import SpaceWeather
from models.errors import DataError, DependencyError
from pipelines.datasets.space_weather.fetch import Fetched
from pipelines.datasets.space_weather.fetch import fetch as fetch_source
from pipelines.datasets.space_weather.merge import check_gaps, merge, since
from pipelines.datasets.space_weather.readers import read_text
from pipelines.datasets.space_weather.table import (
    EMBEDDED,
    read_table,
    rounded,
    updated_path,
    write_table,
)

#: Asked in turn until one answers, when the caller names none.
DEFAULT_SOURCES = (
    "https://celestrak.org/SpaceData/SW-Last5Years.csv",
    "https://kp.gfz.de/app/files/Kp_ap_Ap_SN_F107_since_1932.txt",
)


@dataclass(frozen=True)
class Update:
    """What an update did.

    weather   the table as it is now
    path      where it lies
    changed   false when no source could be reached: what was there stays
    used      source, sha256, bytes and time of what was read
    failures  why a source could not be used, one line each
    """

    weather: SpaceWeather
    path: Path
    changed: bool
    used: tuple[dict[str, Any], ...]
    failures: tuple[str, ...]


def update_space_weather(
    sources: Sequence[str] = (),
    path: Path | None = None,
    fetch: Callable[[str], Fetched] = fetch_source,
) -> Update:
    """Read the sources, merge them into the table, and replace it in one step.

    sources  all of them are read, and later ones win; none stands for the default ones, of
             which the first that can be used is enough
    path     of the table; the one in HALYARD_HOME by default

    Days before the table begins (GFZ's file goes back to 1932) are left out.

    An address that cannot be reached changes nothing and is told in `failures`. Raises
    DataError when a file is damaged, incomplete, or ends before what is kept.
    """
    target = path or updated_path()
    kept = read_table(target) if target.is_file() else None
    base = kept if kept is not None else read_table(EMBEDDED)
    got, failures = _read_all(sources, base, fetch)
    if not got:
        return Update(base, target if kept else EMBEDDED, False, (), tuple(failures))
    merged = rounded(reduce(merge, [since(w, base.days[0]) for _, w in got], base))
    check_gaps(merged)
    used = tuple(fetched.about() for fetched, _ in got)
    merged = replace(merged, as_of=np.datetime64(got[-1][0].retrieved))
    write_table(target, merged, {"sources": used})
    return Update(merged, target, True, used, tuple(failures))


_Got = list[tuple[Fetched, SpaceWeather]]


def _read_all(
    sources: Sequence[str], base: SpaceWeather, fetch: Callable[[str], Fetched]
) -> tuple[_Got, list[str]]:
    got: _Got = []
    failures: list[str] = []
    for source in sources or DEFAULT_SOURCES:
        try:
            fetched = fetch(source)
            weather = read_text(fetched.text, source).observed
            _refuse_shorter(weather, base)
        except DependencyError as error:
            failures.append(str(error))
        except DataError as error:
            # A default source that is damaged has a stand-in; a chosen one has none.
            if sources:
                raise
            failures.append(str(error))
        else:
            got.append((fetched, weather))
            if not sources:
                break
    return got, failures


def _refuse_shorter(weather: SpaceWeather, base: SpaceWeather) -> None:
    """A source must reach as far as the table does, in whatever it holds."""
    for name, new, old in (
        ("F10.7", weather.last_f107, base.last_f107),
        ("Kp", weather.last_kp_end, base.last_kp_end),
    ):
        if new is not None and old is not None and new < old:
            raise DataError(
                f"{weather.source}: its {name} ends at {new}, what is kept reaches {old}; the file "
                "is cut off or older: fetch it again"
            )
    if weather.days[0] > base.last + 1:
        raise DataError(
            f"{weather.source}: begins on {weather.days[0]}, what is kept ends on {base.last}; "
            "give a longer file, such as SW-All.csv"
        )
