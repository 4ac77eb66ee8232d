"""What does not fit into the time that is left is not begun."""

from __future__ import annotations

import pytest

from pipelines.retraining.deadline import Deadline, OutOfTimeError


def test_without_a_limit_there_is_always_time() -> None:
    deadline = Deadline()
    deadline.check("train")
    assert deadline.seconds_left is None


def test_a_piece_as_long_as_the_longest_must_fit() -> None:
    now = [0.0]
    deadline = Deadline(1.0, lambda: now[0])
    deadline.check("fit")
    now[0] = 25.0
    deadline.done()
    assert deadline.seconds_left == 35.0
    deadline.check("fit again")
    now[0] = 36.0
    deadline.done()
    with pytest.raises(OutOfTimeError, match="no time left to fit once more"):
        deadline.check("fit once more")


def test_no_minutes_are_no_time() -> None:
    now = [5.0]
    deadline = Deadline(0.0, lambda: now[0])
    now[0] = 5.1
    with pytest.raises(OutOfTimeError):
        deadline.check("begin")
