"""Scores of densities at satellites: by satellite and year, and by storm.

One row per model and group, as reports and `metrics.json` hold them. The point value is
the median of density; errors are of density, not of its logarithm, unless named so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.emulators.log_density import LogDensity
from models.emulators.satellite_samples import SatelliteSamples
from models.errors import DataError, ModelError

#: Marks rows over all satellites or all years.
ALL = "all"
#: Standard deviations of the ends of a 90 % interval of the normal distribution.
_NINETY = 1.6448536269514722
_LN10 = float(np.log(10.0))


class SatelliteScore(TypedDict):
    """A row of the table of satellites.

    mape         mean of |median / measured - 1|, per cent
    log_rmse     root of the mean square of ln(median / measured)
    bias         mean of ln(median / measured); positive: too dense
    coverage_90  share inside the 90 % interval, None for a model without intervals
    """

    model: str
    satellite: str
    year: int | str
    n: int
    mape: float
    log_rmse: float
    bias: float
    coverage_90: float | None


@dataclass(frozen=True)
class StormSpan:
    """A storm: name (day of its peak), start and end, both included."""

    name: str
    start: np.datetime64
    end: np.datetime64


def satellite_scores(
    samples: SatelliteSamples, answers: Mapping[str, LogDensity]
) -> list[SatelliteScore]:
    """Rows for all together, each satellite, each year, and each satellite in each year.

    answers  model -> distribution at every row; NaN mean where it has none, NaN std where
             it has no interval

    Raises ModelError for an answer of another length than the samples.
    """
    return [row for name, answer in answers.items() for row in _rows(name, samples, answer)]


def storm_scores(
    samples: SatelliteSamples, answers: Mapping[str, LogDensity], storms: tuple[StormSpan, ...]
) -> list[SatelliteScore]:
    """Rows for all storms together and each storm that has samples; `year` is its name."""
    inside = [(samples.time >= s.start) & (samples.time <= s.end) for s in storms]
    groups = [("storms", np.any(inside, axis=0))] if storms else []
    groups += [(storm.name, rows) for storm, rows in zip(storms, inside, strict=True)]
    return [
        score
        for name, answer in answers.items()
        for label, rows in groups
        if (score := _score(name, (ALL, label), samples, answer, rows)) is not None
    ]


def read_storms(path: str | Path) -> tuple[StormSpan, ...]:
    """Storms of a text file, one a line: start, peak and end as 2003-11-20/08:00:00.

    Raises DataError with file and line.
    """
    file, storms = Path(path), []
    if not file.is_file():
        raise DataError(f"{file}: no such file; expected start, peak and end of storms")
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        cells = line.split()
        if not cells:
            continue
        try:
            start, peak, end = (np.datetime64(c.replace("/", "T"), "s") for c in cells)
        except ValueError as error:
            raise DataError(
                f"{file}, line {number}: got {line.strip()!r}; expected start, peak and end such "
                "as 2003-11-20/08:00:00, separated by blanks"
            ) from error
        storms.append(StormSpan(str(peak.astype("datetime64[D]")), start, end))
    return tuple(storms)


def _rows(name: str, samples: SatelliteSamples, answer: LogDensity) -> Iterator[SatelliteScore]:
    if answer.mean.shape != samples.log_density.shape:
        raise ModelError(
            f"scores of {name}: {answer.mean.shape} answers for {len(samples)} samples"
        )
    years = samples.time.astype("datetime64[Y]").astype(int) + 1970
    everything = np.ones(len(samples), dtype=bool)
    satellites = [(str(s), samples.satellite == s) for s in np.unique(samples.satellite)]
    spans: list[tuple[int | str, npt.NDArray[np.bool_]]] = [
        (ALL, everything),
        *((int(y), years == y) for y in np.unique(years)),
    ]
    for satellite, own in [(ALL, everything), *satellites]:
        for year, span in spans:
            score = _score(name, (satellite, year), samples, answer, own & span)
            if score is not None:
                yield score


def _score(
    name: str,
    group: tuple[str, int | str],
    samples: SatelliteSamples,
    answer: LogDensity,
    rows: npt.NDArray[np.bool_],
) -> SatelliteScore | None:
    """The row of one group; None where nothing is measured or answered."""
    error: FloatArray = answer.mean - samples.log_density
    rows = rows & np.isfinite(error)
    if not rows.any():
        return None
    logarithm = _LN10 * error[rows]
    std = answer.std[rows]
    inside = np.abs(error[rows]) <= _NINETY * std
    return SatelliteScore(
        model=name,
        satellite=group[0],
        year=group[1],
        n=int(rows.sum()),
        mape=float(100.0 * np.mean(np.abs(np.expm1(logarithm)))),
        log_rmse=float(np.sqrt(np.mean(logarithm**2))),
        bias=float(np.mean(logarithm)),
        coverage_90=float(np.mean(inside)) if np.isfinite(std).all() else None,
    )
