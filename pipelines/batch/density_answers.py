"""An opened emulator that answers tables of points with tables of densities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from models.emulators.driver_weather import SpaceWeather
from models.emulators.emulator import DensityEmulator, Points
from models.emulators.log_density import LogDensity
from models.emulators.storage import from_state
from pipelines.batch.contract import Made
from pipelines.batch.density_columns import CALLER
from pipelines.batch.density_notes import notes
from pipelines.batch.density_outlook import Ensemble, Spell, outlook
from pipelines.batch.density_points import CheckedPoints, check_points, rejected
from pipelines.batch.density_table import Collected, Stamp, density_table
from pipelines.batch.work import no_rejects
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.registry import DENSITY_ASSIMILATION, DENSITY_CORRECTION, StoredModel, load_state
from pipelines.thermosphere_density.paths import Group, hours_since_1970
from pipelines.thermosphere_density.stored_corrections import StoredCorrection, load_corrections
from pipelines.warm_up_density import DensitySample

if TYPE_CHECKING:
    from pipelines.batch.thermosphere_density import DensityJob

Rows = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]
_NOT_FINITE = "the model gave a density that is not finite; report it with this row"


@dataclass(frozen=True)
class Answers:
    """Whom to ask, over which hours, and how.

    correction  of every density, None for none; `word` asks for it
    numbered    whether ids are whole numbers
    """

    emulator: DensityEmulator
    weather: SpaceWeather
    spells: Sequence[Spell]
    levels: tuple[float, ...]
    model: StoredModel
    correction: StoredCorrection | None
    word: str
    numbered: bool

    @classmethod
    def load(cls, job: DensityJob) -> Self:
        """Read all that a job names. Raises ArtefactError or DataError."""
        emulator = from_state(load_state(job.model))
        DensitySample.from_json(job.model.metadata["sample"]).repeat(emulator)
        weather = open_space_weather(job.weather)
        stored = job.corrections.get
        corrections = load_corrections(
            stored(DENSITY_CORRECTION), stored(DENSITY_ASSIMILATION), job.model.tag
        )
        correction = corrections.get(job.correction)
        spells = outlook(emulator, weather, Ensemble(job.samples, job.seed), job.drivers)
        numbered = job.named == "number"
        return cls(
            emulator, weather, spells, job.levels, job.model, correction, job.correction, numbered
        )

    def make(self, rows: pl.DataFrame) -> Made:
        """Density at each point, in order; what cannot be answered is a reject."""
        checked, refused = check_points(rows, self.emulator.grid, self.numbered)
        checked, untimely = self._timely(checked)
        found = self._collected(checked.points)
        table = density_table(checked, found, self.levels, self._stamp)
        if found.sound.all():
            return Made(table, pl.concat([refused, untimely]))
        unsound = checked.rows.filter(pl.Series(~found.sound))
        reasons = pl.Series([_NOT_FINITE]).new_from_index(0, unsound.height)
        rejects = pl.concat([refused, untimely, rejected(unsound, reasons)])
        return Made(table.filter(pl.Series(found.sound)), rejects)

    def _timely(self, checked: CheckedPoints) -> tuple[CheckedPoints, pl.DataFrame]:
        """The points whose hours can be answered, and the rejects."""
        first, last = self._first(), self.spells[-1].last.astype("datetime64[us]")
        time = checked.points.time
        if not len(time) or (time.min() >= first and time.max() <= last):
            return checked, no_rejects()
        inside = (time >= first) & (time <= last)
        outside = pl.Series(~inside)
        words = f"epoch: expected a moment from {_shown(first)} to {_shown(last)}, {self._why()}"
        got = checked.epoch.filter(outside).dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
        return checked.keep(inside), rejected(checked.rows.filter(outside), f"{words}, got " + got)

    def _first(self) -> np.datetime64:
        first = self.spells[0].first.astype("datetime64[us]")
        if self.correction is None or self.correction.since is None:
            return np.datetime64(first)
        return np.datetime64(max(first, self.correction.since.astype("datetime64[us]")))

    def _why(self) -> str:
        if self.spells[-1].kind == CALLER:
            return "the last whole day of --drivers; give more of them"
        return (
            f"where space weather is known or can be forecast ({self.weather.source}); update it "
            "(halyard data update space-weather) or give --drivers"
        )

    def _collected(self, points: Points) -> Collected:
        """Every point, asked for in its spell."""
        found = Collected.empty(len(points))
        for place, rows in self._shares(points.time):
            inside = points if rows is None else _picked(points, rows)
            for group, futures in self.spells[place].groups(inside):
                chosen = None if len(group.rows) == len(inside) else group.rows
                asked = inside if chosen is None else _picked(inside, chosen)
                density = self._density(group, asked)
                said = notes(self.emulator, self.weather, self.spells[place], group.path, futures)
                hours = hours_since_1970(asked.time) - hours_since_1970(group.path.times[:1])
                found.fill(_among(rows, chosen), density, place, said[hours])
        return found

    def _shares(self, time: Times) -> Iterator[tuple[int, Rows | None]]:
        """Place of each spell and its points, None for all of them: the rule, and soon seen."""
        if not len(time):
            return
        lasts = np.array([spell.last for spell in self.spells], "datetime64[us]")
        first, final = np.searchsorted(lasts, [time.min(), time.max()])
        if first == final:
            yield int(first), None
            return
        place = np.searchsorted(lasts, time)
        for each in range(int(first), int(final) + 1):
            yield each, np.flatnonzero(place == each)

    def _density(self, group: Group, points: Points) -> LogDensity:
        density = self.emulator.density(group.path, points)
        if self.correction is None:
            return density
        return self.correction.apply(self.emulator, group.drivers, points, density)

    @property
    def _stamp(self) -> Stamp:
        return Stamp(
            tuple(spell.kind for spell in self.spells),
            tuple(spell.origin for spell in self.spells),
            self.word,
            self.model.name,
            self.model.version,
        )


def _picked(points: Points, rows: Rows) -> Points:
    return Points(
        points.time[rows], points.latitude[rows], points.longitude[rows], points.height[rows]
    )


def _among(rows: Rows | None, chosen: Rows | None) -> Rows | None:
    """Which of all points the chosen ones of `rows` are; None stands for all."""
    if rows is None or chosen is None:
        return chosen if rows is None else rows
    return np.asarray(rows[chosen])


def _shown(moment: np.datetime64) -> str:
    return f"{moment.astype('datetime64[s]')}Z"
