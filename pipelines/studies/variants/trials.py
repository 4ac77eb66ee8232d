"""Trials of the study, a line each in a file for each task and variant; a stopped one goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.studies.variants.crew import results_of
from pipelines.studies.variants.kept import (
    Design,
    append_trial,
    open_task,
    read_trials,
    trials_file,
)
from pipelines.studies.variants.search import Task, drawn, run_trial
from pipelines.studies.variants.tasks import find_tasks

#: What a trial is: task, variant, number, how it is trained.
Job = tuple[str, str, int, Design]
#: Called with (trials done, trials in all).
Progress = Callable[[int, int], None]


def run_trials(
    tasks: Sequence[str],
    variants: Sequence[str],
    trials: int,
    folder: Path,
    *,
    design: Design | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> None:
    """Do what is not done yet, the first trials of every variant first.

    Raises ConfigError for an unknown task, for trials in `folder` that were made otherwise, and
    while another process works on them; DependencyError when a worker is killed.
    """
    design = design or Design()
    with ExitStack() as held:
        for task in find_tasks(tasks):
            epochs = design.epochs or task.epochs
            held.enter_context(open_task(folder, task.name, design.seed, epochs))
            # What several processes could not make at once, such as fields of density.
            task.prepare()
        total = trials * len(tasks) * len(variants)
        jobs = _waiting(tasks, variants, trials, folder, design)
        for finished, (job, trial) in enumerate(results_of(run_job, jobs, workers), start=1):
            task_name, variant, number, how = job
            file = trials_file(folder, task_name, variant, rescaled=how.rescaled)
            append_trial(file, {"trial": number, **trial})
            if progress is not None:
                progress(total - len(jobs) + finished, total)


def run_job(job: Job) -> dict[str, Any]:
    """One trial: its point, validation and test loss, and epochs."""
    name, variant, number, design = job
    point = drawn(name, number, design.seed, rescaled=design.rescaled)
    return run_trial(_task(name), variant, point, design.seed, epochs=design.epochs)


def _waiting(
    tasks: Sequence[str], variants: Sequence[str], trials: int, folder: Path, design: Design
) -> list[Job]:
    done = {
        (task, variant): set(
            read_trials(trials_file(folder, task, variant, rescaled=design.rescaled))
        )
        for task in tasks
        for variant in variants
    }
    return [
        (task, variant, number, design)
        for task in tasks
        for number in range(trials)
        for variant in variants
        if number not in done[task, variant]
    ]


@cache
def _task(name: str) -> Task:
    """One for each process: its data are made once."""
    return find_tasks([name])[0]
