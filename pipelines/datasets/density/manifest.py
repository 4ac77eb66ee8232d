"""The list of what a folder of snapshots holds, and of what it was made with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from models.emulators.grid import Grid
from models.errors import ConfigError, DataError
from pipelines.atomic import write_text
from pipelines.datasets.density.sources import HourArray, SnapshotSource, hours_between

FILE = "manifest.json"
FORMAT = "halyard density snapshots 1"


@dataclass(frozen=True)
class Chunk:
    """One finished file.

    file         name in the folder
    first, last  hours, such as 2003-01-01T00
    bytes        size of the file
    fields       SHA-256 of the fields
    inputs       SHA-256 of the hourly variables (drivers) and of what else it was made from
    """

    file: str
    first: str
    last: str
    bytes: int
    fields: str
    inputs: str

    @property
    def hours(self) -> HourArray:
        return hours_between(np.datetime64(self.first), np.datetime64(self.last))


@dataclass(frozen=True)
class Manifest:
    """What a folder holds; `made_with` are the settings that all chunks share."""

    source: str
    label: str
    grid: Grid
    made_with: Mapping[str, Any]
    first: str
    last: str
    chunks: tuple[Chunk, ...] = ()

    @classmethod
    def planned(cls, source: SnapshotSource, hours: HourArray) -> Manifest:
        """The list of an empty folder that shall hold these hours."""
        made_with = json.loads(json.dumps(dict(source.settings())))
        first, last = str(hours[0]), str(hours[-1])
        return cls(source.name, source.label, source.grid, made_with, first, last)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Raises DataError when the folder is none of snapshots."""
        path = folder / FILE
        try:
            data = json.loads(path.read_text("utf-8"))
            if data["format"] != FORMAT:
                raise DataError(f"{path}: expected format {FORMAT!r}, got {data['format']!r}")
            grid = Grid(**{axis: tuple(values) for axis, values in data["grid"].items()})
            chunks = tuple(Chunk(**each) for each in data["chunks"])
            texts = {key: str(data[key]) for key in ("source", "label", "first", "last")}
            return cls(grid=grid, made_with=data["made_with"], chunks=chunks, **texts)
        except FileNotFoundError as error:
            raise DataError(
                f"{folder}: no {FILE}, so no folder of snapshots; make one with halyard "
                "snapshots generate or halyard snapshots convert"
            ) from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{path}: damaged or not a list of snapshots ({type(error).__name__}: {error}); "
                "delete the folder and make it again"
            ) from error

    def write(self, folder: Path) -> None:
        data = {"format": FORMAT, **asdict(self)}
        write_text(folder / FILE, json.dumps(data, indent=1, ensure_ascii=False) + "\n")

    @property
    def data_hash(self) -> str:
        """SHA-256 over settings, grid and the content of every chunk."""
        parts = [self.source, asdict(self.grid), self.made_with]
        contents = [[c.first, c.last, c.fields, c.inputs] for c in self.chunks]
        text = json.dumps([parts, contents], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def with_chunk(self, chunk: Chunk) -> Manifest:
        """The same with one more chunk, or with a newer one of the same file."""
        others = [c for c in self.chunks if c.file != chunk.file]
        return replace(self, chunks=tuple(sorted([*others, chunk], key=lambda c: c.first)))

    def refuse_other_settings(self, wanted: Manifest, folder: Path) -> None:
        """Raises ConfigError when `wanted` would mix two kinds of fields in one folder."""
        for what, here, there in self._pairs(wanted):
            if here != there:
                raise ConfigError(
                    f"{folder}: its snapshots were made with {what} {here}, not {there}; give "
                    "another --out, or the settings it was made with"
                )

    def _pairs(self, wanted: Manifest) -> list[tuple[str, Any, Any]]:
        """What must be equal: name, value here, value wanted."""
        grids = asdict(self.grid), asdict(wanted.grid)
        mine, other = _flat(self.made_with), _flat(wanted.made_with)
        return [
            ("source", self.source, wanted.source),
            *((f"grid.{axis}", _axis(grids[0][axis]), _axis(grids[1][axis])) for axis in grids[0]),
            *((key, mine.get(key), other.get(key)) for key in sorted({*mine, *other})),
        ]


def _axis(values: tuple[float, ...]) -> str:
    """An axis in a few words; every value counts."""
    text = ",".join(f"{value:g}" for value in values)
    if len(values) <= 4:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:6]
    return f"{values[0]:g}..{values[-1]:g} ({len(values)} values, {digest})"


def _flat(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = value
    return flat
