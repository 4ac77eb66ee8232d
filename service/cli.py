r"""The command line: `halyard <verb>`.

Each verb lives in its own file of `service/commands/`. To add one, import it here
and add a row to `VERBS`; a Typer sub-app (several verbs under one word) works too.
Its docstring ends in an example, kept in shape by a line that holds a lone `\b`.

Exit codes: 0 done; 2 bad input, with one line on stderr that says what to do; 3 done, but for
rows that are listed as rejects, or with drift found; 130 interrupted. Anything else is a defect
and shows its traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.exceptions import Abort, TyperException

from models.errors import HalyardError
from pipelines.environment import ensure_environment
from service.commands import (
    backtest,
    benchmark,
    data,
    drift,
    forecast,
    models,
    monitor,
    outcomes,
    package,
    retrain,
    serve,
    snapshots,
    study,
    train,
    tune,
)

BAD_INPUT = 2
INTERRUPTED = 130

#: Verb -> command function or Typer sub-app, in the order of `halyard --help`.
VERBS: dict[str, Callable[..., Any] | typer.Typer] = {
    "train": train.app,
    "tune": tune.app,
    "backtest": backtest.app,
    "retrain": retrain.app,
    "outcomes": outcomes.app,
    "monitor": monitor.monitor,
    "drift": drift.app,
    "package": package.package,
    "serve": serve.serve,
    "forecast": forecast.app,
    "models": models.app,
    "data": data.app,
    "snapshots": snapshots.app,
    "benchmark": benchmark.app,
    "study": study.app,
}


def build_app() -> typer.Typer:
    """Return the Typer application with every verb of `VERBS`."""
    app = typer.Typer(
        name="halyard",
        help="Forecast fund Sharpe ratios and thermosphere density: train, tune, back-test, serve.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_root)
    for name, verb in VERBS.items():
        if isinstance(verb, typer.Typer):
            app.add_typer(verb, name=name)
        else:
            app.command(name)(verb)
    return app


def _root() -> None:
    """Forecast fund Sharpe ratios and thermosphere density: train, tune, back-test, serve."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line in this process and return its exit code."""
    try:
        app = build_app()
        words = list(arguments) or ["--help"]
        code = app(words, prog_name="halyard", standalone_mode=False)
    except HalyardError as error:
        return _complain(str(error))
    except TyperException as error:
        # Typer's own usage errors: unknown option, missing argument, bad value.
        return _complain(f"{_one_line(error.format_message())} (see halyard --help)")
    except (KeyboardInterrupt, Abort):
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def main() -> None:
    """Entry point of the console script; never returns."""
    ensure_environment()
    sys.exit(run(sys.argv[1:]))


def _complain(message: str) -> int:
    typer.echo(f"halyard: {_one_line(message)}", err=True)
    return BAD_INPUT


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
