"""Tell jumps that are no returns: face-value changes, bad prints, broken levels.

A fund that changes its face value from 10 to 1,000 shows a return of +9,900 %.
The gross return (1 + r) is then a power of ten times an ordinary gross return.
What is ordinary is read off the series itself: its median absolute return.
A fall near -90 % may be real (volatility funds in February 2018, leveraged
energy funds in March 2020), so a tenfold *fall* counts as a face-value change
only where the series is otherwise calm.
"""

from __future__ import annotations

import polars as pl

#: Gross returns beyond these cannot be a month of any fund, leveraged or not.
IMPOSSIBLE_ABOVE, IMPOSSIBLE_BELOW = 5.0, 0.02
#: Gross returns beyond these deserve a look, but happen.
EXTREME_ABOVE, EXTREME_BELOW = 3.0, 0.2
#: What remains after rescaling must lie within this band ...
_SMALLEST_REST, _LARGEST_REST = 0.03, 0.15
#: ... which is this many times the series' usual return.
_REST_IN_MEDIANS = 4.0
#: A fall this many times the usual return is no market move.
_CALM = 15.0


def with_jumps(returns: pl.DataFrame) -> pl.DataFrame:
    """Add `jump` (face_value, bad_print, level_break, extreme or null) and `rescaled`.

    `returns` is sorted by series and period. `rescaled` is the return with the
    power of ten taken out, for face-value changes only.
    """
    gross = 1.0 + pl.col("value")
    usual = pl.col("value").abs().median().over("series")
    power = pl.when(gross > 0).then(gross.log10().round()).otherwise(0.0)
    frame = returns.with_columns(
        gross.alias("gross"), usual.alias("usual"), power.alias("power")
    ).with_columns((pl.col("gross") / 10.0 ** pl.col("power") - 1.0).alias("rescaled"))
    face_value, bad_print = _is_face_value(), _is_bad_print()
    jump = (
        pl.when(face_value)
        .then(pl.lit("face_value"))
        .when(_outside(IMPOSSIBLE_BELOW, IMPOSSIBLE_ABOVE) & bad_print)
        .then(pl.lit("bad_print"))
        .when(_outside(IMPOSSIBLE_BELOW, IMPOSSIBLE_ABOVE))
        .then(pl.lit("level_break"))
        .when(_outside(EXTREME_BELOW, EXTREME_ABOVE))
        .then(pl.lit("extreme"))
    )
    return frame.with_columns(jump.alias("jump")).drop("gross", "usual", "power")


def _outside(low: float, high: float) -> pl.Expr:
    return (pl.col("gross") > high) | (pl.col("gross") < low)


def _is_face_value() -> pl.Expr:
    band = (_REST_IN_MEDIANS * pl.col("usual")).clip(_SMALLEST_REST, _LARGEST_REST)
    near_power = (pl.col("power") != 0) & (pl.col("rescaled").abs() <= band)
    up_or_hundredfold = (pl.col("power") >= 1) | (pl.col("power") <= -2)
    calm = pl.col("value").abs() > _CALM * pl.col("usual")
    return near_power & (up_or_hundredfold | calm)


def _is_bad_print() -> pl.Expr:
    """A wrong level that is taken back in the next period, or takes the last one back."""
    after = pl.col("gross") * pl.col("gross").shift(-1).over("series")
    before = pl.col("gross") * pl.col("gross").shift(1).over("series")
    return after.is_between(0.5, 2.0).fill_null(False) | before.is_between(0.5, 2.0).fill_null(
        False
    )
