"""Propagate one satellite under several density models, all in one batch, and compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.contract import FloatArray
from models.errors import ConfigError
from models.orbit.density import DensityModel, Together
from models.orbit.propagation import Progress, Track, propagate
from pipelines.orbit.measures import Deviation
from pipelines.orbit.plan import OrbitPlan


@dataclass(frozen=True)
class Compared:
    """A model's share of a study.

    density  time × sample: kg/m3 along the orbit
    """

    name: str
    label: str
    density: FloatArray
    deviation: Deviation


@dataclass(frozen=True)
class OrbitStudy:
    """What a study found.

    truth, true_label   name and label of the density that is taken for true
    track               of the truth alone
    models              in the order given
    """

    plan: OrbitPlan
    truth: str
    true_label: str
    track: Track
    models: tuple[Compared, ...]

    @property
    def hours(self) -> FloatArray:
        """Times of output, hours after the start."""
        return np.asarray(self.plan.schedule.seconds / 3600.0)


def compare_orbits(
    plan: OrbitPlan,
    truth: DensityModel,
    models: Sequence[DensityModel],
    progress: Progress | None = None,
) -> OrbitStudy:
    """Propagate the truth and every sample of every model, and measure their distance.

    Raises ConfigError when models share a name or the truth has samples, ModelError when the
    satellite leaves a model's heights or hours.
    """
    _check(truth, models)
    together = Together([truth, *models])
    states = np.tile(plan.state, (len(together), 1))
    track = propagate(states, plan.ballistic, plan.schedule, together, progress)
    true_states, true_density = track.states[:, 0], track.density[:, 0]
    found = []
    for model, part in zip(models, together.parts[1:], strict=True):
        density = track.density[:, part]
        deviation = Deviation.between(track.states[:, part], density, true_states, true_density)
        found.append(Compared(model.name, model.label, density, deviation))
    alone = Track(plan.schedule, track.states[:, :1].copy(), track.density[:, :1].copy())
    return OrbitStudy(plan, truth.name, truth.label, alone, tuple(found))


def run_orbit_study(
    plan: OrbitPlan,
    truth: DensityModel,
    models: Sequence[DensityModel],
    out: Path,
    progress: Progress | None = None,
) -> tuple[OrbitStudy, dict[str, Path]]:
    """Compare, write orbit.json and the plots into `out`; return the study and the files."""
    from pipelines.orbit.results import write_study

    study = compare_orbits(plan, truth, models, progress)
    return study, write_study(study, out)


def _check(truth: DensityModel, models: Sequence[DensityModel]) -> None:
    if truth.samples != 1:
        raise ConfigError(
            f"truth: {truth.name} has {truth.samples} samples; expected a model with one"
        )
    if not models:
        raise ConfigError("models: expected one or more density models to compare with the truth")
    names = [model.name for model in models]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"models: {twice} was given twice; give each density model once")
