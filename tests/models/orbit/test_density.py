"""Density models side by side in one batch, and what they refuse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from models.errors import ModelError
from models.orbit.density import DensityModel, Exponential, Scaled, Together
from models.orbit.propagation import propagate
from tests.models.orbit.cases import BALLISTIC, FloatArray, low_orbit, schedule


@dataclass(frozen=True)
class ByIndex:
    """Density is its sample's number, in 1e-12 kg/m3; `wrong` replaces the second one."""

    samples: int = 3
    wrong: float | None = None
    name: str = "by-index"
    label: str = "by index"
    heights: tuple[float, float] = (100.0, 450.0)

    def density(
        self,
        seconds: float,  # noqa: ARG002
        latitude: FloatArray,  # noqa: ARG002
        longitude: FloatArray,  # noqa: ARG002
        height: FloatArray,  # noqa: ARG002
        sample: FloatArray,
    ) -> FloatArray:
        found = 1e-12 * sample
        if self.wrong is not None:
            found[1] = self.wrong
        return np.asarray(found)


def places(*heights: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    height = np.array(heights)
    return np.zeros_like(height), np.zeros_like(height), height


def test_each_model_is_asked_for_its_own_samples() -> None:
    together = Together([Exponential(), ByIndex(), Scaled(Exponential(), 2.0)])
    assert len(together) == 5
    assert together.parts == (slice(0, 1), slice(1, 4), slice(4, 5))
    found = together(0.0, *places(400, 400, 400, 400, 400))
    np.testing.assert_allclose(found, [4e-12, 0.0, 1e-12, 2e-12, 8e-12])


def test_a_scaled_model_says_so_and_keeps_the_rest() -> None:
    scaled = Scaled(ByIndex(), 1.05)
    assert isinstance(scaled, DensityModel)
    assert (scaled.name, scaled.label) == ("by-index*1.05", "by index × 1.05")
    assert (scaled.samples, scaled.heights) == (3, (100.0, 450.0))
    with pytest.raises(ModelError, match="factor of by-index: expected above 0, got -1"):
        Scaled(ByIndex(), -1.0)


@pytest.mark.parametrize(
    ("heights", "said"),
    [
        ((99.5, 200.0, 300.0), r"\(sample 0\) came down to 99.5 km, 2.00 h .*; it re-enters; "),
        ((200.0, 200.0, 460.0), r"\(sample 2\) is at 460.0 km, 2.00 h .* expected 100 to 450 km"),
        ((200.0, np.nan, 200.0), r"\(sample 1\) is at nan km"),
    ],
)
def test_a_satellite_outside_the_heights_is_told_with_time_and_range(
    heights: tuple[float, ...], said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        Together([ByIndex()])(7200.0, *places(*heights))


@pytest.mark.parametrize("wrong", [np.nan, -1e-12, np.inf])
def test_what_is_no_density_is_refused(wrong: float) -> None:
    with pytest.raises(ModelError, match="by-index: density of sample 1 is"):
        Together([Exponential(), ByIndex(wrong=wrong)])(0.0, *places(300, 300, 300, 300))


def test_a_falling_satellite_is_told_when_it_re_enters() -> None:
    state = low_orbit(semi_major=6520.0)
    air = Together([Exponential(base=4e-9, scale=30.0, heights=(100.0, 500.0))])
    with pytest.raises(ModelError, match=r"came down to 9\d\.\d km, \d\.\d\d h after the start"):
        propagate(state[None], BALLISTIC, schedule(48.0), air)
