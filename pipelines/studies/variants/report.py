"""What the study leaves: a page, a summary as JSON, and two pictures for each task."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure

from models.cells.peephole_lstm import VARIANTS
from models.errors import ConfigError
from pipelines.atomic import write_atomic, write_text
from pipelines.provenance import provenance
from pipelines.studies.variants.analysis import (
    TaskResult,
    Trials,
    analysed,
    settings_in,
    together,
)
from pipelines.studies.variants.figures import marginals_figure, variants_figure
from pipelines.studies.variants.kept import kept_variants, read_made, read_trials, trials_file
from pipelines.studies.variants.page import study_page
from pipelines.studies.variants.search import Task
from pipelines.studies.variants.tasks import find_tasks
from pipelines.tuning.importance import FEWEST


def write_study(out: Path) -> Iterator[str]:
    """Analyse all trials that the folder has; says what was found, a line for each task.

    Tasks and variants of an earlier run stay on the page. Raises ConfigError when no task has
    enough trials.
    """
    results = []
    for task in find_tasks([]):
        found = _kept(out, task, rescaled=True)
        # Variants share their settings: nine of them tell no more of what settings do than one.
        count = settings_in(found)
        if count >= FEWEST:
            result = analysed(
                task.name,
                task.unit,
                found,
                plain=_kept(out, task, rescaled=False),
                made=read_made(out, task.name),
            )
            results.append(result)
            _draw(result, out)
            yield _said(result)
        elif count:
            yield f"{task.name}: {count} settings are too few to say what matters, {FEWEST} are not"
    if not results:
        raise ConfigError(
            f"{out}: expected {FEWEST} or more settings of a task, made without --plain; give more "
            "--trials"
        )
    write_text(out / "README.md", study_page(results))
    summary = {"tasks": [one.to_json() for one in results], "provenance": provenance()}
    write_text(out / "summary.json", json.dumps(summary, indent=1) + "\n")
    yield f"wrote {out / 'README.md'}"


def _kept(out: Path, task: Task, *, rescaled: bool) -> dict[str, Trials]:
    """Variant -> its trials in their order: those of the paper first, in its order."""
    found = kept_variants(out, task.name, rescaled=rescaled)
    order = [name for name in VARIANTS if name in found] + sorted(found - VARIANTS.keys())
    return {
        name: list(read_trials(trials_file(out, task.name, name, rescaled=rescaled)).values())
        for name in order
    }


def _said(result: TaskResult) -> str:
    shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in result.shares.items())
    worse = [one.variant for one in result.variants if one.differs]
    return (
        f"{result.task}: {shares}, several together {100 * together(result.shares):.1f} % of the "
        f"variance; unlike the vanilla cell: {', '.join(worse) or 'none'}"
    )


def _draw(result: TaskResult, out: Path) -> None:
    for name, figure in (
        ("variants", variants_figure(result)),
        ("marginals", marginals_figure(result)),
    ):
        _write(figure, out / f"{result.task}-{name}.png")


def _write(figure: Figure, file: Path) -> None:
    write_atomic(file, lambda stream: figure.savefig(stream, format="png", dpi=110))
