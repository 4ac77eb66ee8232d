"""Sequential assimilation of satellites' densities in the reduced state.

Choose `DensityAssimilation` where densities were measured up to a forecast's start, by any
satellite: by far the best answer for the days after. Long after the last sample it returns
to the correction's mean, with the spread that errors have in the long run.

On top of a `DensityCorrection`, the error of the reduced state is a sum of processes that
fade (`satellite_processes`), read by a Kalman filter. Because log10 density is linear in
the reduced state, an unscented or an ensemble filter would give the same numbers with more
work. Intervals hold 90 % on one-day-ahead errors of satellites and years that had no part in
the settings (`satellite_calibration`), then follow each satellite's own (`satellite_adaptation`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray, State
from models.emulators.log_density import LogDensity
from models.emulators.satellite_adaptation import Widths, run_widths
from models.emulators.satellite_calibration import unseen_scores
from models.emulators.satellite_correction import DensityCorrection
from models.emulators.satellite_filter import Belief, Pass, advanced, forecast, prior
from models.emulators.satellite_likelihood import (
    day_numbers,
    filtered,
    fit_settings,
    satellite_names,
)
from models.emulators.satellite_processes import ProcessSettings, element_rows, unknown_scale
from models.emulators.satellite_samples import SatelliteSamples
from models.emulators.satellite_spread import interval_factor
from models.errors import ArtefactError, ModelError, NotFittedError

#: Part of a stored assimilation that holds what is known after its newest sample.
ANALYSIS = "analysis"
_ANALYSIS = "density_analysis"


@dataclass(frozen=True)
class Analysis:
    """What is known of the emulator's errors at a forecast's start.

    belief      the state of the filter, one setting
    satellites  whose factors are the last elements of the state
    widths      satellite -> what to multiply its standard deviation with
    """

    belief: Belief
    satellites: tuple[str, ...]
    widths: Mapping[str, float]

    def state(self) -> State:
        """Day since 1970, mean, covariance, names, widths."""
        config = {
            "day": self.belief.day,
            "satellites": list(self.satellites),
            "widths": dict(self.widths),
        }
        arrays = {"mean": self.belief.mean, "covariance": self.belief.covariance}
        return State(_ANALYSIS, config, arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Inverse of `state`. Raises ArtefactError when something is missing."""
        try:
            belief = Belief(
                float(state.config["day"]), state.arrays["mean"], state.arrays["covariance"]
            )
            widths = {str(k): float(v) for k, v in state.config["widths"].items()}
            return cls(belief, tuple(str(n) for n in state.config["satellites"]), widths)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ArtefactError(f"stored density analysis is not complete: {error}") from error


class DensityAssimilation:
    """A correction, and processes for what it leaves."""

    kind = "density_assimilation"

    def __init__(self, correction: DensityCorrection, iterations: int = 30) -> None:
        self.correction = correction
        self.iterations = iterations
        self.factor = 1.0
        self._settings: ProcessSettings | None = None

    def fit(self, samples: SatelliteSamples) -> Self:
        """Fit the settings on measured densities; the correction is fitted already."""
        known = samples.select(np.isfinite(samples.log_density))
        error = known.innovation - self.correction.bias(known)
        noise = self.correction.noise_weights()
        self._settings = fit_settings(known, error, noise, self.iterations)
        self.factor = interval_factor(unseen_scores(known, self._settings))
        return self

    def analyse(self, history: SatelliteSamples, start: np.datetime64) -> Analysis:
        """Read everything that was measured before `start`; later rows are not looked at."""
        past = history.select((history.time < start) & np.isfinite(history.log_density))
        names = satellite_names(past)
        processes = self.settings.processes(len(names))
        day = float(start.astype("datetime64[s]").astype(np.float64)) / 86400.0
        if not len(past):
            return Analysis(prior(processes, day), names, {})
        error = past.innovation - self.correction.bias(past)
        passed = filtered(past, error, self.settings)
        _, widths = self._widths(past, error, passed, np.ones(len(past), dtype=bool))
        return Analysis(advanced(passed.belief, processes, day), names, widths.factors())

    def predict(self, analysis: Analysis, points: SatelliteSamples) -> LogDensity:
        """Distribution of what a satellite would measure at points after the analysis.

        Raises ModelError for points before it.
        """
        if len(points) and points.days[0] < analysis.belief.day - 1e-6:
            raise ModelError(
                f"point at {points.time[0]} lies before the analysis; analyse the samples up to "
                "an earlier start"
            )
        processes = self.settings.processes(len(analysis.satellites))
        rows = element_rows(points, analysis.satellites)
        mean, variance = forecast(analysis.belief, processes, points.days, rows)
        new = self.settings.processes(1).variance[0, -1] * unknown_scale(
            points, analysis.satellites
        )
        width = np.array([analysis.widths.get(str(name), 1.0) for name in points.satellite])
        return self._answer(points, mean[0], variance[0] + new, width)

    def sequential(
        self, samples: SatelliteSamples, read: npt.NDArray[np.bool_] | None = None
    ) -> LogDensity:
        """Each row forecast at 00 UTC of its day from the days before it.

        read  row: whether a row is assimilated after its day; all measured ones when None
        """
        known = np.isfinite(samples.log_density)
        read = known if read is None else read & known
        error = np.where(read, samples.innovation - self.correction.bias(samples), 0.0)
        passed = filtered(samples, error, self.settings, read)
        width, _ = self._widths(samples, error, passed, read)
        return self._answer(samples, passed.mean[0], passed.variance[0], width)

    @property
    def settings(self) -> ProcessSettings:
        """Time constants, amplitudes and noise. Raises NotFittedError before `fit`."""
        if self._settings is None:
            raise NotFittedError("DensityAssimilation: call fit before predict or state")
        return self._settings

    def state(self) -> State:
        """Settings, the interval's factor, and the correction as a part."""
        return State(
            self.kind,
            {"factor": self.factor, "iterations": self.iterations},
            {"settings": self.settings.values},
            {"correction": self.correction.state()},
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Inverse of `state`. Raises ArtefactError when something is missing."""
        try:
            correction = DensityCorrection.from_state(state.parts["correction"])
            assimilation = cls(correction, int(state.config["iterations"]))
            assimilation.factor = float(state.config["factor"])
            assimilation._settings = ProcessSettings(np.asarray(state.arrays["settings"]))
        except (KeyError, TypeError, ValueError, ModelError) as error:
            raise ArtefactError(f"stored density assimilation is not complete: {error}") from error
        return assimilation

    def _widths(
        self,
        samples: SatelliteSamples,
        error: FloatArray,
        passed: Pass,
        read: npt.NDArray[np.bool_],
    ) -> tuple[FloatArray, Widths]:
        std = self.factor * np.sqrt(passed.variance[0] + self.settings.noise(samples)[0])
        z = (error - passed.mean[0]) / std
        return run_widths(z, samples.satellite, day_numbers(samples), read)

    def _answer(
        self, points: SatelliteSamples, mean: FloatArray, variance: FloatArray, width: FloatArray
    ) -> LogDensity:
        total = variance + self.settings.noise(points)[0] + self.correction.excess(points)
        centre = points.background_mean + self.correction.bias(points) + mean
        return LogDensity(np.asarray(centre), np.asarray(width * self.factor * np.sqrt(total)))
