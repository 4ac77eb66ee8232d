"""What became of forecasts, in the server's own metrics, where a database of outcomes is there.

It is read once a minute, by one worker of a server, in a thread: no request waits for it. A
database that does not answer leaves what was shown last, and is told once until it is back.
HALYARD_OUTCOME_SECONDS sets the time between two looks; 0 for none.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import bentoml

from models.errors import HalyardError
from pipelines.monitoring.outcome_metrics import LABELS, METRICS, labels_of
from service.watch import seconds_of

VARIABLE = "HALYARD_OUTCOME_SECONDS"
DEFAULT_SECONDS = 60.0
#: Lies beside the metrics of a server's workers; who holds it is the one that reads.
LOCK = "outcomes.lock"

logger = logging.getLogger("bentoml.halyard")


def outcome_seconds() -> float:
    """Seconds between two looks, from the environment; 0 means never. Raises ConfigError."""
    return seconds_of(VARIABLE, "looks at what became of forecasts", DEFAULT_SECONDS)


class OutcomeMeters:
    """Gauges of `halyard monitor`; make it once in a process, as Prometheus demands.

    registry   where they are listed; default: the one that /metrics shows
    """

    def __init__(self, registry: Any = None) -> None:
        # Another worker goes on where one was killed: the values set last are the ones shown.
        more = {"multiprocess_mode": "mostrecent"} | ({"registry": registry} if registry else {})
        self._gauges = {
            name: bentoml.metrics.Gauge(name, text, LABELS, **more)
            for name, (_, text) in METRICS.items()
        }
        self._read = bentoml.metrics.Gauge(
            "halyard_outcome_read_timestamp_seconds", "When the database was read last", **more
        )
        self._labels: set[tuple[str, ...]] = set()

    def show(self, scores: Sequence[Mapping[str, Any]]) -> None:
        """Set the values of rows of `OutcomeStore.scores`."""
        for name, (column, _) in METRICS.items():
            for row in scores:
                value = math.nan if row[column] is None else float(row[column])
                self._gauges[name].labels(*labels_of(row)).set(value)
        told = {labels_of(row) for row in scores}
        # Labels cannot be removed with several processes.
        for gone in self._labels - told:
            for name, gauge in self._gauges.items():
                gauge.labels(*gone).set(0 if name == "halyard_outcome_count" else math.nan)
        self._labels = told
        self._read.set(time.time())


class OutcomeReader:
    """Reads the scores and shows them, in one of several workers.

    read     what returns scores, None without a database; raises HalyardError
    folder   that the workers of a server share; None for a single process
    """

    def __init__(
        self,
        meters: OutcomeMeters,
        read: Callable[[], Sequence[Mapping[str, Any]] | None],
        folder: str | None,
    ) -> None:
        self._meters, self._read = meters, read
        self._folder = folder
        self._lock: IO[str] | None = None
        self._away = False

    def look(self) -> None:
        """Read and show, unless another worker does. Raises nothing."""
        if not self._reads():
            return
        try:
            scores = self._read()
        except Exception as error:
            self._tell(error)
            return
        if self._away:
            logger.info("Outcomes are read again.")
            self._away = False
        if scores is not None:
            self._meters.show(scores)

    def _tell(self, error: Exception) -> None:
        if not self._away:
            reason = str(error) if isinstance(error, HalyardError) else repr(error)
            logger.warning("Outcomes cannot be read, the last values stay: %s", reason)
        self._away = True

    def _reads(self) -> bool:
        """Whether this process is the one that reads; when it ends, the kernel lets another."""
        if self._folder is None or self._lock is not None:
            return True
        file = Path(self._folder, LOCK).open("a")  # noqa: SIM115  held as long as the process
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._lock = file
        return True


def outcome_reader(meters: OutcomeMeters) -> OutcomeReader:
    """The reader of this server's database.

    It imports what reads databases, which takes a moment: before requests come.
    """
    from pipelines.monitoring.outcome_scores import stored_scores

    return OutcomeReader(meters, stored_scores, os.environ.get("PROMETHEUS_MULTIPROC_DIR"))


async def follow_outcomes(reader: OutcomeReader, seconds: float) -> None:
    """Look again and again until cancelled."""
    while True:
        await asyncio.to_thread(reader.look)
        await asyncio.sleep(seconds)
