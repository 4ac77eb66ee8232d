"""The fits of a comparison of density emulators, each made once, and who takes part.

The newest whole months are judged. The challenger is fitted on the hours before them. The
champion takes part with its stored weights where its fields ended before them; where it has
seen some of them, its settings stand in, fitted on fields that end as many months earlier as
the champion is old today. So neither has seen an hour that is judged.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from models.contract import State
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.settings import DensityConfig
from models.emulators.storage import from_state, to_state
from models.errors import DataError, ModelError
from pipelines.retraining.deadline import Deadline
from pipelines.retraining.density_fields import span
from pipelines.retraining.domain import UnfitError
from pipelines.retraining.fits import fit_key, fit_once
from pipelines.retraining.folder import RunFolder
from pipelines.thermosphere_density.fields import Fields, reduce_fields
from pipelines.thermosphere_density.splits import split_hours
from pipelines.thermosphere_density.storing import linear_of, with_baseline
from pipelines.thermosphere_density.training import assemble, train_ensemble

HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True)
class Champion:
    """The model to beat: as it is served, with its settings and the newest hour it knows."""

    emulator: DensityEmulator
    config: DensityConfig
    trained: np.datetime64


@dataclass(frozen=True)
class DensityFits:
    """Fits of one challenger and of the champion's stand-in. `cut` is the first hour judged."""

    fields: Fields
    drivers: Drivers
    cut: np.datetime64
    champion: Champion | None
    jobs: int
    folder: RunFolder
    deadline: Deadline

    @property
    def age(self) -> int:
        """Months that the champion lacks."""
        return months_between(self.champion.trained, self.fields.times[-1]) if self.champion else 0

    @property
    def stands_in(self) -> bool:
        """Whether the stored champion has seen hours that are judged."""
        return self.champion is not None and bool(self.champion.trained >= self.cut)

    def challenger(self, config: DensityConfig) -> DensityEmulator:
        """Fitted on the hours before the cut. Raises OutOfTimeError and UnfitError."""
        try:
            return from_state(self._before(config, self.cut))
        except ModelError as error:
            raise UnfitError(str(error)) from error

    def rival(self) -> DensityEmulator | None:
        """Who is compared with: the champion, its stand-in, or nobody."""
        if self.champion is None or not self.stands_in:
            return None if self.champion is None else self.champion.emulator
        cut = (self.cut.astype("datetime64[M]") - self.age).astype("datetime64[h]")
        return from_state(self._before(self.champion.config, cut))

    def final(self, config: DensityConfig) -> State:
        """Fitted on all, with the linear baseline that is stored with it."""
        try:
            return self._fit(config, self.fields.times[-1], baseline=True)
        except ModelError as error:
            raise UnfitError(str(error)) from error

    def notes(self) -> tuple[str, ...]:
        """How the comparison is made, for the reader."""
        last = self.fields.times[-1]
        said = [
            f"Open-loop windows that follow each other from {self.cut} to {last}, each from the "
            "true state at its start, with observed drivers; the challenger was fitted on the "
            "hours before."
        ]
        if self.champion is None:
            return (*said, "There is no champion to compare with.")
        if not self.stands_in:
            return (
                *said,
                f"The champion took part as it is stored: its fields end {self.champion.trained}.",
            )
        return (
            *said,
            "The stored champion has seen some of these hours, so a model of its settings stood in "
            f"for it, fitted on fields that end {self.age} months before the challenger's.",
        )

    def _before(self, config: DensityConfig, cut: np.datetime64) -> State:
        if cut - HOUR <= self.fields.times[0]:
            raise DataError(
                f"fields: they begin {self.fields.times[0]}, and a fit on the hours before {cut} "
                "was asked for; give more months, or lower comparison.months"
            )
        return self._fit(config, cut - HOUR, baseline=False)

    def _fit(self, config: DensityConfig, last: np.datetime64, *, baseline: bool) -> State:
        def make() -> State:
            # Nothing after `last` is in what the fit is given.
            fields, drivers = span(self.fields, self.drivers, self.fields.times[0], last)
            split = split_hours(drivers.times, config.held_out)
            series = reduce_fields(fields, drivers, split.train, config)
            ensemble = train_ensemble(series, split, config, jobs=self.jobs)
            state = to_state(assemble(fields, series, split, ensemble, config))
            if not baseline:
                return state
            return with_baseline(state, to_state(linear_of(fields, series, split, config)))

        key = fit_key({**asdict(config), "baseline": baseline}, str(last))
        return fit_once(self.folder, key, self.deadline, make)[0]


def months_between(first: np.datetime64, last: np.datetime64) -> int:
    """Whole calendar months from one hour's month to another's; 0 where it is later."""
    months = [hour.astype("datetime64[M]").astype(int) for hour in (first, last)]
    return max(int(months[1] - months[0]), 0)


def first_judged(last: np.datetime64, months: int) -> np.datetime64:
    """First hour of the newest whole months; what has begun of another is judged with them."""
    unfinished = (last + HOUR).astype("datetime64[M]")
    return np.datetime64(unfinished - months, "h")
