"""Run a back-test: blocks of origins in processes, one file per origin, resumable.

A killed run goes on where it stopped: every origin's forecasts are written whole,
and a fingerprint of data and settings keeps two runs apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from models.errors import ConfigError, ModelError
from pipelines.atomic import write_parquet, write_text
from pipelines.fund_sharpe.backtest_plan import BacktestPlan
from pipelines.fund_sharpe.contestants import Contest
from pipelines.workers import end_with_parent, environment_for_children

#: Called with (origins done, origins in all).
Progress = Callable[[int, int], None]


def run_origins(plan: BacktestPlan, out: Path, progress: Progress) -> pl.DataFrame:
    """Forecast every origin that has no file yet; return the table of all forecasts.

    Raises ConfigError when `out` holds a run of other data or settings.
    """
    folder = open_run(plan, out)
    files = {origin: folder / f"{plan.panel.periods[origin]}.parquet" for origin in plan.origins}
    todo = [block for block in plan.blocks if not all(files[o].is_file() for o in block)]

    def report() -> None:
        progress(sum(file.is_file() for file in files.values()), len(files))

    report()
    # The newest blocks have most to train on: started first, they all end together.
    if min(plan.settings.workers, len(todo)) > 1:
        _run_in_processes(plan, files, todo[::-1], report)
    elif todo:
        contest = Contest(plan)
        for block in todo:
            run_block(contest, files, block, report)
    return pl.concat([pl.read_parquet(files[origin]) for origin in plan.origins])


def open_run(plan: BacktestPlan, out: Path) -> Path:
    """Make or find the folder of a run's files in `out`; another run's is refused."""
    folder, stamp = out / "origins", out / "origins" / "run.json"
    mine = {"fingerprint": plan.fingerprint()}
    if stamp.is_file() and json.loads(stamp.read_text("utf-8")) != mine:
        raise ConfigError(
            f"{out}: holds a back-test of other data or settings; give another --out, "
            f"or remove {folder} to begin again"
        )
    write_text(stamp, json.dumps(mine))
    return folder


def run_block(
    contest: Contest, files: Mapping[int, Path], block: Sequence[int], report: Callable[[], None]
) -> None:
    """Fit the networks at the block's first origin; forecast those that have no file."""
    contest.fit(block[0])
    for origin in block:
        if not files[origin].is_file():
            write_parquet(files[origin], contest.forecast(origin))
            report()


def _run_in_processes(
    plan: BacktestPlan,
    files: Mapping[int, Path],
    blocks: Sequence[Sequence[int]],
    report: Callable[[], None],
) -> None:
    workers = min(plan.settings.workers, len(blocks))
    context = get_context("spawn")
    with (
        environment_for_children(),
        ProcessPoolExecutor(workers, context, initializer=_start, initargs=(plan, files)) as pool,
    ):
        jobs = {pool.submit(_work, block) for block in blocks}
        while jobs:
            done, jobs = wait(jobs, timeout=1.0, return_when=FIRST_EXCEPTION)
            report()
            for job in done:
                job.result()


#: What a worker process holds between its blocks.
_worker: tuple[Contest, Mapping[int, Path]] | None = None


def _start(plan: BacktestPlan, files: Mapping[int, Path]) -> None:
    global _worker
    end_with_parent()
    _worker = (Contest(plan), files)


def _work(block: Sequence[int]) -> None:
    if _worker is None:
        raise ModelError("a back-test worker was used before it was started")
    contest, files = _worker
    run_block(contest, files, block, lambda: None)
