"""`halyard study variants`: what in an LSTM matters, by the design of the search space odyssey."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

#: Where results lie that the repository keeps.
KEPT = Path("docs/studies/variants")


def variants(
    task: Annotated[
        list[str] | None,
        typer.Option(help="jsb, mackey_glass, fund or density; may be repeated [all]."),
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(help="A recurrent backbone; may be repeated [all nine].")
    ] = None,
    trials: Annotated[int, typer.Option(min=3, help="Trials of each variant and task.")] = 200,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws and of the networks.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder of trials, pictures and the page.")] = KEPT,
) -> None:
    """Search at random in the odyssey's four parameters for every variant, and say what matters.

    A study that was stopped goes on where it was; a larger --trials goes on from there.

    \b
    Example:
      halyard study variants --task mackey_glass --trials 20 --workers 2 --out variants
    """
    from models.cells.peephole_lstm import VARIANTS
    from pipelines.studies.variants.report import write_study
    from pipelines.studies.variants.tasks import TASKS
    from pipelines.studies.variants.trials import run_trials
    from service.commands.progress_bars import part_bar

    tasks, names = task or list(TASKS), variant or list(VARIANTS)
    with part_bar("trials") as advance:
        run_trials(tasks, names, trials, out, workers=workers, seed=seed, progress=advance)
    for line in write_study(tasks, names, out):
        typer.echo(line)
