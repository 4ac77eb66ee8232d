"""Reading the files of CelesTrak and GFZ."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import DataError
from pipelines.datasets.space_weather.merge import merge
from pipelines.datasets.space_weather.readers import read_text
from tests.pipelines.datasets.space_weather import texts


def error(text: str) -> str:
    with pytest.raises(DataError) as raised:
        read_text(text, "sw")
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("text", [texts.celestrak(3), texts.gfz(3)], ids=["celestrak", "gfz"])
def test_both_publishers_say_the_same(text: str) -> None:
    reading = read_text(text, "sw")
    assert texts.same(reading.observed, texts.expected(3))
    assert reading.predicted is None
    assert reading.observed.source == "sw"


def test_two_halves_make_a_whole() -> None:
    halves = [texts.daily_csv(3), texts.three_hourly_csv(24)]
    daily, hourly = (read_text(text, "half").observed for text in halves)
    assert daily.last_kp_end is None
    assert hourly.last_f107 is None
    assert texts.same(merge(daily, hourly), texts.expected(3))


def test_a_day_that_is_not_over_is_known_so_far() -> None:
    observed = read_text(texts.gfz(3, unknown_from=5), "sw").observed
    assert observed.last_kp_end == np.datetime64("2025-07-03T15")
    short = read_text(texts.three_hourly_csv(21), "sw").observed
    assert short.last_kp_end == np.datetime64("2025-07-03T15")


def test_a_real_storm_reads_as_it_was() -> None:
    weather = read_text(f"{texts.CELESTRAK_HEADER}\n{texts.STORM}\n", "sw").observed
    # Kp 9-, 9-, 7o, 8-, 5+, 4+, 6-, 4o.
    assert (3 * weather.kp[0]).round().tolist() == [26, 26, 21, 23, 16, 13, 17, 12]
    assert weather.ap[0].tolist() == [300, 300, 132, 179, 56, 32, 67, 27]
    assert weather.ap_daily[0] == 137
    assert weather.f107_adjusted[0] == 160.0


def test_predicted_days_are_kept_apart_and_months_left_out() -> None:
    lines = [texts.CELESTRAK_HEADER, texts.STORM, *texts.PREDICTED]
    reading = read_text("\n".join(lines), "sw")
    assert reading.observed.last == np.datetime64("2025-11-12")
    assert reading.predicted is not None
    assert reading.predicted.days.astype(str).tolist() == ["2025-11-13", "2025-11-14"]
    # ap 10 is no step of the table; the Kp of 2.4 beside it is rounded from it.
    assert reading.predicted.ap[1].tolist() == pytest.approx([10.0] * 8)


def test_a_file_of_nothing_but_predictions_is_refused() -> None:
    text = "\n".join([texts.CELESTRAK_HEADER, *texts.PREDICTED])
    assert "no observed days, only predicted ones" in error(text)


@pytest.mark.parametrize("mark", ["-1.0", "0.0"])
def test_missing_flux_of_gfz_is_unknown(mark: str) -> None:
    text = texts.gfz(2).replace("   150.0    152.0", f"   {mark}    {mark}")
    assert np.isnan(read_text(text, "sw").observed.f107).tolist() == [True, False]


def test_a_missing_day_is_named() -> None:
    lines = texts.celestrak(4).splitlines()
    message = error("\n".join(lines[:3] + lines[4:]))
    assert "sw, line 4: day 2025-07-03 is missing, 2025-07-04 follows 2025-07-02" in message


def test_a_missing_interval_is_named() -> None:
    lines = texts.three_hourly_csv(16).splitlines()
    message = error("\n".join(lines[:5] + lines[6:]))
    assert "sw, line 6: interval 2025-07-01T12:00 is missing" in message


def test_a_repeated_and_a_disordered_day_are_named() -> None:
    lines = texts.celestrak(3).splitlines()
    assert "line 4: day 2025-07-02 stands twice" in error("\n".join(lines[:3] + lines[2:]))
    swapped = [lines[0], lines[2], lines[1]]
    assert "line 3: day 2025-07-01 comes after a later one" in error("\n".join(swapped))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("150.0,152.0,OBS", "n/k,152.0,OBS", "line 2, column 'F10.7_OBS': expected a number, got"),
        ("150.0,152.0,OBS", "inf,152.0,OBS", "column 'F10.7_OBS': expected a finite number, got"),
        ("150.0,152.0,OBS", "15.0,15.2,OBS", "line 2, 2025-07-01: expected F10.7 from 40 to 1500"),
        ("150.0,152.0,OBS", "150.0,252.0,OBS", "observed F10.7 150 and adjusted 252 differ"),
        (
            ",1,0,3,7,10,",
            ",1,0,3,7,99,",
            "2025-07-01 from 09 UTC: expected Kp from 0 to 9, got 9.9",
        ),
        (",1,0,3,7,10,", ",1,0,3,7,15,", "from 09 UTC: Kp 1.5 is no third"),
        (",1,0,3,7,10,", ",1,0,3,7,50,", "from 09 UTC: Kp 5 goes with ap 48, got ap 4; correct"),
        ("2025-07-01", "01.07.2025", "line 2, column 'DATE': expected a date such as 2003-11-20"),
        ("2025-07-01", "", "line 2, column 'DATE': expected a date such as 2003-11-20, got ''"),
        ("F10.7_DATA_TYPE", "TYPE", "column 'F10.7_DATA_TYPE' is missing; there are: DATE, BSRN"),
    ],
)
def test_a_bad_cell_is_named_with_line_and_column(old: str, new: str, message: str) -> None:
    text = texts.celestrak(2)
    assert old in text
    assert message in error(text.replace(old, new, 1))


def test_one_step_between_kp_and_ap_is_lived_with() -> None:
    # A quick look that is corrected in Kp before ap: 1+ for 1o, whose ap is 4.
    text = texts.celestrak(1).replace(",1,0,3,7,10,", ",1,0,3,7,13,")
    assert read_text(text, "sw").observed.kp[0, 3] == pytest.approx(4 / 3)


def test_a_file_cut_within_a_row_is_called_damaged() -> None:
    message = error(texts.celestrak(3)[:-40])
    assert "line 4: expected 31 columns, got" in message
    assert "cut off" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html><body>404</body></html>", "not a file of space weather that is known"),
        ("", "it begins ''"),
        (texts.CELESTRAK_HEADER, "no rows of data"),
        (",Ap,Kp\n2025-07-01 02:00:00,4,1.0\n", "expected the middle of 3 hours such as 01:30"),
    ],
)
def test_what_is_no_space_weather_is_refused(text: str, message: str) -> None:
    assert message in error(text)
