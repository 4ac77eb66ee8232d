"""How fast a batch of orbit points is, beside the emulator's own query on the same cores.

    python -m benchmarks.batch_points [--points 10000000] [--model thermosphere-density:champion]

The points are a night's work: many satellites, a day each, in a folder of Parquet files. Two
figures, each of two processes, in turn:

- kernel: `DensityEmulator.density` on arrays that are ready, with the mean, standard deviation
  and quantiles in kg/m3 of every point; nothing is read, checked or written;
- batch: the whole job (read, check, ask, write, checksum, manifest).

`ratio` compares rates from the moment that both processes are loaded; `ratio_whole` from the
command on, when both also pay for starting Python and loading the emulator.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pipelines.environment import ensure_environment

if __name__ == "__main__":
    # Before torch is imported: it reads its threads from the environment, once.
    ensure_environment()

import polars as pl

from benchmarks.process_tree import PeakMemory
from benchmarks.satellite_days import write_satellite_days
from benchmarks.timing import machine, median_ratio
from models.errors import ArtefactError
from pipelines.batch.density_opening import DEMAND, open_point_files
from pipelines.batch.local_engine import LocalEngine
from pipelines.batch.memory import MEMORY_MB, fit
from pipelines.batch.run import run_batch
from pipelines.batch.sinks import ParquetFolder
from pipelines.batch.thermosphere_density import LEVELS, DensityJob
from pipelines.datasets.space_weather.table import EMBEDDED
from pipelines.registry import StoredModel

RESULTS = Path(__file__).parent / "results" / "batch_points.json"
PROCESSES = 2
#: What the batch has to reach, and MB that it must stay below.
WANTED_RATIO, MOST_MB = 0.70, float(MEMORY_MB)
#: Seconds that one process waits for the other.
PATIENCE = 300.0
Seconds = dict[str, float]


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


def run_job(stored: StoredModel, points: Path, folder: Path) -> Seconds:
    """Seconds of the whole batch, its memory, and bytes of output per point."""
    line = Line(folder / "line")
    job = WaitingJob(stored, EMBEDDED, line=line)
    _, rows = fit(DEMAND, MEMORY_MB, PROCESSES)
    source, sink = open_point_files(str(points), None, rows), ParquetFolder(folder / "out")
    with PeakMemory() as memory:
        began = time.time()
        summary = run_batch(job, source, sink, LocalEngine(), workers=PROCESSES)
        ended = time.time()
    if summary.rejects:
        raise ArtefactError(f"{summary.rejects} points were rejected: {summary.reasons}")
    size = sum(file.stat().st_size for file in sink.folder.glob("*.parquet"))
    return {
        "whole": ended - began,
        "work": ended - line.moment,
        "peak_mb": memory.peak_mb,
        "bytes_per_point": size / summary.rows,
    }


def run_kernel(stored: StoredModel, points: Path, folder: Path) -> Seconds:
    """Seconds of the queries alone; to read the points is in neither figure."""
    began = time.time()
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        turns = [
            pool.submit(query, stored, points, place, folder / "line") for place in range(PROCESSES)
        ]
        ends, reads = zip(*(turn.result() for turn in turns), strict=True)
    work = max(ends) - Line(folder / "line").moment
    return {"work": work, "whole": time.time() - began - max(reads)}


def query(stored: StoredModel, folder: Path, place: int, line: Path) -> tuple[float, float]:
    """Ask for a share of the points; when that ended, and how long reading them took before."""
    from models.emulators.emulator import Points
    from pipelines.batch.density_answers import Answers

    answers = Answers.load(DensityJob(stored, EMBEDDED))
    began = time.time()
    lazy = pl.scan_parquet(folder)
    share = -(-lazy.select(pl.len()).collect().item() // PROCESSES)
    table = lazy.slice(place * share, share).collect()
    axes = ("latitude", "longitude", "height")
    parts = [
        Points(part["epoch"].to_numpy(), *(part[name].to_numpy().copy() for name in axes))
        for part in table.iter_slices(DEMAND.most_rows)
    ]
    del table
    path = next(answers.spells[0].groups(parts[0]))[0].path
    read = time.time() - began
    Line(line).wait(str(place))
    for points in parts:
        density = answers.emulator.density(path, points)
        _ = density.mean_density, density.std_density, density.quantiles(LEVELS)
    return time.time(), read


def measure(stored: StoredModel, count: int, repeats: int) -> dict[str, Any]:
    """Both, in turn, `repeats` times."""
    found: dict[str, list[Seconds]] = {"kernel": [], "batch": []}
    with tempfile.TemporaryDirectory(prefix="batch-points-") as text:
        points = Path(text) / "points"
        written = write_satellite_days(points, count)
        for turn in range(repeats):
            for name, run in (("kernel", run_kernel), ("batch", run_job)):
                folder = Path(text) / f"{name}-{turn}"
                folder.mkdir()
                found[name].append(run(stored, points, folder))
                shutil.rmtree(folder)
    return {"points": written, **found}


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """Rates, ratios and the peak of memory."""

    def seconds(name: str, what: str) -> list[float]:
        return [turn[what] for turn in found[name]]

    points = found["points"]
    work = statistics.median(seconds("batch", "work"))
    return {
        "points": points,
        "seconds": statistics.median(seconds("batch", "whole")),
        "rate": points / work,
        "kernel_rate": points / statistics.median(seconds("kernel", "work")),
        "ratio": median_ratio(seconds("kernel", "work"), seconds("batch", "work")),
        "ratio_whole": median_ratio(seconds("kernel", "whole"), seconds("batch", "whole")),
        "peak_mb": max(seconds("batch", "peak_mb")),
        "bytes_per_point": found["batch"][0]["bytes_per_point"],
    }


def champion_or_first(which: str) -> StoredModel:
    """The version asked for; without any the first one is trained."""
    from pipelines.registry import list_models
    from service.commands.models import find

    if not list_models(which.partition(":")[0]):
        from service.commands.serve import train_first_density

        train_first_density()
    return find(which)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", default="thermosphere-density:champion")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    stored = champion_or_first(given.model)
    found = measure(stored, given.points, given.repeats)
    about = {**summary(found), "model": stored.tag, "machine": machine(), "turns": found}
    given.out.write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    for name, value in summary(found).items():
        print(f"{name}: {value:,.4g}")  # noqa: T201
    return 0 if about["ratio"] >= WANTED_RATIO and about["peak_mb"] < MOST_MB else 1


if __name__ == "__main__":
    sys.exit(main())
