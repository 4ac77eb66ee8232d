"""What became of forecasts of density: joined with what satellites measured at the points.

A measurement belongs to a point when both are of the same second and place: half a degree and
two kilometres apart at most. Errors are per cent of what was measured.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from models.errors import DataError
from pipelines.datasets.density.satellite_densities import SatelliteDensities
from pipelines.monitoring.known_versions import DensityVersion
from pipelines.registry import THERMOSPHERE_DENSITY

NEEDED = ("epoch", "latitude", "longitude", "height", "mean", "origin", "version")
LOWER, UPPER, MEDIAN = "q_0.05", "q_0.95", "q_0.5"
#: How far apart a point and a measurement of the same second may be: degrees, km.
DEGREES, KILOMETRES = 0.5, 2.0
#: version -> what is known of it.
Known = Callable[[str], DensityVersion]


def density_outcomes(
    forecasts: pl.DataFrame, measured: SatelliteDensities, known: Known
) -> pl.DataFrame:
    """Outcomes of the points that were measured (columns of `outcome_store.COLUMNS`).

    forecasts  as `halyard forecast thermosphere-density` writes them
    known      what is known of a version

    Raises DataError when a column is missing.
    """
    missing = [name for name in NEEDED if name not in forecasts.columns]
    if missing:
        raise DataError(
            f"--forecasts: expected the columns that `halyard forecast` writes, there is no "
            f"{missing[0]!r} among {', '.join(forecasts.columns[:20])}"
        )
    second = pl.col("epoch").dt.replace_time_zone(None).dt.round("1s").alias("second")
    pairs = forecasts.with_columns(second).join(_measured(measured), on="second", how="inner")
    return _table(pairs.filter(_near()), forecasts.columns, known)


def _measured(measured: SatelliteDensities) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "second": measured.time.astype("datetime64[us]"),
            "satellite": measured.satellite.tolist(),
            "latitude_measured": measured.latitude,
            "longitude_measured": measured.longitude,
            "height_measured": measured.height,
            "outcome": measured.density,
        }
    )


def _near() -> pl.Expr:
    turn = (pl.col("longitude") - pl.col("longitude_measured")) % 360.0
    apart = pl.min_horizontal(turn, 360.0 - turn)
    return (
        ((pl.col("latitude") - pl.col("latitude_measured")).abs() <= DEGREES)
        & (apart <= DEGREES)
        & ((pl.col("height") - pl.col("height_measured")).abs() <= KILOMETRES)
    )


def _table(pairs: pl.DataFrame, columns: list[str], known: Known) -> pl.DataFrame:
    point = MEDIAN if MEDIAN in columns else "mean"
    ends = {"lower_90": LOWER, "upper_90": UPPER}
    bounds = [
        (pl.col(end).cast(pl.Float64) if end in columns else pl.lit(None, pl.Float64)).alias(name)
        for name, end in ends.items()
    ]
    said = pl.col(point).cast(pl.Float64)
    ahead = (pl.col("epoch") - pl.col("origin")).dt.total_hours()
    return (
        pairs.with_columns(*bounds, said.alias("point"))
        .select(
            pl.lit(THERMOSPHERE_DENSITY).alias("predictor"),
            pl.col("version").cast(pl.String),
            pl.col("satellite").alias("series"),
            pl.col("origin").dt.strftime("%Y-%m-%dT%H:%M:%S"),
            _target(columns).alias("target"),
            pl.max_horizontal(ahead, 0).cast(pl.Int64).alias("horizon"),
            pl.col("epoch").dt.strftime("%Y-%m-%dT%H:%M:%S").alias("period"),
            "point",
            "lower_90",
            "upper_90",
            "outcome",
            (100.0 * (pl.col("point") / pl.col("outcome") - 1.0)).alias("error"),
            pl.col("outcome").is_between(pl.col("lower_90"), pl.col("upper_90")).alias("inside"),
            _seen(pairs, columns, known).alias("in_sample"),
        )
        .unique(["version", "series", "origin", "target", "horizon", "period"], keep="first")
        .sort("series", "period", "version")
    )


def _seen(pairs: pl.DataFrame, columns: list[str], known: Known) -> pl.Expr:
    """Whether the model was fitted on the outcome; null where that is not known.

    Emulators are fitted on a model's fields, never on what satellites measured; corrections are,
    and which of several made a forecast is not told.
    """
    versions = {name: known(name) for name in pairs["version"].cast(pl.String).unique()}
    stored = [name for name, about in versions.items() if about.stored]
    version = pl.col("version").cast(pl.String)
    unseen = version.is_in(stored)
    if "correction" in columns:
        until = {n: about.corrected_until for n, about in versions.items() if about.corrected_until}
        day = pl.col("epoch").dt.strftime("%Y-%m-%d")
        later = day > version.replace_strict(until, default=None, return_dtype=pl.String)
        plain = pl.col("correction").cast(pl.String) == "none"
        unseen &= plain | later.fill_null(False)
    return pl.when(unseen).then(pl.lit(False)).otherwise(pl.lit(None, pl.Boolean))


def _target(columns: list[str]) -> pl.Expr:
    """A correction is another forecast: its errors are kept apart."""
    if "correction" not in columns:
        return pl.lit("density")
    word = pl.col("correction").cast(pl.String)
    return pl.when(word == "none").then(pl.lit("density")).otherwise("density, " + word)
