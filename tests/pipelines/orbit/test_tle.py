"""Two-line elements."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.errors import DataError
from pipelines.orbit.tle import parse_tle, read_tle

#: Of the verification set of Vallado et al. (2006), "Revisiting Spacetrack Report #3".
FIRST = "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753"
SECOND = "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667"
TLE = f"{FIRST}\n{SECOND}\n"
EPOCH = np.datetime64("2000-06-27T18:50:19.733568")


def changed(line: str, column: int, text: str) -> str:
    """A line with other characters from a column on, and a checksum that fits."""
    line = line[: column - 1] + text + line[column - 1 + len(text) :]
    body = line[:68]
    return body + str((sum(int(c) for c in body if c.isdigit()) + body.count("-")) % 10)


def test_a_published_tle_gives_the_published_states() -> None:
    lines = parse_tle(TLE)
    assert abs(lines.epoch - EPOCH) < np.timedelta64(10, "us")
    at_epoch = [7022.46529266, -1400.08296755, 0.03995155, 1.893841015, 6.405893759, 4.534807250]
    np.testing.assert_allclose(lines.state(), at_epoch, atol=2e-8)
    later = [-7154.03120202, -3783.17682504, -3536.19412294, 4.741887409, -4.151817765]
    found = lines.state(lines.epoch + np.timedelta64(360, "m"))
    np.testing.assert_allclose(found[:5], later, atol=2e-8)


def test_the_ballistic_coefficient_follows_from_bstar() -> None:
    lines = parse_tle(TLE)
    assert lines.bstar == pytest.approx(0.28098e-4)
    assert lines.ballistic() == pytest.approx(3.5801e-4, rel=1e-4)
    negative = parse_tle(f"{changed(FIRST, 54, '-28098-4')}\n{SECOND}")
    with pytest.raises(DataError, match=r"columns 54-61: B\* is -2.8098e-05, from which no"):
        negative.ballistic()


def test_a_file_may_have_a_line_of_the_name(tmp_path: Path) -> None:
    file = tmp_path / "sat.tle"
    file.write_text(f"0 VANGUARD 1\r\n{FIRST}\r\n{SECOND}\r\n")
    lines = read_tle(file)
    assert (lines.name, lines.where) == ("VANGUARD 1", str(file))
    assert parse_tle(TLE).name == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "TLE: expected a line that begins with 1 and one that begins with 2, got 1"),
        (FIRST, "expected a line that begins with 1 and one that begins with 2"),
        (f"{FIRST}\n{FIRST}", "line 2, column 1: expected 2, got '1'"),
        (f"{FIRST[:-6]}\n{SECOND}", "line 1: expected 69 characters, got 63"),
        (f"{FIRST[:-1]}4\n{SECOND}", "line 1, column 69: the checksum is '4', expected 3"),
        (
            f"{FIRST}\n{changed(SECOND, 9, ' 3x.2682')}",
            r"line 2, columns 9-16 \(inclination\): expected a number, got ' 3x.2682'",
        ),
        (f"{changed(FIRST, 21, '       .    ')}\n{SECOND}", r"columns 21-32 \(day of the epoch\)"),
        (f"{changed(FIRST, 54, ' 2.098-4')}\n{SECOND}", r"columns 54-61 \(B\*\): expected digits"),
        (
            f"{FIRST}\n{changed(SECOND, 3, '00006')}",
            "columns 3-7: line 1 is of satellite 00005, line 2 of 00006",
        ),
    ],
)
def test_a_broken_tle_is_refused_with_line_and_columns(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        parse_tle(text)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none.tle: cannot be read \(No such file"):
        read_tle(tmp_path / "none.tle")
    (tmp_path / "bad.tle").write_bytes(b"1 \xff")
    with pytest.raises(DataError, match="not plain text at byte 2"):
        read_tle(tmp_path / "bad.tle")


def test_a_tle_far_from_the_start_is_refused() -> None:
    with pytest.raises(DataError, match=r"1238\.2 days from 2003-11-18T00:00; expected at most 30"):
        parse_tle(TLE).state(np.datetime64("2003-11-18"))


def test_a_satellite_that_has_decayed_is_told() -> None:
    # A mean motion of 17.9 revolutions a day lies below the surface.
    fallen = changed(changed(SECOND, 27, "0000667"), 53, "17.90000000")
    with pytest.raises(DataError, match=r"SGP4 cannot propagate .* decayed"):
        parse_tle(f"{FIRST}\n{fallen}").state()
