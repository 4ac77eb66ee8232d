"""How fast a batch of orbit points is, beside the emulator's own query on the same cores.

    python -m benchmarks.batch_points [--points 10000000] [--model thermosphere-density:champion]

The points are a night's work: many satellites, a day each, in a folder of Parquet files. Two
figures, each of two processes, in turn:

- kernel: one call of `DensityEmulator.density` on arrays that are ready, with the mean, standard
  deviation and quantiles in kg/m3 of every point; nothing is read, checked or written. The same
  in calls as small as a shard, whose arrays stay in the cache, is `kernel_small_rate`;
- batch: the whole job (read, check, ask, write, checksum, manifest).

`ratio` compares rates from the moment that both processes are loaded; `ratio_whole` from the
command on, when both also pay for starting Python and loading the emulator.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pipelines.environment import ensure_environment

if __name__ == "__main__":
    # Before torch is imported: it reads its threads from the environment, once.
    ensure_environment()

import polars as pl

from benchmarks.batch_points_job import PROCESSES, Line
from benchmarks.process_tree import PeakMemory
from benchmarks.satellite_days import write_satellite_days
from benchmarks.timing import machine, median_ratio
from models.emulators.emulator import Points
from pipelines.batch.density_opening import DEMAND
from pipelines.batch.memory import MEMORY_MB
from pipelines.batch.thermosphere_density import LEVELS, DensityJob
from pipelines.datasets.space_weather.table import EMBEDDED
from pipelines.registry import StoredModel

RESULTS = Path(__file__).parent / "results" / "batch_points.json"
#: What the batch has to reach, and MB that it must stay below.
WANTED_RATIO, MOST_MB = 0.70, float(MEMORY_MB)
Seconds = dict[str, float]


def run_job(stored: StoredModel, points: Path, folder: Path) -> Seconds:
    """Seconds of the whole batch in processes of its own, its memory, and bytes per point."""
    words = ["-m", "benchmarks.batch_points_job", str(stored.folder), str(points), str(folder)]
    with (
        subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True) as process,
        PeakMemory(process.pid) as memory,
    ):
        printed, _ = process.communicate()
    found: Seconds = json.loads(printed)
    return {**found, "peak_mb": memory.peak_mb}


def run_kernel(stored: StoredModel, points: Path, folder: Path) -> Seconds:
    """Seconds of the queries alone, of the slower process; to read points is in no figure."""
    began = time.time()
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        turns = [
            pool.submit(query, stored, points, place, folder / "line") for place in range(PROCESSES)
        ]
        whole, small, read = (max(each) for each in zip(*(t.result() for t in turns), strict=True))
    return {"work": whole, "small": small, "whole": time.time() - began - read - small}


def query(stored: StoredModel, folder: Path, place: int, line: Path) -> tuple[float, float, float]:
    """Seconds to ask for a share of the points, at once and in small parts, and to read them."""
    from pipelines.batch.density_answers import Answers

    answers = Answers.load(DensityJob(stored, EMBEDDED))
    began = time.time()
    lazy = pl.scan_parquet(folder)
    share = -(-lazy.select(pl.len()).collect().item() // PROCESSES)
    table = lazy.slice(place * share, share).collect()
    points = Points(
        table["epoch"].to_numpy(),
        *(table[n].to_numpy().copy() for n in ("latitude", "longitude", "height")),
    )
    del table
    path = next(answers.spells[0].groups(_part(points, slice(1000))))[0].path
    answers.emulator.density(path, _part(points, slice(1000)))
    read = time.time() - began
    spans = []
    for name, size in (("whole", len(points)), ("small", DEMAND.most_rows)):
        line.with_name(f"{line.name}-{name}").mkdir(exist_ok=True)
        Line(line.with_name(f"{line.name}-{name}")).wait(str(place))
        start = time.time()
        for first in range(0, len(points), size):
            density = answers.emulator.density(path, _part(points, slice(first, first + size)))
            _ = density.mean_density, density.std_density, density.quantiles(LEVELS)
        spans.append(time.time() - start)
    return spans[0], spans[1], read


def _part(points: Points, rows: slice) -> Points:
    return replace(
        points,
        time=points.time[rows],
        latitude=points.latitude[rows],
        longitude=points.longitude[rows],
        height=points.height[rows],
    )


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
        "kernel_small_rate": points / statistics.median(seconds("kernel", "small")),
        "ratio": median_ratio(seconds("kernel", "work"), seconds("batch", "work")),
        "ratio_small": median_ratio(seconds("kernel", "small"), seconds("batch", "work")),
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
