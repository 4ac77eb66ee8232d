"""What the study leaves: a page, a summary as JSON, and two pictures for each task."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from pipelines.atomic import write_atomic, write_text
from pipelines.provenance import provenance
from pipelines.studies.variants.analysis import TaskResult, analysed
from pipelines.studies.variants.figures import marginals_figure, variants_figure
from pipelines.studies.variants.page import study_page
from pipelines.studies.variants.tasks import find_tasks
from pipelines.studies.variants.trials import read_trials, trials_file


def write_study(tasks: Sequence[str], variants: Sequence[str], out: Path) -> Iterator[str]:
    """Analyse the trials that are there; says what was found, a line for each task.

    Raises ConfigError when a task has too few trials.
    """
    results = []
    for task in find_tasks(tasks):
        kept = {name: read_trials(trials_file(out, task.name, name)) for name in variants}
        found = {
            name: [trials[n] for n in sorted(trials)] for name, trials in kept.items() if trials
        }
        result = analysed(task.name, task.unit, found)
        results.append(result)
        _draw(result, out)
        first = next(iter(result.importances.items()))
        yield f"{task.name}: {first[0]} explains {100 * first[1]:.0f} % of the variance alone"
    words = " ".join(f"--task {task}" for task in tasks)
    command = f"halyard study variants {words} --trials {_most(results)}"
    write_text(out / "README.md", study_page(results, command))
    summary = {"tasks": [one.to_json() for one in results], "provenance": provenance()}
    write_text(out / "summary.json", json.dumps(summary, indent=1) + "\n")
    yield f"wrote {out / 'README.md'}"


def _most(results: Sequence[TaskResult]) -> int:
    return max(one.trials for result in results for one in result.variants)


def _draw(result: TaskResult, out: Path) -> None:
    for name, figure in (
        ("variants", variants_figure(result)),
        ("marginals", marginals_figure(result)),
    ):
        _write(figure, out / f"{result.task}-{name}.png")


def _write(figure: Figure, file: Path) -> None:
    write_atomic(file, lambda stream: figure.savefig(stream, format="png", dpi=110))
