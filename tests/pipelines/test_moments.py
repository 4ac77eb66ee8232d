"""A moment is read as it is typed, or refused with its option."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import ConfigError
from pipelines.moments import read_moment


def test_moments_are_cut_to_their_unit() -> None:
    assert read_moment("2003-10-29T07:30", "--start", "h") == np.datetime64("2003-10-29T07", "h")
    assert read_moment("2003-11-18", "--start", "s") == np.datetime64("2003-11-18T00:00:00", "s")


@pytest.mark.parametrize("text", ["", "NaT", "yesterday", "2003-13-01"])
def test_what_is_no_moment_is_one_line(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--from: expected an hour in UTC like .*, got "):
        read_moment(text, "--from", "h")
