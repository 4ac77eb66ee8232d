"""Trials of the study, a line each in a file for each task and variant; a stopped one goes on."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.studies.variants.search import Task, drawn, run_trial
from pipelines.studies.variants.tasks import find_tasks

#: What a trial is: task, variant, number.
Job = tuple[str, str, int]
#: Called with (trials done, trials in all).
Progress = Callable[[int, int], None]


def trials_file(folder: Path, task: str, variant: str) -> Path:
    """Where the trials of a variant are kept."""
    return folder / "trials" / f"{task}-{variant}.jsonl"


def read_trials(file: Path) -> dict[int, dict[str, Any]]:
    """Trial by number. A last line that a kill cut short counts as not there."""
    found: dict[int, dict[str, Any]] = {}
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        try:
            trial = json.loads(line)
        except ValueError:
            continue
        found[int(trial["trial"])] = trial
    return found


def run_trials(
    tasks: Sequence[str],
    variants: Sequence[str],
    trials: int,
    folder: Path,
    *,
    workers: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
) -> None:
    """Do what is not done yet, the first trials of every variant first.

    Raises ConfigError for an unknown task.
    """
    for task in find_tasks(tasks):
        # What several processes could not make at once, such as fields of density.
        task.prepare()
    done = {
        (task, variant): set(read_trials(trials_file(folder, task, variant)))
        for task in tasks
        for variant in variants
    }
    jobs: list[Job] = [
        (task, variant, number)
        for task in tasks
        for number in range(trials)
        for variant in variants
        if number not in done[task, variant]
    ]
    total = trials * len(done)
    for finished, (job, trial) in enumerate(_results(jobs, seed, workers), start=1):
        _keep(trials_file(folder, job[0], job[1]), {"trial": job[2], **trial})
        if progress is not None:
            progress(total - len(jobs) + finished, total)


def _results(jobs: Sequence[Job], seed: int, workers: int) -> Iterator[tuple[Job, dict[str, Any]]]:
    if workers == 1:
        for job in jobs:
            yield job, _one(job, seed)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
        waiting = list(jobs)
        running: dict[Future[dict[str, Any]], Job] = {}
        while waiting or running:
            while waiting and len(running) < 2 * workers:
                job = waiting.pop(0)
                running[pool.submit(_one, job, seed)] = job
            ready, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ready:
                yield running.pop(future), future.result()


def _one(job: Job, seed: int) -> dict[str, Any]:
    return run_trial(_task(job[0]), job[1], drawn(job[0], job[2], seed), seed)


@cache
def _task(name: str) -> Task:
    """One for each process: its data are made once."""
    return find_tasks([name])[0]


def _keep(file: Path, trial: dict[str, Any]) -> None:
    """Append a line, which is on the disk before the next trial is told of."""
    file.parent.mkdir(parents=True, exist_ok=True)
    cut_short = file.is_file() and not file.read_bytes().endswith(b"\n") and file.stat().st_size > 0
    with file.open("a", encoding="utf-8") as out:
        out.write(("\n" if cut_short else "") + json.dumps(trial) + "\n")
        out.flush()
        os.fsync(out.fileno())
