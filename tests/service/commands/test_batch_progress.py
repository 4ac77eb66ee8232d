"""Progress is a bar on a terminal and lines elsewhere, with rate and time left."""

from __future__ import annotations

import pytest

from service.commands import batch_progress
from service.commands.batch_progress import Lines, Pace, row_progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that shows the last number of a list."""
    shown = [0.0]
    monkeypatch.setattr(batch_progress, "monotonic", lambda: shown[-1])
    return shown


def test_what_an_earlier_run_did_does_not_count_as_speed(clock: list[float]) -> None:
    pace = Pace()
    assert pace(1000) == 0
    clock.append(10.0)
    assert pace(1500) == 50


def test_a_log_gets_a_line_now_and_then_and_at_the_end(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    tell = Lines("forecasting", every=10.0)
    for moment, done in ((0.0, 0), (4.0, 40), (10.0, 100), (12.0, 120), (20.0, 200)):
        clock.append(moment)
        tell(done, 200)
    assert capsys.readouterr().err.splitlines() == [
        "forecasting: 100 of 200 rows (50 %), 10 rows/s, 10 s left",
        "forecasting: 200 of 200 rows (100 %), 10 rows/s, 0 s left",
    ]


def test_without_a_terminal_progress_is_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with row_progress("forecasting") as tell:
        tell(0, 10)
        tell(10, 10)
    assert "forecasting: 10 of 10 rows (100 %)" in capsys.readouterr().err


def test_on_a_terminal_it_is_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    with row_progress("forecasting") as tell:
        tell(0, 10)
        tell(10, 10)
    shown = capsys.readouterr().err
    assert "100%" in shown
    assert "rows/s" in shown
