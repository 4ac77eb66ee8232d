"""`halyard backtest`: judge every model on rolling origins, write a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import ConfigError
from pipelines.registry import FUND_SHARPE, THERMOSPHERE_DENSITY
from service.commands import backtest_density
from service.commands.backtest_density import JUDGING, as_overrides, default_folder
from service.commands.panel_options import MinMonths, PanelOptions, takes_panel
from service.commands.targets import target_group

if TYPE_CHECKING:
    from models.fund_sharpe import FundSharpeConfig
    from pipelines.datasets.funds import LoadedPanel
    from pipelines.fund_sharpe.backtest_plan import BacktestSettings


@dataclass(frozen=True)
class BacktestPanelOptions(PanelOptions):
    """As for the other verbs, but without funds that are too young to judge."""

    min_months: MinMonths = 60


app = target_group("back-test", "Judge models on data that they did not see; write a report.")


@app.command(FUND_SHARPE)
@takes_panel
def backtest_fund_sharpe(
    panel: BacktestPanelOptions,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="key=value: a setting of the model (members=2), or of the back-test "
            "(backtest.step=1, backtest.sample=50)."
        ),
    ] = None,
    window: Annotated[int | None, typer.Option(help="Months of the Sharpe ratio [12].")] = None,
    horizons: Annotated[
        str | None, typer.Option(help="Months ahead, with commas [6,9,12,18,24].")
    ] = None,
    origins: Annotated[
        int | None, typer.Option(help="Most forecast origins, the newest ones [40].")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Processes [2].")] = None,
    seed: Annotated[int | None, typer.Option(help="Of networks, samples and tests [0].")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the results [HALYARD_HOME/backtests/fund-sharpe]."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A first report in minutes: fewer funds and origins.")
    ] = False,
) -> None:
    """Back-test LSTM, GRU, their ensemble and all baselines on rolling origins.

    Writes metrics.json, forecasts.parquet and report.html; the same command goes on with a
    run that was stopped or killed.

    \b
    Example:
      halyard backtest fund-sharpe --data returns.parquet --risk-free bills.csv --out report
    """
    given = {"window": window, "horizons": _numbers(horizons), "seed": seed}
    config, settings = _settings(given, {"origins": origins, "workers": workers}, overrides or ())
    loaded = panel.open()
    folder = out or default_folder(FUND_SHARPE)
    _run(loaded, config, settings, folder, quick, _remarks(loaded, panel.min_months))


def _settings(
    model: dict[str, Any], judging: dict[str, Any], overrides: Sequence[str]
) -> tuple[FundSharpeConfig, BacktestSettings]:
    """Shipped settings with the options and overrides, checked."""
    from models.fund_sharpe import FundSharpeConfig
    from pipelines.config import load_config
    from pipelines.dataclass_config import load_dataclass
    from pipelines.fund_sharpe.backtest_plan import BacktestSettings

    own = [text.removeprefix(JUDGING) for text in overrides if text.startswith(JUDGING)]
    rest = [text for text in overrides if not text.startswith(JUDGING)]
    judging = {**judging, "seed": model["seed"]}
    return (
        load_dataclass(FundSharpeConfig, "fund_sharpe", [*as_overrides(model), *rest]),
        load_config(BacktestSettings, "backtest", [*as_overrides(judging), *own]),
    )


def _numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise ConfigError(
            f"--horizons: expected whole numbers with commas, like 6,12,24; got {text!r}"
        ) from error


def _run(
    loaded: LoadedPanel,
    config: FundSharpeConfig,
    settings: BacktestSettings,
    out: Path,
    quick: bool,
    remarks: tuple[str, ...],
) -> None:
    from pipelines.fund_sharpe import judging
    from pipelines.fund_sharpe.backtest_plan import make_plan
    from pipelines.fund_sharpe.backtest_plan import quick as make_quick
    from service.commands.progress_bars import part_bar

    config = replace(config, periods_per_year=loaded.panel.periods_per_year)
    if quick:
        settings, config = make_quick(settings, config)
    plan = make_plan(loaded.panel, config, settings)
    typer.echo(
        f"{len(plan.panel.ids)} funds, {len(plan.origins)} origins from "
        f"{plan.panel.periods[plan.origins[0]]} to {plan.panel.periods[plan.origins[-1]]}; "
        f"results in {out}",
        err=True,
    )
    with part_bar("forecasting origins") as advance:
        results = judging.backtest_fund_sharpe(plan, out, advance, remarks)
    typer.echo(results.text)
    typer.echo(results.verdict.text)
    for name, file in results.files.items():
        typer.echo(f"{name}: {file}")


def _remarks(loaded: LoadedPanel, min_months: int) -> tuple[str, ...]:
    """What was left out, found and repaired in the file."""
    remarks = []
    if min_months:
        remarks.append(
            f"Funds with fewer than {min_months} months in the whole file were left out. That "
            "looks ahead, since a fund that closed young is not there even before it closed; "
            "--min-months 0 keeps all."
        )
    if loaded.actions:
        remarks.append(f"{len(loaded.actions)} repairs were made to the data (--clean).")
    if loaded.findings:
        remarks.append(
            f"{len(loaded.findings)} warnings about the data; the first: {loaded.findings[0]}."
        )
    return tuple(remarks)


app.command(THERMOSPHERE_DENSITY)(backtest_density.backtest_density)
