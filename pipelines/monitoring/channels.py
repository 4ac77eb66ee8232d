"""One number per time that could drift, and the tests that it goes through."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from models.contract import FloatArray
from pipelines.monitoring.blocks import BlockTest, jump_test, level_test
from pipelines.monitoring.report import DriftFinding
from pipelines.monitoring.settings import DriftSettings
from pipelines.monitoring.shapes import ks_distance, psi_distance, shape_test


@dataclass(frozen=True)
class Channel:
    """A series to be watched.

    stretch  time: its statistic over the stretch that ends there, NaN where unknown
    points   time: the values themselves, for tests of shape; None for what only stretches have
    floor    a difference below which nobody would act, in `unit`
    tests    those it goes through
    """

    name: str
    stretch: FloatArray
    points: FloatArray | None = None
    unit: str = ""
    floor: float = 0.0
    where: str = ""
    tests: tuple[str, ...] = ("level", "jump", "ks", "psi")


def channel_findings(channel: Channel, length: int, settings: DriftSettings) -> list[DriftFinding]:
    """Findings of a channel whose newest `length` times are judged, not yet adjusted."""
    return [
        _finding(channel, test, _test(channel, test, length, settings)) for test in channel.tests
    ]


def _test(channel: Channel, test: str, length: int, settings: DriftSettings) -> BlockTest | None:
    least = settings.min_blocks
    if test == "level":
        return level_test(channel.stretch, length, channel.floor, least)
    if test == "jump":
        return jump_test(channel.stretch, length, channel.floor, least)
    if channel.points is None:
        return None
    distance = ks_distance if test == "ks" else partial(psi_distance, bins=settings.psi_bins)
    return shape_test(channel.points, length, least, distance)


def _finding(channel: Channel, test: str, found: BlockTest | None) -> DriftFinding:
    if found is None:
        note = "too few stretches with values to compare with"
        return DriftFinding(channel.name, test, channel.where, unit=channel.unit, note=note)
    shape = test in ("ks", "psi")
    return DriftFinding(
        channel.name,
        test,
        channel.where,
        statistic=found.statistic,
        p_value=found.p_value,
        recent=found.recent,
        usual=found.usual,
        unit=("distance" if shape else channel.unit),
    )
