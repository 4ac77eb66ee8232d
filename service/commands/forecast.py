"""`halyard forecast`: forecast every fund of a file and write one table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError
from pipelines.registry import FUND_SHARPE
from service.commands.panel_options import PanelOptions, takes_panel

if TYPE_CHECKING:
    from pipelines.fund_sharpe.forecasting import PanelForecast
    from pipelines.registry import StoredModel

_ENDINGS = (".csv", ".parquet")


@takes_panel
def forecast(
    target: Annotated[str, typer.Argument(help="What to forecast: fund-sharpe.")],
    panel: PanelOptions,
    out: Annotated[
        Path, typer.Option("--out", help="Table to write: .csv or .parquet; rejects go beside it.")
    ],
    horizons: Annotated[
        str | None, typer.Option(help="Months ahead, such as 6,12 [all of the model].")
    ] = None,
    model: Annotated[
        str, typer.Option(help="Stored version: champion, latest or NAME:VERSION.")
    ] = "champion",
) -> None:
    """Forecast every fund of a file at its newest month.

    Writes one row per fund, target and horizon, with intervals. Funds that cannot be
    forecast are written beside it, to <out>.rejects.csv, each with the reason.

    \b
    Example:
      halyard forecast fund-sharpe --data returns.parquet --risk-free bills.csv --out next.csv
    """
    from models.fund_sharpe import from_state
    from pipelines import registry
    from pipelines.fund_sharpe.forecasting import forecast_panel
    from service.commands.models import find

    if target != FUND_SHARPE:
        raise ConfigError(f"nothing called {target!r} to forecast; there is: {FUND_SHARPE}")
    _check_target(out, panel.data)
    stored = find(model)
    forecaster = from_state(registry.load_state(stored))
    chosen = _chosen(horizons, forecaster.horizons)
    made = forecast_panel(forecaster, panel.open().panel)
    _write(made, chosen, stored, out)
    _tell(made, stored, forecaster.trained_until, out)


def rejects_file(out: Path) -> Path:
    """Where the funds without a forecast are written."""
    return out.with_suffix(".rejects.csv")


def _check_target(out: Path, data: Path | None) -> None:
    if out.suffix.lower() not in _ENDINGS:
        raise ConfigError(f"--out: expected a name that ends in .csv or .parquet, got {str(out)!r}")
    if data is not None and out.resolve() == data.resolve():
        raise ConfigError(f"--out: {out} is the data itself; give another name, so that it is kept")


def _chosen(text: str | None, known: Sequence[int]) -> list[int]:
    if text is None:
        return list(known)
    words = [word.strip() for word in text.split(",")]
    wrong = [word for word in words if word not in map(str, known)]
    if wrong:
        listed = ",".join(map(str, known))
        raise ConfigError(
            f"--horizons: expected some of {listed}, as the model has, got {wrong[0]!r}"
        )
    return [int(word) for word in words]


def _write(made: PanelForecast, horizons: Sequence[int], stored: StoredModel, out: Path) -> None:
    import polars as pl

    from service.commands.data_tables import write_table

    table = made.forecasts.filter(pl.col("horizon").is_in(list(horizons))).with_columns(
        pl.lit(stored.name).alias("model"),
        pl.lit(stored.version).alias("version"),
        pl.lit(made.market).alias("market"),
    )
    write_table(table, out)
    rejects = rejects_file(out)
    # An old list beside a new table would be believed.
    if made.rejects.height:
        write_table(made.rejects, rejects)
    else:
        rejects.unlink(missing_ok=True)


def _tell(made: PanelForecast, stored: StoredModel, trained_until: str, out: Path) -> None:
    from pipelines.fund_sharpe.forecasting import FROM_FILE

    typer.echo(f"{out}: {made.funds} funds by {stored.tag}, trained on data to {trained_until}")
    if made.market == FROM_FILE:
        typer.echo("Market-wide series: computed from the file, which goes past the training.")
    else:
        typer.echo("Market-wide series: those of training; later months hold its last values.")
    if made.rejects.height:
        typer.echo(f"{rejects_file(out)}: {made.rejects.height} funds without a forecast:")
        counts = made.rejects["reason"].str.replace(", got .*", "").value_counts(sort=True)
        for reason, number in counts.head(5).iter_rows():
            typer.echo(f"  {number} x {reason}")
