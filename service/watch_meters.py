"""What Prometheus is told of the models that answer, and of promotions taken or refused."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bentoml


class SwapMeters:
    """Gauge, counter and histogram; make it once in a process, as Prometheus demands.

    registry   where they are listed; default: the one that /metrics shows
    """

    def __init__(self, registry: Any = None) -> None:
        where = {} if registry is None else {"registry": registry}
        self._info = bentoml.metrics.Gauge(
            "halyard_model_info",
            "Workers that answer with this version",
            ["name", "version"],
            # Over several workers they add up; one that was killed does not count.
            multiprocess_mode="livesum",
            **where,
        )
        self._swaps = bentoml.metrics.Counter(
            "halyard_model_swaps",
            "Promoted models that were taken or refused while serving",
            ["name", "result"],
            **where,
        )
        self._seconds = bentoml.metrics.Histogram(
            "halyard_model_swap_seconds", "From noticing a promotion to the first answer", **where
        )

    def serving(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        """Other versions answer, by name."""
        # Set to zero, since labels cannot be removed with several processes.
        for name, version in before.items():
            self._info.labels(name, version).set(0)
        for name, version in after.items():
            self._info.labels(name, version).set(1)

    def tried(self, names: Sequence[str], result: str, seconds: float) -> None:
        """Models were "swapped" or "refused", so long after that was noticed."""
        for name in names:
            self._swaps.labels(name, result).inc()
        if result == "swapped":
            self._seconds.observe(seconds)


def forget_dead_workers() -> None:
    """Delete what gauges of killed workers left behind; BentoML starts another in their place."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    for file in Path(folder).glob("gauge_live*_*.db") if folder else ():
        process = file.stem.rpartition("_")[2]
        if process.isdigit() and not _runs(int(process)):
            file.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
