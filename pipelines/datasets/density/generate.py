"""Fill a folder with snapshots: in several processes, chunk by chunk, going on after a kill.

Workers compute pieces of a few days; this process puts a month together, writes it, and
then lists it. So a run that is killed loses the month it was at, however many workers.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.emulators.grid import FloatArray
from models.errors import ConfigError, DataError
from pipelines.datasets.density.chunk_files import content_hash, write_chunk
from pipelines.datasets.density.manifest import FILE, Chunk, Manifest
from pipelines.datasets.density.pieces import Progress, computed_months
from pipelines.datasets.density.sources import HourArray, SnapshotSource, hours_between
from pipelines.datasets.density.store import SnapshotStore
from pipelines.provenance import provenance

_LOCK = ".lock"


def generate_snapshots(
    source: SnapshotSource,
    first: np.datetime64,
    last: np.datetime64,
    out: Path,
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> SnapshotStore:
    """Store the fields of every hour from `first` to `last`, both included, and open them.

    Months that the folder holds already are kept, so the same call goes on after a kill, and
    a later `last` adds months. Raises ConfigError when the folder was made with other
    settings, DataError when it was made with other drivers or cannot be written.
    """
    if workers < 1:
        raise ConfigError(f"workers: expected 1 or more processes, got {workers}")
    if not first <= last:
        raise ConfigError(f"snapshots: expected first <= last, got {first} and {last}")
    hours = hours_between(first, last)
    with _folder_for_one(out):
        manifest = _resumed(source, hours, out)
        months = [_widened(month, manifest) for month in _months(hours)]
        todo = [month for month in months if not _is_there(month, source, manifest, out)]
        manifest.write(out)
        about = _about(source)
        for month, fields in computed_months(source, todo, workers, progress):
            chunk = _write(out, source, month, fields, about)
            manifest = manifest.with_chunk(chunk)
            manifest.write(out)
    return SnapshotStore.open(out, hours[0], hours[-1])


def _resumed(source: SnapshotSource, hours: HourArray, out: Path) -> Manifest:
    """The list to go on with: that of the folder, reaching as far as now wanted."""
    wanted = Manifest.planned(source, hours)
    if not (out / FILE).exists():
        return wanted
    there = Manifest.read(out)
    there.refuse_other_settings(wanted, out)
    first, last = min(there.first, wanted.first), max(there.last, wanted.last)
    if np.datetime64(wanted.first) > np.datetime64(there.last) + 1 or (
        np.datetime64(wanted.last) < np.datetime64(there.first) - 1
    ):
        raise ConfigError(
            f"{out}: holds {there.first} to {there.last}; {wanted.first} to {wanted.last} would "
            "leave a gap between them; give another --out, or months that join"
        )
    return replace(there, first=first, last=last)


def _months(hours: HourArray) -> list[HourArray]:
    month = hours.astype("datetime64[M]")
    return list(np.split(hours, np.flatnonzero(month[1:] != month[:-1]) + 1))


def _widened(hours: HourArray, manifest: Manifest) -> HourArray:
    """Hours of a month, with those that the folder holds of it already: a file is replaced."""
    for chunk in manifest.chunks:
        if chunk.file == _file(hours):
            there = chunk.hours
            return hours_between(min(hours[0], there[0]), max(hours[-1], there[-1]))
    return hours


def _file(hours: HourArray) -> str:
    return f"{hours[0].astype('datetime64[M]')}.nc"


def _is_there(hours: HourArray, source: SnapshotSource, manifest: Manifest, out: Path) -> bool:
    """Whether a month is finished. Raises DataError when it was made with other drivers."""
    found = next((c for c in manifest.chunks if c.file == _file(hours)), None)
    if found is None:
        return False
    there = found.hours
    if there[0] > hours[0] or there[-1] < hours[-1]:
        return False
    path = out / found.file
    if not path.exists() or path.stat().st_size != found.bytes:
        return False
    if _inputs_hash(source, there) != found.inputs:
        raise DataError(
            f"{path}: was made with other drivers or files than there are now; give another "
            "--out, or delete the folder to make it anew"
        )
    return True


def _write(
    out: Path,
    source: SnapshotSource,
    hours: HourArray,
    fields: FloatArray,
    about: Mapping[str, str],
) -> Chunk:
    variables = source.variables(hours)
    fields = np.ascontiguousarray(fields, dtype=np.float32)
    _refuse_not_finite(fields, hours, source)
    path = out / _file(hours)
    try:
        write_chunk(path, hours, fields, source.grid, variables, about)
    except (OSError, RuntimeError) as error:
        raise _cannot_write(path, error) from error
    size, digest = path.stat().st_size, content_hash(fields)
    inputs = _inputs_hash(source, hours)
    return Chunk(path.name, str(hours[0]), str(hours[-1]), size, digest, inputs)


def _inputs_hash(source: SnapshotSource, hours: HourArray) -> str:
    marks = np.frombuffer(source.origin(hours).encode(), dtype=np.uint8)
    return content_hash(*source.variables(hours).values(), marks)


def _refuse_not_finite(fields: FloatArray, hours: HourArray, source: SnapshotSource) -> None:
    if np.isfinite(fields).all():
        return
    hour, *cell = (int(i) for i in np.argwhere(~np.isfinite(fields))[0])
    axes = (source.grid.local_time, source.grid.latitude, source.grid.height)
    place = [axis[i] for axis, i in zip(axes, cell, strict=True)]
    raise DataError(
        f"{source.label}: log10 density at {hours[hour]}, local time {place[0]:g}, latitude "
        f"{place[1]:g}, height {place[2]:g} km is {fields[(hour, *cell)]}; expected a finite "
        "number; look at the source's files and drivers"
    )


def _about(source: SnapshotSource) -> dict[str, str]:
    """Attributes of a file: what it is, and what made it."""
    made = provenance()
    settings = ", ".join(f"{key}={value}" for key, value in source.settings().items())
    return {
        "title": f"Hourly fields of thermosphere mass density by {source.label}",
        "source": source.label,
        "settings": settings,
        "history": f"{made['created']} halyard {made['packages']['halyard']} "
        f"({made['git_commit']}), numpy {made['packages']['numpy']}, python {made['python']}",
    }


@contextmanager
def _folder_for_one(out: Path) -> Iterator[None]:
    """Make the folder, keep other runs out of it, and clear what a killed one left behind."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = os.open(out / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise _cannot_write(out, error) from error
    try:
        # The kernel lets go of it when this process ends, however it ends.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for unfinished in out.glob(".*.nc.*"):
            unfinished.unlink(missing_ok=True)
        yield
    except BlockingIOError as error:
        raise ConfigError(
            f"{out}: another run is writing here; wait for it, or give another --out"
        ) from error
    finally:
        os.close(lock)


def _cannot_write(path: Path, error: Exception) -> DataError:
    reason = getattr(error, "strerror", None) or error
    return DataError(
        f"{path}: cannot be written ({reason}); free space, or give an --out that you may write to"
    )
