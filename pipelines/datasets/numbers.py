"""Numbers as people write them: 1,234.5 and 1.234,5, 1.2 %, (0.01) and € 10.

A plain number is read as it stands. Only where a column holds texts that are none
are the habits of spreadsheets tried, and only where they can be read in one way.
"""

from __future__ import annotations

import polars as pl

_COMMA_THEN_DOT = r",\d{3}\."
_DOT_THEN_COMMA = r"\.\d{3},"
_COMMA_NOT_BEFORE_THREE = r",(?:\d{1,2}|\d{4,})(?:\D|$)"
_ZERO_COMMA = r"^\D*0,\d"
#: Thousands in groups of three; a leading zero cannot start one, so 0.012 stays a decimal.
_GROUPED = r"^[-+]?[1-9]\d{0,2}(?:@\d{3})+(?:\.\d*)?$"
_SPACES = "[ '\u00a0\u2009\u202f]"


def to_numbers(texts: pl.Series, separator: str = "") -> pl.Series:
    """Read texts (null = missing) as floats; null where a text is no number.

    separator   of the CSV that holds them: semicolons go with decimal commas
    """
    plain = texts.cast(pl.Float64, strict=False).fill_nan(None)
    odd = texts.filter(texts.is_not_null() & plain.is_null())
    if odd.is_empty():
        return plain
    frame = pl.DataFrame({"plain": plain, "odd": _read(texts, decimal_comma=False)})
    point = frame.select(pl.coalesce("plain", "odd")).to_series()
    if not uses_decimal_comma(odd, separator):
        return point
    # "1.234" is then one thousand and something, so the plain reading does not count; but one
    # odd cell among plain numbers is a slip to be told, not the habit of the file.
    comma = _read(texts, decimal_comma=True)
    return comma if comma.null_count() <= point.null_count() else point


def uses_decimal_comma(texts: pl.Series, separator: str) -> bool:
    """Tell 0,0123 from 1,234.5 by the texts themselves, or else by the separator."""

    def some(pattern: str) -> bool:
        return bool(texts.str.contains(pattern).any())

    if not some(",") or some(_COMMA_THEN_DOT):
        return False
    telling = (_DOT_THEN_COMMA, _COMMA_NOT_BEFORE_THREE, _ZERO_COMMA)
    return any(some(pattern) for pattern in telling) or separator == ";"


def _read(texts: pl.Series, *, decimal_comma: bool) -> pl.Series:
    bare = pl.col("text").str.replace_all("\u2212", "-", literal=True)
    percent = bare.str.contains(r"%\)?$")
    negative = bare.str.contains(r"^\(.*\)%?$")
    digits = bare.str.replace_all(r"[()%$€£¥]", "").str.replace_all(_SPACES, "")
    if decimal_comma:
        for old, new in ((".", ";"), (",", "."), (";", ",")):
            digits = digits.str.replace_all(old, new, literal=True)
    grouped = digits.str.contains(_GROUPED.replace("@", ","))
    digits = pl.when(grouped).then(digits.str.replace_all(",", "", literal=True)).otherwise(digits)
    number = digits.cast(pl.Float64, strict=False).fill_nan(None)
    sign = pl.when(negative).then(-1.0).otherwise(1.0)
    scale = pl.when(percent).then(0.01).otherwise(1.0)
    return pl.DataFrame({"text": texts}).select((number * sign * scale).alias("n")).to_series()
