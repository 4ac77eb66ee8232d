"""The batch of batch_points.py, in processes of its own, so that its memory is its own too.

    python -m benchmarks.batch_points_job MODEL_FOLDER POINTS_FOLDER SCRATCH_FOLDER

Prints seconds as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from models.errors import DataError
from pipelines.batch.density_opening import DEMAND, open_point_files
from pipelines.batch.local_engine import LocalEngine
from pipelines.batch.memory import MEMORY_MB, fit
from pipelines.batch.run import run_batch
from pipelines.batch.sinks import ParquetFolder
from pipelines.batch.thermosphere_density import DensityJob
from pipelines.datasets.space_weather.table import EMBEDDED
from pipelines.environment import ensure_environment
from pipelines.registry import read_model

PROCESSES = 2
#: Seconds that one process waits for the other.
PATIENCE = 300.0


@dataclass(frozen=True)
class Line:
    """Where processes wait for each other: a folder with a file of each that is ready."""

    folder: Path

    def wait(self, name: str) -> None:
        """Go on when all are ready."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / name).touch()
        end = time.monotonic() + PATIENCE
        while len(list(self.folder.iterdir())) < PROCESSES:
            if time.monotonic() > end:
                raise TimeoutError("the other process did not get ready")
            time.sleep(0.001)

    @property
    def moment(self) -> float:
        """When all were ready."""
        return max(file.stat().st_mtime for file in self.folder.iterdir())


@dataclass
class WaitingJob(DensityJob):
    """The job, whose processes begin together."""

    line: Line | None = None

    def open(self) -> None:
        super().open()
        if self.line is not None:
            self.line.wait(str(os.getpid()))


def main(model: Path, points: Path, folder: Path) -> None:
    """Forecast all points, and print how long that took."""
    ensure_environment()
    _, rows = fit(DEMAND, MEMORY_MB, PROCESSES)
    line = Line(folder / "line")
    job = WaitingJob(read_model(model), EMBEDDED, line=line)
    source, sink = open_point_files(str(points), None, rows), ParquetFolder(folder / "out")
    began = time.time()
    summary = run_batch(job, source, sink, LocalEngine(), workers=PROCESSES)
    ended = time.time()
    if summary.rejects:
        raise DataError(f"{summary.rejects} points were rejected: {summary.reasons}")
    size = sum(file.stat().st_size for file in sink.folder.glob("*.parquet"))
    seconds = {
        "whole": ended - began,
        "work": ended - line.moment,
        "bytes_per_point": size / summary.rows,
    }
    sys.stdout.write(json.dumps(seconds))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
