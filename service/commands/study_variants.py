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
        list[str] | None,
        typer.Option("--variant", "--variants", help="A backbone; may be repeated [all nine]."),
    ] = None,
    trials: Annotated[int, typer.Option(min=3, help="Trials of each variant and task.")] = 200,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the training at most [the task's].")
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Do not multiply the learning rate by (1 - momentum).")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws and of the networks.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder of trials, pictures and the page.")] = KEPT,
) -> None:
    """Search at random in the odyssey's four parameters for every variant, and say what matters.

    A study that was stopped goes on where it was; a larger --trials goes on from there. Trials
    with --plain are kept beside the others, to show what the multiplication is good for.

    \b
    Example:
      halyard study variants --task mackey_glass --trials 20 --workers 2 --out variants
    """
    from models.backbones.catalogue import BACKBONES
    from models.cells.peephole_lstm import VARIANTS
    from models.errors import ConfigError
    from pipelines.studies.variants.kept import Design
    from pipelines.studies.variants.report import write_study
    from pipelines.studies.variants.tasks import TASKS
    from pipelines.studies.variants.trials import run_trials
    from service.commands.progress_bars import part_bar

    unknown = [name for name in variant or () if name not in BACKBONES]
    if unknown:
        raise ConfigError(
            f"--variant: no backbone called {unknown[0]!r}; known: {', '.join(BACKBONES)}"
        )
    tasks, names = task or list(TASKS), variant or list(VARIANTS)
    design = Design(seed, not plain, epochs)
    with part_bar("trials", rate=True) as advance:
        run_trials(tasks, names, trials, out, design=design, workers=workers, progress=advance)
    for line in write_study(out):
        typer.echo(line)
