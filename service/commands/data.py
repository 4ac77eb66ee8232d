r"""`halyard data`: check a file of fund returns, clean it, describe it, list the known columns."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import ConfigError, DataError
from service.commands import data_orbit_points, data_signatures, data_space_weather
from service.commands import data_tables as tables
from service.commands.panel_options import (
    Clean,
    FileOptions,
    MinMonths,
    RiskFree,
    RiskFreeUnit,
    takes_panel,
)

if TYPE_CHECKING:
    from pipelines.datasets.checking import CheckedReturns
    from pipelines.datasets.findings import Finding

app = typer.Typer(help="Check, clean and describe files of fund returns; keep space weather.")
app.add_typer(data_space_weather.update, name="update")
app.command("space-weather")(data_space_weather.space_weather)
app.command("orbit-points")(data_orbit_points.orbit_points)
app.command("signatures")(data_signatures.signatures)

File = Annotated[Path, typer.Argument(help="CSV or Parquet of returns or NAVs.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
_ENDINGS = (".csv", ".parquet")


@app.command()
@takes_panel
def check(
    file: File,
    options: FileOptions,
    risk_free: RiskFree = None,
    risk_free_unit: RiskFreeUnit = "auto",
    json: Json = False,
) -> None:
    """List everything that is wrong with a file; ends with 2 when it cannot be used.

    Errors forbid use of the file, warnings are told and lived with.

    \b
    Example:
      halyard data check returns.csv
    """
    from pipelines.datasets.checking import check_file
    from pipelines.datasets.findings import errors_of
    from pipelines.datasets.funds import load_panel

    checked = check_file(file, columns=options.columns(), frequency=options.frequency)
    findings = checked.findings
    errors = errors_of(findings)
    if not errors:
        findings = load_panel(
            file,
            columns=options.columns(),
            frequency=options.frequency,
            risk_free=risk_free,
            risk_free_unit=risk_free_unit,
        ).findings
    _tell(file, checked, findings, json=json)
    if errors:
        raise DataError(
            f"{len(errors)} error(s), the first: {errors[0]}; repair the file, or try "
            "halyard data clean"
        )


def _tell(
    file: Path, checked: CheckedReturns, findings: tuple[Finding, ...], *, json: bool
) -> None:
    counts = {
        kind: sum(f.severity == kind.removesuffix("s") for f in findings)
        for kind in ("errors", "warnings")
    }
    if json:
        listed = [asdict(finding) for finding in findings]
        about = {"file": str(file), "read_as": checked.observations.read_as}
        tables.show_json({**about, **counts, "findings": listed})
        return
    typer.echo(f"{file}: read as {checked.observations.read_as}")
    if findings:
        tables.show_findings(findings)
    typer.echo(f"{counts['errors']} error(s), {counts['warnings']} warning(s)")


@app.command()
@takes_panel
def clean(
    file: File,
    out: Annotated[Path, typer.Option("--out", help="Where to write: .csv or .parquet.")],
    options: FileOptions,
) -> None:
    """Repair what is safe and write a long table of returns, with a list of the repairs.

    Percent become decimals, changes of face value are taken out, wrong prints and a partial
    last month dropped. What is not safe to repair is told, and nothing is written. The repairs
    are in a JSON file beside the table.

    \b
    Example:
      halyard data clean navs.parquet --out returns.parquet
    """
    from pipelines.datasets.checking import check_file, returns_table
    from pipelines.datasets.cleaning import write_actions
    from pipelines.datasets.findings import raise_if_errors

    _refuse_target(file, out)
    checked = check_file(file, columns=options.columns(), frequency=options.frequency, clean=True)
    raise_if_errors(checked.findings)
    actions = out.with_suffix(".actions.json")
    table = returns_table(checked)
    tables.write_table(table, out)
    write_actions(checked.actions, actions)
    typer.echo(f"{out}: {table.height} returns of {table['series'].n_unique()} series")
    typer.echo(f"{actions}: {len(checked.actions)} repair(s)")
    for rule, number in tables.count_rules(checked.actions).items():
        typer.echo(f"  {number} {rule}")


def _refuse_target(file: Path, out: Path) -> None:
    if out.suffix.lower() not in _ENDINGS:
        raise ConfigError(f"--out: expected a name that ends in .csv or .parquet, got {str(out)!r}")
    if out.resolve() == file.resolve():
        raise ConfigError(f"--out: {out} is the file itself; give another name, so that it is kept")


@app.command()
@takes_panel
def describe(
    options: FileOptions,
    file: Annotated[
        Path | None, typer.Argument(help="CSV or Parquet; without one, the embedded portfolios.")
    ] = None,
    risk_free: RiskFree = None,
    risk_free_unit: RiskFreeUnit = "auto",
    clean: Clean = False,
    min_months: MinMonths = 0,
    json: Json = False,
) -> None:
    """Tell what a file holds: series, span, lengths, gaps, and how many funds ended each year.

    \b
    Example:
      halyard data describe returns.parquet --clean
    """
    from pipelines.datasets.describe import describe_panel
    from pipelines.datasets.open_panel import open_panel

    loaded = open_panel(
        file,
        risk_free=risk_free,
        risk_free_unit=risk_free_unit,
        frequency=options.frequency,
        columns=options.columns(),
        clean=clean,
        min_months=min_months,
    )
    about: dict[str, Any] = {
        "file": str(file or "embedded portfolios"),
        "read_as": loaded.read_as,
        "data_hash": loaded.panel.data_hash,
        "mean_risk_free": float(loaded.panel.risk_free.mean()),
        "warnings": len(loaded.findings),
        "repairs": len(loaded.actions),
        **asdict(describe_panel(loaded.panel)),
    }
    tables.show_json(about) if json else tables.show_summary(about)


@app.command()
def columns(json: Json = False) -> None:
    """List the columns that are known: their unit, limits and the names they are guessed by.

    \b
    Example:
      halyard data columns
    """
    from pipelines.datasets.schema import COLUMNS

    if json:
        tables.show_json({name: asdict(column) for name, column in COLUMNS.items()})
    else:
        tables.show_columns(COLUMNS.values())
