"""`halyard data signatures`: what happened in a trailing window, and in which order, as columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError

if TYPE_CHECKING:
    pass

_ENDINGS = (".csv", ".parquet")


def signatures(
    data: Annotated[Path, typer.Option("--data", help="CSV or Parquet, one row per time.")],
    output: Annotated[Path, typer.Option("--output", help="Where to write: .csv or .parquet.")],
    value: Annotated[
        list[str], typer.Option("--value", help="Column of numbers; repeat for several channels.")
    ],
    series: Annotated[
        str | None, typer.Option(help="Column of names, if the file holds several series.")
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="Column of dates or numbers [order of the rows].")
    ] = None,
    rows: Annotated[int | None, typer.Option(help="Rows of a window.")] = None,
    span: Annotated[
        str | None,
        typer.Option(help="Its length in time instead: 90d, 12h, 30min, 2w, or a number."),
    ] = None,
    steps: Annotated[
        bool, typer.Option("--steps", help="The values are steps of the path, as returns are.")
    ] = False,
    scale: Annotated[
        list[str] | None, typer.Option("--scale", help="NAME=UNIT: divide a column; repeat.")
    ] = None,
    depth: Annotated[int, typer.Option(help="Levels of the signature.")] = 3,
    clock: Annotated[
        bool, typer.Option("--clock/--no-clock", help="Add time as a channel.")
    ] = True,
    base_point: Annotated[
        bool, typer.Option("--base-point/--no-base-point", help="Begin every path at zero.")
    ] = True,
    lead_lag: Annotated[
        bool, typer.Option("--lead-lag", help="Add a lagging copy of each channel: roughness.")
    ] = False,
    log: Annotated[bool, typer.Option("--log", help="The log-signature: fewer columns.")] = False,
    dyadic: Annotated[
        int, typer.Option(help="2 adds the halves of each window, 3 its quarters.")
    ] = 1,
) -> None:
    """Write the signature of the window that ends at each row; nothing later reaches it.

    Rows whose window is not full yet are left out. A column is called after the word of its
    channels, e.g. sig.time.ret.

    \b
    Example:
      halyard data signatures --data returns.csv --series fund --time month --value ret \\
          --rows 36 --steps --lead-lag --no-clock --depth 2 --output features.parquet
    """
    from models.transforms.path_features import PathKind
    from pipelines.datasets.signature_features import signature_features
    from pipelines.datasets.signature_settings import SignatureWindows
    from pipelines.datasets.signature_table import parse_span, read_signature_table
    from service.commands.data_tables import write_table

    if output.suffix.lower() not in _ENDINGS:
        raise ConfigError(
            f"--output: expected a name that ends in .csv or .parquet, got {str(output)!r}"
        )
    if output.resolve() == data.resolve():
        raise ConfigError(f"--output: {output} is the file itself; give another name")
    ask = SignatureWindows(
        tuple(value),
        series=series,
        time=time,
        rows=rows,
        span=None if span is None else parse_span(span),
        steps=steps,
        scale=dict(_unit(text) for text in scale or ()),
        kind=PathKind(depth, clock, base_point, lead_lag, log, dyadic),
    )
    table = read_signature_table(data, ask.values, series, time)
    found = signature_features(table, ask, str(data))
    names = ask.kind.names(ask.values)
    full = found.drop_nulls(names[:1])
    write_table(full, output)
    typer.echo(
        f"{output}: {full.height} rows of {len(names)} features; {table.height - full.height} "
        "rows left out, their window is not full"
    )


def _unit(text: str) -> tuple[str, float]:
    name, _, unit = text.rpartition("=")
    try:
        return name, float(unit)
    except ValueError as error:
        raise ConfigError(f"--scale: expected NAME=UNIT such as ret=0.05, got {text!r}") from error
