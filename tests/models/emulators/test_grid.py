"""What a grid accepts, and what it says of what it does not."""

from __future__ import annotations

import pytest

from models.emulators.grid import Grid
from models.errors import ConfigError


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((3, 4, 4), "grid.local_time: expected 4 or more hours.* got \\(0.0, 8.0, 16.0\\)"),
        ((4, 3, 4), "grid.latitude: expected 4 or more degrees.* got \\(-87.5, 0.0, 87.5\\)"),
        ((4, 4, 1), "grid.height: expected 2 or more rising heights.* got \\(100.0,\\)"),
    ],
)
def test_a_grid_that_is_too_small_is_refused_in_plain_numbers(
    sizes: tuple[int, int, int], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        Grid.regular(*sizes)
