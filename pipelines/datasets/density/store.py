"""A folder of density fields, read in blocks: memory stays that of one block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from models.emulators.drivers import Drivers
from models.emulators.grid import FloatArray, Grid
from models.errors import ConfigError, DataError
from pipelines.datasets.density.chunk_files import damaged, read_fields, read_variables
from pipelines.datasets.density.manifest import Chunk, Manifest
from pipelines.datasets.density.sources import HOUR, HourArray, drivers_from, hours_between


@dataclass(frozen=True)
class SnapshotStore:
    """Consecutive hourly fields of log10 density (kg/m3), from `first` to `last`.

    What a trainer reads: `grid`, `times`, `label`, `data_hash`, `drivers`, `iterate`, `read`.
    """

    folder: Path
    manifest: Manifest
    first: np.datetime64
    last: np.datetime64

    @classmethod
    def open(
        cls,
        folder: str | Path,
        first: np.datetime64 | None = None,
        last: np.datetime64 | None = None,
    ) -> SnapshotStore:
        """All hours of a folder, or those from `first` to `last` of one that is not complete.

        Raises DataError when hours are missing, or a file is gone or of another size.
        """
        folder = Path(folder)
        manifest = Manifest.read(folder)
        begin, end = np.datetime64(manifest.first, "h"), np.datetime64(manifest.last, "h")
        store = cls(folder, manifest, begin, end).between(first or begin, last or end)
        _refuse_missing(folder, tuple(store._chunks()), store.first, store.last)
        for chunk in store._chunks():
            _refuse_other_size(folder / chunk.file, chunk.bytes)
        return store

    @property
    def grid(self) -> Grid:
        return self.manifest.grid

    @property
    def label(self) -> str:
        """What made the fields, for people: "NRLMSIS 2.1"."""
        return self.manifest.label

    @property
    def source(self) -> str:
        """What made the fields, for settings: "msis21"."""
        return self.manifest.source

    @property
    def data_hash(self) -> str:
        """SHA-256 over settings, grid, drivers and fields of the chunks that are read."""
        return replace(self.manifest, chunks=tuple(self._chunks())).data_hash

    @cached_property
    def times(self) -> HourArray:
        """The hours, datetime64[h]."""
        return hours_between(self.first, self.last)

    def __len__(self) -> int:
        return len(self.times)

    @property
    def years(self) -> tuple[int, ...]:
        """The years that have an hour here."""
        years = np.unique(self.times.astype("datetime64[Y]").astype(int)) + 1970
        return tuple(years.tolist())

    @cached_property
    def drivers(self) -> Drivers:
        """Space weather of the same hours. Raises DataError when none is stored."""
        columns: dict[str, list[FloatArray]] = {}
        for chunk in self._chunks():
            part = self._part(chunk)
            for name, values in read_variables(self.folder / chunk.file).items():
                columns.setdefault(name, []).append(values[part])
        whole = {name: np.concatenate(parts) for name, parts in columns.items()}
        return drivers_from(whole, self.first, str(self.folder))

    def between(self, first: np.datetime64, last: np.datetime64) -> SnapshotStore:
        """The hours from `first` to `last`, both included. Raises ConfigError."""
        first, last = first.astype("datetime64[h]"), last.astype("datetime64[h]")
        if not self.first <= first <= last <= self.last:
            raise ConfigError(
                f"{self.folder}: hours {first} to {last} were asked for; there are "
                f"{self.first} to {self.last}"
            )
        return replace(self, first=first, last=last)

    def read(self, first: np.datetime64, last: np.datetime64) -> FloatArray:
        """Fields from `first` to `last`, both included: hour × local time × latitude × height.

        float32. Raises ConfigError outside the store, DataError for a damaged file.
        """
        part = self.between(first, last)
        fields = np.empty((len(part), *self.grid.shape), dtype=np.float32)
        for chunk in part._chunks():
            begin = max(np.datetime64(chunk.first, "h"), part.first)
            at = int((begin - part.first) // HOUR)
            values = part._read_chunk(chunk)
            fields[at : at + len(values)] = values
        return fields

    def iterate(self, hours_per_block: int) -> Iterator[tuple[HourArray, FloatArray]]:
        """All fields in order, as (times, hour × local time × latitude × height), float32."""
        if hours_per_block < 1:
            raise ConfigError(f"hours_per_block: expected 1 or more, got {hours_per_block}")
        for start in range(0, len(self), hours_per_block):
            times = self.times[start : start + hours_per_block]
            yield times, self.read(times[0], times[-1])

    def verify(self) -> None:
        """Read every field. Raises DataError for the first damaged file."""
        for chunk in self._chunks():
            self._read_chunk(chunk)

    def _chunks(self) -> Iterator[Chunk]:
        """The chunks that hold hours of this store."""
        for chunk in self.manifest.chunks:
            begin, end = np.datetime64(chunk.first, "h"), np.datetime64(chunk.last, "h")
            if begin <= self.last and end >= self.first:
                yield chunk

    def _part(self, chunk: Chunk) -> slice:
        """Where the hours of this store lie in a chunk."""
        start = np.datetime64(chunk.first, "h")
        stop = min(self.last, np.datetime64(chunk.last, "h"))
        return slice(max(int((self.first - start) // HOUR), 0), int((stop - start) // HOUR) + 1)

    def _read_chunk(self, chunk: Chunk) -> FloatArray:
        part, path = self._part(chunk), self.folder / chunk.file
        fields = read_fields(path, part)
        expected = (part.stop - part.start, *self.grid.shape)
        if fields.shape != expected:
            raise damaged(path, f"fields of shape {fields.shape}, expected {expected}")
        return fields


def _refuse_missing(
    folder: Path, chunks: tuple[Chunk, ...], first: np.datetime64, last: np.datetime64
) -> None:
    """Name the first hour that no chunk holds."""
    expected = first
    for chunk in chunks:
        if np.datetime64(chunk.first, "h") > expected:
            break
        expected = max(expected, np.datetime64(chunk.last, "h") + HOUR)
    if expected <= last:
        raise DataError(
            f"{folder}: not complete: fields from {expected} on are missing, of {first} to "
            f"{last} ({len(chunks)} files are there); run the command that made the folder "
            "again: it goes on where it stopped"
        )


def _refuse_other_size(path: Path, size: int) -> None:
    try:
        found = path.stat().st_size
    except OSError as error:
        raise DataError(
            f"{path}: this chunk is gone; run the command that made the folder again"
        ) from error
    if found != size:
        raise damaged(path, f"{found} bytes, expected {size}")
