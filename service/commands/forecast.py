"""`halyard forecast`: batch forecasts of any size, by either model."""

from __future__ import annotations

import typer

from service.commands.forecast_density import forecast as thermosphere_density
from service.commands.forecast_fund_sharpe import forecast as fund_sharpe

app = typer.Typer(
    help="Forecast all funds, or all orbit points, of files or a database.", rich_markup_mode=None
)
app.command("fund-sharpe")(fund_sharpe)
app.command("thermosphere-density")(thermosphere_density)
