"""Two-line elements: checked column by column, then a state by SGP4 in the TEME frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.contract import FloatArray
from models.errors import DataError
from models.orbit.states import BALLISTIC_PER_BSTAR, check_state

#: Characters of a line; the last is the checksum.
_LENGTH = 69
#: Days from its epoch after which a TLE tells a low orbit by tens of kilometres at best.
MOST_DAYS = 30.0
#: (first column, last column, what it is), both counted from 1.
_NUMBERS: tuple[tuple[tuple[int, int, str], ...], ...] = (
    ((19, 20, "year of the epoch"), (21, 32, "day of the epoch"), (34, 43, "first derivative")),
    (
        (9, 16, "inclination"),
        (18, 25, "right ascension of the node"),
        (27, 33, "eccentricity"),
        (35, 42, "argument of perigee"),
        (44, 51, "mean anomaly"),
        (53, 63, "mean motion"),
    ),
)
#: Decimal point and exponent are implied: " 28098-4" is 0.28098e-4.
_BSTAR = (54, 61, "B*")


@dataclass(frozen=True)
class TwoLines:
    """A TLE that passed its checks.

    name   of the satellite, "" where the file has none
    where  file, for messages
    """

    name: str
    first: str
    second: str
    where: str

    @property
    def epoch(self) -> np.datetime64:
        """UTC, datetime64[us]."""
        year = int(self.first[18:20])
        year += 1900 if year >= 57 else 2000
        day = float(self.first[20:32])
        whole = np.datetime64(f"{year:04d}-01-01", "us")
        return np.datetime64(whole + np.timedelta64(round((day - 1) * 86400e6), "us"))

    @property
    def bstar(self) -> float:
        """Drag term of SGP4, per Earth radius."""
        return _implied(self.first[53:61])

    def ballistic(self) -> float:
        """Cd A / m in m2/kg that B* stands for. A fitted number: it holds density errors too.

        Raises DataError when B* is not positive.
        """
        if self.bstar <= 0:
            raise DataError(
                f"{self.where}: line 1, columns 54-61: B* is {self.bstar:g}, from which no "
                "ballistic coefficient follows; give one with --ballistic"
            )
        return BALLISTIC_PER_BSTAR * self.bstar

    def state(self, time: np.datetime64 | None = None) -> FloatArray:
        """Position and velocity at a time (UTC, the epoch without one), 6: km, km/s, TEME.

        Raises DataError more than MOST_DAYS from the epoch and where SGP4 fails.
        """
        from sgp4.api import SGP4_ERRORS, WGS72, Satrec

        moment = self.epoch if time is None else time.astype("datetime64[us]")
        days = float((moment - self.epoch) / np.timedelta64(1, "D"))
        if abs(days) > MOST_DAYS:
            raise DataError(
                f"{self.where}: the TLE is of {_minute(self.epoch)}, {abs(days):.1f} days from "
                f"{_minute(moment)}; expected at most {MOST_DAYS:g}: take a TLE near the start"
            )
        record = Satrec.twoline2rv(self.first, self.second, WGS72)
        code, position, velocity = record.sgp4_tsince(1440.0 * days)
        if code:
            raise DataError(
                f"{self.where}: SGP4 cannot propagate this TLE to {_minute(moment)}: "
                f"{SGP4_ERRORS.get(code, code)}"
            )
        return check_state([*position, *velocity], self.where)


def read_tle(path: Path) -> TwoLines:
    """The first TLE of a file, with or without a line of the name. Raises DataError."""
    try:
        text = path.read_text("ascii")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); expected a TLE") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not plain text at byte {error.start}; expected a TLE") from error
    return parse_tle(text, str(path))


def parse_tle(text: str, where: str = "TLE") -> TwoLines:
    """The first TLE of a text. Raises DataError with the line and the columns that are wrong."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    begin = next((i for i, line in enumerate(lines) if line.startswith("1 ")), None)
    if begin is None or begin + 1 >= len(lines):
        raise DataError(
            f"{where}: expected a line that begins with 1 and one that begins with 2, got "
            f"{len(lines)} lines"
        )
    first, second = lines[begin], lines[begin + 1]
    for number, line in ((1, first), (2, second)):
        _check_line(line, number, where)
    if first[2:7] != second[2:7]:
        raise DataError(
            f"{where}: columns 3-7: line 1 is of satellite {first[2:7]}, line 2 of {second[2:7]}"
        )
    return TwoLines(lines[begin - 1].removeprefix("0 ") if begin else "", first, second, where)


def _check_line(line: str, number: int, where: str) -> None:
    if not line.startswith(f"{number} "):
        raise DataError(f"{where}: line {number}, column 1: expected {number}, got {line[:1]!r}")
    if len(line) != _LENGTH:
        raise DataError(
            f"{where}: line {number}: expected {_LENGTH} characters, got {len(line)}; was the "
            "line cut, or were blanks lost?"
        )
    for first, last, what in _NUMBERS[number - 1]:
        _check_number(
            line[first - 1 : last], f"{where}: line {number}, columns {first}-{last}", what
        )
    if number == 1:
        first, last, what = _BSTAR
        if np.isnan(_implied(line[first - 1 : last])):
            raise DataError(
                f"{where}: line 1, columns {first}-{last} ({what}): expected digits with a sign "
                f"and an exponent, got {line[first - 1 : last]!r}"
            )
    expected = _checksum(line)
    if line[-1] != str(expected):
        raise DataError(
            f"{where}: line {number}, column {_LENGTH}: the checksum is {line[-1]!r}, expected "
            f"{expected} from the line; was a digit changed?"
        )


def _check_number(text: str, where: str, what: str) -> None:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise DataError(f"{where} ({what}): expected a number, got {text!r}")


def _checksum(line: str) -> int:
    """Sum of all digits, a minus counting one, modulo 10."""
    body = line[: _LENGTH - 1]
    return (sum(int(c) for c in body if c.isdigit()) + body.count("-")) % 10


def _implied(text: str) -> float:
    """A number like " 28098-4"; NaN for anything else."""
    text = text.strip()
    sign, digits = (-1.0, text[1:]) if text[:1] == "-" else (1.0, text.removeprefix("+"))
    mantissa, exponent = digits[:-2], digits[-2:]
    if not (mantissa.isdigit() and exponent[:1] in ("-", "+", "0", " ") and exponent[1:].isdigit()):
        return float("nan")
    return float(sign * float(f"0.{mantissa}") * 10.0 ** int(exponent.replace(" ", "")))


def _minute(time: np.datetime64) -> str:
    return str(time.astype("datetime64[m]"))
