"""The distance of the sun, by which F10.7 is adjusted."""

from __future__ import annotations

import numpy as np

from models.emulators.driver_sun import sun_distance


def test_the_sun_is_nearest_in_january_and_farthest_in_july() -> None:
    # Perihelion of 3 January and aphelion of 4 July 2000, in astronomical units.
    distance = sun_distance(np.array(["2000-01-03", "2000-07-04"], dtype="datetime64[D]"))
    np.testing.assert_allclose(distance, [0.98332, 1.01674], atol=1e-4)
