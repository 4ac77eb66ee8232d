"""What errors of the emulator can look like at points of satellites, as linear designs.

log10 density is linear in the reduced state, so an error of the state shows at a point as
the basis there times the error. An operator exact and linear like this one makes an
unscented or ensemble filter the plain Kalman filter.
"""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray
from models.emulators.satellite_samples import WEATHER, SatelliteSamples

#: Components that the bias of a correction may move.
BIAS_COMPONENTS = 3
#: Functions of the flux that each of them is multiplied with.
BIAS_FUNCTIONS = 3
#: Power of the inverse flux.
INVERSE_POWER = 4.0
#: Names of the columns of `mode_design`; the first is the reduced state's leading component.
MODES = ("leading", "day", "dawn", "north", "poles", "height")
#: Names of the columns of `noise_design`.
NOISE = ("constant", "flux", "height", "night", "dawn", "high_latitude", "activity")
#: Flux (1e-22 W m-2 Hz-1) and height (km) where the columns are zero.
REFERENCE_FLUX, REFERENCE_HEIGHT = 100.0, 450.0
_HIGH_LATITUDE = 60.0


def bias_design(samples: SatelliteSamples) -> FloatArray:
    """Columns whose weighted sum is the bias of log10 density, row × column.

    The leading components times functions of the flux: a constant, the inverse level to the
    power of INVERSE_POWER, and the last day over the level. The inverse grows towards solar
    minimum, where models are far off, and fades towards the maximum: a polynomial fitted to
    quiet years runs away there.
    """
    level, short = _flux(samples)
    inverse = np.exp(-INVERSE_POWER * level)
    functions = np.stack([np.ones(len(samples)), inverse, short], axis=1)
    components = samples.basis[:, :BIAS_COMPONENTS]
    products = components[:, :, None] * functions[:, None, :]
    return np.asarray(products.reshape(len(samples), -1))


def mode_design(samples: SatelliteSamples) -> FloatArray:
    """The leading component, alone and modulated over the globe, row × MODES.

    Errors differ between day and night and between the hemispheres. Further components of
    a field up to 1,000 km describe mostly heights above 500 km; low harmonics of the leading
    one describe what satellites see. The last mode is an error of the vertical profile, which
    satellites at one height do not see and one at another does. A cold thermosphere has small
    scale heights, so that the same relative error of temperature shows more in density.
    """
    turn = 2.0 * np.pi * samples.local_time / 24.0
    latitude = np.radians(samples.latitude)
    sine, cosine = np.sin(latitude), np.cos(latitude)
    flux = samples.weather[:, WEATHER.index("f107_trailing")]
    warmth = _minimum_temperature(flux) / _minimum_temperature(np.array([REFERENCE_FLUX]))
    shapes = [
        np.ones(len(samples)),
        -cosine * np.cos(turn),
        cosine * np.sin(turn),
        sine,
        (3.0 * sine**2 - 1.0) / 2.0,
        (samples.height - REFERENCE_HEIGHT) / 100.0,
    ]
    return np.asarray(samples.basis[:, :1] * np.stack(shapes, axis=1) / warmth[:, None])


def noise_design(samples: SatelliteSamples) -> FloatArray:
    """Columns whose weighted sum is the logarithm of the noise variance, row × NOISE."""
    level, _ = _flux(samples)
    turn = 2.0 * np.pi * samples.local_time / 24.0
    columns = [
        np.ones(len(samples)),
        level,
        (samples.height - REFERENCE_HEIGHT) / 100.0,
        np.cos(turn),
        np.sin(turn),
        (np.abs(samples.latitude) > _HIGH_LATITUDE).astype(np.float64),
        np.log1p(samples.weather[:, WEATHER.index("ap_3")]) - 2.0,
    ]
    return np.stack(columns, axis=1)


def _minimum_temperature(flux: FloatArray) -> FloatArray:
    """Night-time minimum of the exospheric temperature, K (Jacchia 1971, equation 14)."""
    return np.asarray(379.0 + 3.24 * flux)


def _flux(samples: SatelliteSamples) -> tuple[FloatArray, FloatArray]:
    """Logarithms of the 81-day level over the reference and of the last day over the level."""
    day, level = (
        np.log(samples.weather[:, WEATHER.index(n)]) for n in ("f107_previous", "f107_trailing")
    )
    return level - np.log(REFERENCE_FLUX), day - level
