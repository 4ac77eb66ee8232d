"""The options of every verb that reads a file of fund returns, in one copy.

A verb takes them all by one parameter, `panel: PanelOptions`, under `takes_panel`:
the command line shows the options, the verb gets one object with `open()`. A verb
that wants only some of them annotates its parameters with the types below.
"""

from __future__ import annotations

import functools
import inspect
import shlex
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from pipelines.datasets.funds import LoadedPanel
    from pipelines.datasets.schema import ColumnChoice

Data = Annotated[
    Path | None,
    typer.Option("--data", help="CSV or Parquet of returns or NAVs [embedded portfolios]."),
]
RiskFree = Annotated[
    Path | None,
    typer.Option("--risk-free", help="File of the risk-free rate [the data's own column, or 0]."),
]
RiskFreeUnit = Annotated[
    str,
    typer.Option(
        "--risk-free-unit",
        help="auto (by the column's name), decimal (0.002 = 0.2 % per period), percent (0.2), "
        "yield_pct_pa (2.4 = 2.4 % per year) or yield_decimal_pa (0.024).",
    ),
]
Frequency = Annotated[
    str, typer.Option("--frequency", help="monthly, quarterly, weekly or daily; never guessed.")
]
Clean = Annotated[
    bool, typer.Option("--clean", help="Repair what is safe: percent, face values, wrong prints.")
]
MinMonths = Annotated[
    int,
    typer.Option("--min-months", min=0, help="Leave out series with fewer observed returns."),
]
SeriesColumn = Annotated[
    list[str] | None,
    typer.Option("--series-column", help="Column of the fund's name; repeat to join several."),
]
DateColumn = Annotated[
    str | None, typer.Option("--date-column", help="Column of the month or date.")
]
ObservedColumn = Annotated[
    str | None,
    typer.Option("--observed-column", help="Column of the day of observation, beside the month."),
]
ReturnColumn = Annotated[
    str | None, typer.Option("--return-column", help="Column of the returns, decimal.")
]
NavColumn = Annotated[
    str | None, typer.Option("--nav-column", help="Column of NAVs or prices instead of returns.")
]
GroupColumn = Annotated[
    str | None, typer.Option("--group-column", help="Column of the fund's group or manager.")
]
BenchmarkColumn = Annotated[
    str | None, typer.Option("--benchmark-column", help="Column of the benchmark's return.")
]
RiskFreeColumn = Annotated[
    str | None, typer.Option("--risk-free-column", help="Column of the risk-free rate.")
]
LayoutOption = Annotated[
    str | None, typer.Option("--layout", help="long, wide or transposed, if it cannot be told.")
]
ValuesOption = Annotated[
    str | None, typer.Option("--values", help="returns or nav, if it cannot be told.")
]


@dataclass(frozen=True)
class FileOptions:
    """How to read one file of returns or NAVs."""

    frequency: Frequency = "monthly"
    series_column: SeriesColumn = None
    date_column: DateColumn = None
    observed_column: ObservedColumn = None
    return_column: ReturnColumn = None
    nav_column: NavColumn = None
    group_column: GroupColumn = None
    benchmark_column: BenchmarkColumn = None
    risk_free_column: RiskFreeColumn = None
    layout: LayoutOption = None
    values: ValuesOption = None

    def columns(self) -> ColumnChoice:
        """The choice of columns; ConfigError for an unknown layout or kind of values."""
        from pipelines.datasets.schema import ColumnChoice

        return ColumnChoice(
            series=tuple(self.series_column) if self.series_column else None,
            date=self.date_column,
            observed=self.observed_column,
            returns=self.return_column,
            nav=self.nav_column,
            group=self.group_column,
            benchmark=self.benchmark_column,
            risk_free=self.risk_free_column,
            layout=self.layout,  # type: ignore[arg-type]  # checked when built
            values=self.values,  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class PanelOptions(FileOptions):
    """Which panel to work on, and how to read it."""

    data: Data = None
    risk_free: RiskFree = None
    risk_free_unit: RiskFreeUnit = "auto"
    clean: Clean = False
    min_months: MinMonths = 0

    def open(self) -> LoadedPanel:
        """Read the panel; DataError or ConfigError with one line when it cannot be used."""
        from pipelines.datasets.open_panel import open_panel

        return open_panel(
            self.data,
            risk_free=self.risk_free,
            risk_free_unit=self.risk_free_unit,
            frequency=self.frequency,
            columns=self.columns(),
            clean=self.clean,
            min_months=self.min_months,
        )

    def words(self) -> str:
        """The options that were given, as typed, but for the folders of files."""
        found = []
        for one in fields(self):
            value = getattr(self, one.name)
            if value == one.default:
                continue
            option = f"--{one.name.replace('_', '-')}"
            said = value.name if isinstance(value, Path) else value
            for part in said if isinstance(said, list) else [said]:
                found += [option] if part is True else [option, str(part)]
        return shlex.join(found)


def takes_panel(command: Callable[..., Any]) -> Callable[..., Any]:
    """Spread a command's parameter of type PanelOptions or FileOptions into its options."""
    hints = get_type_hints(command, include_extras=True)
    parameters = [
        p.replace(annotation=hints[p.name]) for p in inspect.signature(command).parameters.values()
    ]
    spread = next(p for p in parameters if _is_options(p.annotation))
    options = _options_of(spread.annotation)

    @functools.wraps(command)
    def verb(**given: Any) -> Any:
        chosen = {option.name: given.pop(option.name) for option in options}
        return command(**given, **{spread.name: spread.annotation(**chosen)})

    others = [p.replace(kind=p.KEYWORD_ONLY) for p in parameters if p is not spread]
    # Typer reads both; the signature alone would leave it the annotation it cannot parse.
    verb.__signature__ = inspect.Signature([*others, *options])  # type: ignore[attr-defined]
    verb.__annotations__ = {p.name: p.annotation for p in (*others, *options)}
    return verb


def _is_options(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, FileOptions)


def _options_of(kind: type[FileOptions]) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    columns = {item.name for item in fields(FileOptions)}
    # In the help, which data comes before how to read it.
    ordered = sorted(fields(kind), key=lambda item: item.name in columns)
    return [
        inspect.Parameter(
            item.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if item.default is MISSING else item.default,
            annotation=hints[item.name],
        )
        for item in ordered
    ]
