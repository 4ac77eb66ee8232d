"""A million funds through the whole batch job, against the bare networks on ready windows.

    python -m benchmarks.batch_funds [--series 1000000]

The funds are block-bootstrapped from the embedded portfolios: about 120 months each, to half a
year past the model's training, so that the market is computed from the input too. Both sides use
the same two processes, model, and number of rows per forward pass; the networks have nothing
to read, prepare or write. Writes benchmarks/results/batch_funds.json.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results" / "batch_funds.json"
WORKERS, MONTHS, BLOCK, MEMORY_MB = 2, 120, 12, 1500
#: Funds written at a time; a row group each.
CHUNK = 10_000
#: Funds of the side without the job, and how often they are forecast.
BARE_FUNDS, BARE_TURNS = 8_192, 6


@dataclass(frozen=True)
class Rate:
    """Funds per second, and seconds of a processor for each fund, which other users of the
    machine hardly change."""

    per_second: float
    cpu_seconds: float


def write_funds(path: Path, series: int, last: int, seed: int = 0) -> None:
    """Long rows of block-bootstrapped funds that end at `last`, as `month_index`."""
    import polars as pl
    import pyarrow.parquet as pq

    from pipelines.datasets.sources import embedded_panel

    panel = embedded_panel()
    draw = np.random.default_rng(seed)
    months = [f"{m // 12}-{m % 12 + 1:02d}-01" for m in range(last - MONTHS + 1, last + 1)]
    dates = pl.Series(months).str.to_date()
    writer = None
    for first in range(0, series, CHUNK):
        count = min(CHUNK, series - first)
        returns = _bootstrapped(panel.excess, count, draw)
        names = pl.Series([f"F{i:08d}" for i in range(first, first + count)])
        table = pl.DataFrame(
            {
                "id": names.gather(np.repeat(np.arange(count), MONTHS)),
                "month": dates.gather(np.tile(np.arange(MONTHS), count)),
                "ret": returns.ravel(),
            }
        )
        # A third of the funds begin late, so that lengths differ as they do in a market.
        start = np.where(draw.random(count) < 1 / 3, draw.integers(0, MONTHS // 2, count), 0)
        kept = (np.arange(MONTHS) >= start[:, None]).ravel()
        arrow = table.filter(pl.Series(kept)).to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(path, arrow.schema, compression="zstd")
        writer.write_table(arrow)
    if writer is not None:
        writer.close()


def _bootstrapped(excess: np.ndarray, count: int, draw: np.random.Generator) -> np.ndarray:
    """Funds × MONTHS: blocks of a year, each from one portfolio and time; all share the times."""
    starts = draw.integers(0, excess.shape[1] - BLOCK, MONTHS // BLOCK)
    times = (starts[:, None] + np.arange(BLOCK)).ravel()
    source = draw.integers(0, excess.shape[0], (count, MONTHS // BLOCK)).repeat(BLOCK, axis=1)
    noise = draw.normal(0.0, 0.01, (count, MONTHS))
    return np.asarray(excess[source, times] + noise)


def run_job(data: Path, out: Path, model: str, *, watched: bool) -> dict[str, Any]:
    """Run the command as an operator does; its seconds, or else what its processes use.

    watched   look at memory and processor ten times a second, which takes time of its own
    """
    words = [sys.executable, "-m", "service.cli", "forecast", "fund-sharpe", "--model", model]
    words += ["--input", str(data), "--output", str(out), "--workers", str(WORKERS)]
    words += ["--memory-mb", str(MEMORY_MB)]
    begun = time.monotonic()
    log = out.with_suffix(".log")
    with log.open("w") as file:
        process = subprocess.Popen(words, stdout=file, stderr=subprocess.STDOUT)
        watch = Watch(process.pid) if watched else None
        code = process.wait()
    seconds = time.monotonic() - begun
    if code not in (0, 3):
        raise SystemExit(f"the job ended with {code}: {log.read_text()}")
    if watch is not None:
        watch.stop()
        return {"cpu_seconds": watch.cpu_seconds, "peak_mb": watch.peak_mb}
    return {"seconds": seconds} | _phases(out, begun_at=time.time() - seconds)


def _phases(out: Path, begun_at: float) -> dict[str, float]:
    """Seconds before the first shard was begun, as far as the files tell, and of the shards."""
    parts = sorted(path.stat().st_mtime for path in out.glob("part-*.parquet"))
    rows = json.loads((out / "_manifest.json").read_text("utf-8"))["shards"][0]["rows"]
    return {
        "first_part_after": parts[0] - begun_at,
        "last_part_after": parts[-1] - begun_at,
        "funds_of_first": rows / 10,
    }


class Watch:
    """Watches a process and its descendants, ten times a second.

    peak_mb      largest memory of all together; what they share counts once (proportional
                 set size)
    cpu_seconds  of all, as last seen
    """

    def __init__(self, pid: int, every: float = 0.1) -> None:
        self.peak_mb = 0.0
        self._pid, self._every = pid, every
        self._cpu: dict[int, float] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._done.set()
        self._thread.join()

    @property
    def cpu_seconds(self) -> float:
        return sum(self._cpu.values())

    def _watch(self) -> None:
        while not self._done.wait(self._every):
            family = _family(self._pid)
            self.peak_mb = max(self.peak_mb, round(sum(map(_memory_mb, family)), 1))
            for pid in family:
                self._cpu[pid] = max(self._cpu.get(pid, 0.0), _cpu_seconds(pid))


def _family(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
        except OSError:
            continue
        waiting += [int(child) for child in children]
    return found


def _memory_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bare_rate(model: str, own: bool = False) -> Rate:
    """Funds per second of all networks together, in as many processes, on ready windows.

    own   with this project's faster inference of GRUs; else with torch's modules as they are
    """
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(WORKERS)
    queue: Any = context.Queue()
    workers = [
        context.Process(target=_bare, args=(model, own, gate, queue)) for _ in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    seconds = [queue.get() for _ in workers]
    for worker in workers:
        worker.join()
    funds = BARE_FUNDS * BARE_TURNS
    wall, used = (max(each) for each in zip(*seconds, strict=True))
    return Rate(WORKERS * funds / wall, used / funds)


def _bare(model: str, own: bool, gate: Any, queue: Any) -> None:
    import torch

    from models.backbones import recurrent
    from models.forecasters.batches import BatchSource
    from models.fund_sharpe import from_state
    from models.transforms.fund_windows import network_windows
    from pipelines.batch.fund_rows import FUNDS
    from pipelines.registry import find_model, load_state

    torch.set_num_threads(1)
    if not own:
        recurrent.FEWEST_ROWS = sys.maxsize
    forecaster = from_state(load_state(find_model(model)))
    inner = forecaster.model
    draw = np.random.default_rng(0)
    excess = draw.normal(0.006, 0.04, (BARE_FUNDS, MONTHS))
    times = np.arange(MONTHS) + inner.fitted.market.length - MONTHS
    features = inner.newest_features(
        excess, inner.fitted.market.stretch(times), inner.fitted.ratios[times]
    )
    newest = features.times - 1
    windows = network_windows(
        features,
        np.arange(BARE_FUNDS),
        np.full(BARE_FUNDS, newest),
        features.times,
        inner.config.lookback,
    )
    ready = []
    for networks in inner.fitted.members.values():
        for network in networks:
            module, scaling = network.network_and_scaling()
            ready.append((module, list(BatchSource(windows, scaling).in_order(FUNDS))))
    with torch.inference_mode():
        for module, batches in ready:
            module(batches[0])
        gate.wait()
        begun, used = time.perf_counter(), time.process_time()
        for _ in range(BARE_TURNS):
            for module, batches in ready:
                for batch in batches:
                    module(batch)
        queue.put((time.perf_counter() - begun, time.process_time() - used))


def main() -> None:
    """Measure and write the figures."""
    from benchmarks.timing import machine
    from models.fund_sharpe import from_state
    from pipelines.environment import ensure_environment
    from pipelines.months import month_index
    from pipelines.provenance import provenance
    from pipelines.registry import find_model, load_state

    ensure_environment()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", default="champion")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    stored = find_model(given.model)
    until = month_index(from_state(load_state(stored)).trained_until)
    with TemporaryDirectory(prefix="halyard-funds-") as folder:
        data, out = Path(folder) / "funds.parquet", Path(folder) / "forecasts"
        write_funds(data, given.series, until + 6)
        turns: list[tuple[dict[str, Any], Rate]] = []
        for _ in range(given.repeats):
            bare = bare_rate(stored.tag)
            turns.append((run_job(data, out, stored.tag, watched=False), bare))
            size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
            shutil.rmtree(out)
        used = run_job(data, out, stored.tag, watched=True)
    own = bare_rate(stored.tag, own=True)
    found = _figures(given.series, turns, used, own)
    about = {
        "what": "funds of about 120 months, two targets at five horizons, nine quantiles",
        "model": stored.tag,
        "series": given.series,
        "workers": WORKERS,
        **found,
        "output_bytes_per_series": round(size / given.series, 1),
        "machine": machine(),
        "provenance": provenance(),
    }
    given.out.write_text(json.dumps(about, indent=1) + "\n")
    print(json.dumps(about, indent=1))  # noqa: T201


def _figures(
    series: int, turns: list[tuple[dict[str, Any], Rate]], used: dict[str, Any], own: Rate
) -> dict[str, Any]:
    """Medians over turns, each of a run of the job and the networks measured just before it."""

    def middle(values: list[float], digits: int) -> float:
        return round(statistics.median(values), digits)

    cpu = used["cpu_seconds"] / series
    bare_cpu = statistics.median(bare.cpu_seconds for _, bare in turns)
    return {
        "seconds": middle([job["seconds"] for job, _ in turns], 2),
        "seconds_to_first_part": middle([job["first_part_after"] for job, _ in turns], 2),
        "series_per_second": middle([series / job["seconds"] for job, _ in turns], 1),
        "bare_series_per_second": middle([bare.per_second for _, bare in turns], 1),
        "ratio": middle([series / job["seconds"] / bare.per_second for job, bare in turns], 3),
        "ratio_after_start": middle(
            [_later(series, job) / bare.per_second for job, bare in turns], 3
        ),
        "ratios": [round(series / job["seconds"] / bare.per_second, 3) for job, bare in turns],
        "cpu_microseconds_per_series": round(1e6 * cpu, 2),
        "bare_cpu_microseconds_per_series": round(1e6 * bare_cpu, 2),
        "cpu_ratio": round(bare_cpu / cpu, 3),
        "bare_own_gru_series_per_second": round(own.per_second, 1),
        "cpu_ratio_to_own_gru": round(own.cpu_seconds / cpu, 3),
        "peak_mb": used["peak_mb"],
    }


def _later(series: int, job: dict[str, Any]) -> float:
    """Funds per second from the end of the first shard to that of the last."""
    steady = job["last_part_after"] - job["first_part_after"]
    return float((series - job["funds_of_first"]) / steady) if steady > 1 else float("nan")


if __name__ == "__main__":
    main()
