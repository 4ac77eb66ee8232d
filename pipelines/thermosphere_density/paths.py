"""Paths of the reduced state for points, cut so that a point's answer depends on itself alone.

The hours since 1970 are cut into blocks as long as one rollout of the emulator. A block is
computed whole, so an epoch gets the same answer alone, among a million, and from the
cache; epochs years apart cost the blocks that they lie in, not the years between.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.contract import IntArray
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator, Points
from models.emulators.state_path import StatePath

#: Blocks that are kept: about 800 kB each with 40 components.
KEPT_BLOCKS = 32
#: Blocks of one path: more hours at a time only take more memory.
GROUP_BLOCKS = 60
_EPOCH = np.datetime64(0, "h")
_HOUR = 3_600_000_000

#: Drivers of the hours from first to last, both included.
ReadDrivers = Callable[[np.datetime64, np.datetime64], Drivers]


@dataclass(frozen=True)
class Group:
    """Some of the points, the path that covers them and the drivers behind it."""

    rows: npt.NDArray[np.int64]
    path: StatePath
    drivers: Drivers


class BlockPaths:
    """Paths from drivers that are known, whichever hours are asked for.

    emulator  who forecasts
    read      the drivers
    last      newest hour that `read` knows
    """

    def __init__(self, emulator: DensityEmulator, read: ReadDrivers, last: np.datetime64) -> None:
        self._emulator, self._read = emulator, read
        self._last = hours_since_1970(np.array([last]))[0]
        self._kept: OrderedDict[int, StatePath] = OrderedDict()
        self._lock = threading.Lock()

    def groups(self, points: Points) -> Iterator[Group]:
        """The points, in groups whose hours hang together.

        Raises what `read` raises for hours that it does not know.
        """
        length = self._emulator.horizon
        if (only := self._only_block(points)) is not None:
            blocks = range(only, only + 1)
            yield Group(np.arange(len(points)), self._path(blocks), self._drivers(blocks))
            return
        first = hours_since_1970(points.time) // length
        final = hours_since_1970(ceiled(points.time)) // length
        for begin, end in runs(_distinct(first, final)):
            rows = np.flatnonzero((first >= begin) & (first <= end))
            # An epoch in the last hour of a block also needs the first one of the next.
            blocks = range(begin, int(final[rows].max()) + 1) if len(rows) else range(0)
            if blocks:
                yield Group(rows, self._path(blocks), self._drivers(blocks))

    def _only_block(self, points: Points) -> int | None:
        """The block that holds all points, if one does: a night's batch looks no further."""
        if not len(points):
            return None
        ends = np.array([points.time.min(), points.time.max()])
        first = int(hours_since_1970(ends)[0]) // self._emulator.horizon
        final = int(hours_since_1970(ceiled(ends))[1]) // self._emulator.horizon
        return first if first == final else None

    def _path(self, blocks: range) -> StatePath:
        with self._lock:
            kept = {block: self._kept[block] for block in blocks if block in self._kept}
        for begin, end in self._spans([block for block in blocks if block not in kept]):
            made = self._computed(begin, end)
            kept |= made
            self._keep(made)
        return joined([kept[block] for block in blocks])

    def _spans(self, missing: list[int]) -> list[tuple[int, int]]:
        """First and last of the blocks to compute, in one go each, so that none is missing."""
        return runs(np.array(missing, dtype=np.int64))

    def _computed(self, begin: int, end: int) -> dict[int, StatePath]:
        """Neighbouring blocks in one go; the newest, if drivers end in it, on its own."""
        length = self._emulator.horizon
        whole = end if (end + 1) * length - 1 <= self._last else end - 1
        made: dict[int, StatePath] = {}
        if whole >= begin:
            path = self._span(begin * length, (whole + 1) * length - 1)
            made |= {b: part(path, (b - begin) * length, length) for b in range(begin, whole + 1)}
        if whole < end:
            made[end] = self._span(end * length, self._last)
        return made

    def _span(self, first: int, last: int) -> StatePath:
        begin, end = _EPOCH + first, _EPOCH + last
        return self._emulator.path(self._read(begin - self._emulator.lookback, end), begin, end)

    def _drivers(self, blocks: range) -> Drivers:
        length = self._emulator.horizon
        last = min((blocks[-1] + 1) * length - 1, self._last)
        return self._read(_EPOCH + blocks[0] * length - self._emulator.lookback, _EPOCH + last)

    def _keep(self, made: dict[int, StatePath]) -> None:
        with self._lock:
            self._kept |= made
            while len(self._kept) > KEPT_BLOCKS:
                self._kept.popitem(last=False)


def runs(numbers: IntArray) -> list[tuple[int, int]]:
    """First and last of each stretch of consecutive numbers, of GROUP_BLOCKS at most."""
    found: list[tuple[int, int]] = []
    for number in map(int, numbers):
        if found and number == found[-1][1] + 1 and number - found[-1][0] < GROUP_BLOCKS:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _distinct(first: IntArray, final: IntArray) -> IntArray:
    """The blocks that points lie in or reach into, rising; counted, which is faster than sorted."""
    if not len(first):
        return first
    begin = int(first.min())
    counts = np.bincount(first - begin, minlength=int(final.max()) - begin + 1)
    counts += np.bincount(final - begin, minlength=len(counts))
    return np.asarray(np.flatnonzero(counts) + begin)


def hours_since_1970(times: npt.NDArray[np.datetime64]) -> IntArray:
    """The whole hours that times lie in."""
    return np.asarray(_microseconds(times) // _HOUR)


def ceiled(times: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    """The whole hours at or after times: the interpolation needs them."""
    return np.asarray((-(-_microseconds(times) // _HOUR)).view("datetime64[h]"))


def _microseconds(times: npt.NDArray[np.datetime64]) -> IntArray:
    """As whole numbers: to divide these is ten times as fast as to change the unit of times."""
    return np.asarray(times.astype("datetime64[us]").view(np.int64))


def part(path: StatePath, start: int, hours: int) -> StatePath:
    """Some hours of a path."""
    cut = slice(start, start + hours)
    return replace(
        path,
        start=path.times[start],
        mean=path.mean[cut].copy(),
        covariance=path.covariance[cut].copy(),
        left_out=path.left_out[cut].copy(),
    )


def joined(paths: list[StatePath]) -> StatePath:
    """One path of several that follow each other."""
    if len(paths) == 1:
        return paths[0]
    return replace(
        paths[0],
        mean=np.concatenate([path.mean for path in paths]),
        covariance=np.concatenate([path.covariance for path in paths]),
        left_out=np.concatenate([path.left_out for path in paths]),
    )


def pooled(paths: list[StatePath]) -> StatePath:
    """The path over several futures of equal weight, by the law of total variance.

    log10 density is linear in the reduced state, so pooling states equals pooling densities'
    logarithms at every point.
    """
    mean = np.mean([path.mean for path in paths], axis=0)
    covariance = np.zeros_like(paths[0].covariance)
    for path in paths:
        apart = path.mean - mean
        covariance += path.covariance + apart[..., None] * apart[..., None, :]
    left_out = np.mean([path.left_out for path in paths], axis=0)
    return replace(paths[0], mean=mean, covariance=covariance / len(paths), left_out=left_out)
