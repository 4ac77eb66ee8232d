"""How much sooner two workers finish a study than one does, and what they cost.

    python -m benchmarks.tuning_workers [--trials 16] [--repeats 3] [--storage postgresql://…]

The study is the real one of `halyard tune fund-sharpe` on the embedded portfolios, with
settings that train fast. Both runs are whole commands, in turn: starting Python, loading
libraries and data, the trials, the summary of the study. Trials are drawn at random, each
from its place, so that one worker and two run the same ones; that is checked.

`ratio` is the median over repeats of seconds of two workers over seconds of one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.environment import ensure_environment, process_environment

if __name__ == "__main__":
    # Before torch is imported: it reads its threads from the environment, once.
    ensure_environment()

from rich.console import Console
from rich.table import Table

from pipelines.config import load_config
from pipelines.tuning.settings import TrialRecord, TuningResult, TuningSettings
from pipelines.tuning.space import SearchSpace

RESULTS = Path(__file__).parent / "results" / "tuning_workers.json"
#: The largest share of one worker's time that two may take.
WANTED = 0.65
#: One epoch of small networks; the rest is searched as shipped.
SHORT = (
    "parameters.epochs.high=1",
    "parameters.layers.high=1",
    "parameters.hidden_size.high=16",
)


def run_study(workers: int, trials: int, out: Path, storage: str | None) -> TuningResult:
    """Run the study in this process, or in workers."""
    from pipelines.tuning.objectives import file_arguments, objective_source
    from pipelines.tuning.run import tune

    settings = TuningSettings(
        study=f"workers-{uuid.uuid4().hex[:8]}",
        trials=trials,
        workers=workers,
        sampler="random",
        pruner="none",
        storage=storage,
    )
    source = objective_source("fund-sharpe", file_arguments({"data": None, "risk_free": None}))
    space = load_config(SearchSpace, "search_space", SHORT)
    return tune(source, space, settings, out)


def timed_command(workers: int, trials: int, storage: str | None) -> dict[str, Any]:
    """Seconds of a whole command, and the trials that it ran."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["--job", folder, "--workers", str(workers), "--trials", str(trials)]
        command = [sys.executable, "-m", "benchmarks.tuning_workers", *words]
        started = time.perf_counter()
        subprocess.run(
            [*command, *(["--storage", storage] if storage else [])],
            check=True,
            env=process_environment(),
        )
        seconds = time.perf_counter() - started
        found = json.loads((Path(folder) / "trials.json").read_text("utf-8"))
    return {"seconds": seconds, "trials": found}


def measure(trials: int, repeats: int, storage: str | None) -> dict[str, Any]:
    """Both commands in turn. Raises RuntimeError when they did not run the same trials."""
    # Not above: this module is the job's as well, which is to load what `halyard tune` does.
    from benchmarks.timing import median_ratio

    runs: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
    for _ in range(repeats):
        for workers, done in runs.items():
            done.append(timed_command(workers, trials, storage))
        if runs[1][-1]["trials"] != runs[2][-1]["trials"]:
            raise RuntimeError("one worker and two did not run the same trials")
    taken = {workers: [run["seconds"] for run in done] for workers, done in runs.items()}
    return {
        "storage": "PostgreSQL" if storage else "SQLite",
        "trials": trials,
        "seconds": {str(workers): [round(s, 2) for s in taken[workers]] for workers in taken},
        "ratio": round(median_ratio(taken[2], taken[1]), 3),
    }


def _told(trials: Sequence[TrialRecord]) -> list[Any]:
    """What the trials were and gave, in an order that does not depend on who was faster."""
    return sorted([sorted(trial.params.items()), trial.value] for trial in trials)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="two tuning workers against one")
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--storage", help="URL of a PostgreSQL database, measured too")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 when a ratio is above what is wanted."""
    options = _options(arguments)
    if options.job is not None:
        result = run_study(options.workers, options.trials, options.job, options.storage)
        (options.job / "trials.json").write_text(json.dumps(_told(result.trials)), "utf-8")
        return 0
    storages = [None, *([options.storage] if options.storage else [])]
    load = round(os.getloadavg()[0], 1)
    studies = [measure(options.trials, options.repeats, storage) for storage in storages]
    from benchmarks.timing import machine

    found = {"machine": {**machine(), "load_average": load}, "studies": studies}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    show(studies)
    return int(max(study["ratio"] for study in studies) > WANTED)


def show(studies: Sequence[dict[str, Any]]) -> None:
    """Print the figures."""
    names = ("storage", "trials", "one worker (s)", "two (s)", "ratio (median)")
    table = Table(*names, box=None, pad_edge=False)
    for study in studies:
        seconds = {each: statistics.median(study["seconds"][each]) for each in ("1", "2")}
        table.add_row(
            study["storage"],
            str(study["trials"]),
            *(f"{seconds[each]:.1f}" for each in ("1", "2")),
            f"{study['ratio']:.3f}",
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
