"""The batch job of the density emulator: points in, the distribution of density at each out.

Choose it for all orbit points of a night; a few thousand points are better asked for over
HTTP. A point's density is the same as there (models/emulators), to the digits of float32.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from models.errors import DataError
from pipelines.atomic import write_atomic
from pipelines.batch.allocation import keep_freed_memory
from pipelines.batch.contract import Made, Shard, Source
from pipelines.batch.density_columns import (
    ID,
    NEEDED,
    IdKind,
    density_key,
    density_schema,
    id_kind,
    refuse_without_columns,
)
from pipelines.batch.meanings import density_meanings
from pipelines.batch.records import Records
from pipelines.registry import StoredModel

if TYPE_CHECKING:
    from pipelines.batch.density_answers import Answers

LEVELS = (0.05, 0.5, 0.95)
#: Names in the run's folder of what the job reads besides the points.
WEATHER_FILE, DRIVERS_FILE = "space_weather.parquet", "drivers"


@dataclass
class DensityJob:
    """What is asked for; plain data until `open`.

    model        the emulator's version
    weather      table of space weather
    drivers      file of the caller's own drivers instead of it, after its beginning
    correction   a word of HTTP requests; `corrections` are the stored versions beside the model
    samples      futures of drivers that are drawn, by `seed`
    named        how ids are written, None where points have none; `prepare` finds it
    """

    model: StoredModel
    weather: Path
    levels: tuple[float, ...] = LEVELS
    correction: str = "none"
    corrections: Mapping[str, StoredModel] = field(default_factory=dict)
    drivers: Path | None = None
    samples: int = 20
    seed: int = 0
    named: IdKind = None
    _answers: Answers | None = field(default=None, repr=False, compare=False)

    @property
    def key(self) -> tuple[str, ...]:
        """See density_columns."""
        return density_key(self.named)

    @property
    def schema(self) -> Mapping[str, Any]:
        """See density_columns."""
        return density_schema(self.levels, self.named)

    @property
    def meanings(self) -> Mapping[str, str]:
        """See meanings."""
        return density_meanings(self.levels)

    def fingerprint(self) -> Mapping[str, Any]:
        """Versions, settings, and checksums of the space weather."""
        return {
            "job": "thermosphere-density",
            "model": self.model.tag,
            "levels": list(self.levels),
            "correction": self.correction,
            "corrections": {name: stored.tag for name, stored in self.corrections.items()},
            "space_weather": _sha256(self.weather),
            "drivers": None if self.drivers is None else _sha256(self.drivers),
            "samples": self.samples,
            "seed": self.seed,
        }

    def as_begun(self, state: Path) -> DensityJob:
        """With the space weather that an unfinished run in this state folder began with.

        A nightly update of the table would otherwise be another model to it.
        """
        kept = Records(state).scratch / WEATHER_FILE
        return replace(self, weather=kept) if kept.is_file() else self

    @property
    def bytes_per_row(self) -> int:
        """Of output, about."""
        return 32 + 4 * (2 + len(self.levels))

    def prepare(self, folder: Path, source: Source, shards: Sequence[Shard]) -> DensityJob:
        """Keep the space weather with the run, which a nightly update may not change half-way."""
        rows = source.read(shards[0])[0] if shards else pl.DataFrame(schema=list(NEEDED))
        refuse_without_columns(rows.columns, "--input")
        named = id_kind(rows[ID] if ID in rows.columns else None)
        drivers = None if self.drivers is None else _kept(self.drivers, folder / DRIVERS_FILE)
        weather = _kept(self.weather, folder / WEATHER_FILE)
        return replace(self, weather=weather, drivers=drivers, named=named)

    def open(self) -> None:
        """Load the emulator and what is stored beside it. Raises ArtefactError or DataError."""
        from pipelines.batch.density_answers import Answers

        self._answers = Answers.load(self)
        # After the model is loaded, which needs much for a moment.
        keep_freed_memory()

    def run(self, rows: pl.DataFrame) -> Made:
        """Densities of the points of one shard, in their order."""
        if self._answers is None:
            raise RuntimeError("the job was not opened")
        return self._answers.make(rows)


def _kept(file: Path, target: Path) -> Path:
    """A copy that lasts as long as the run; an earlier one is used again."""
    if not target.is_file():
        write_atomic(target, lambda out: out.write(file.read_bytes()))
    return target


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
