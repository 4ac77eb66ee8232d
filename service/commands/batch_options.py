"""The options of `halyard forecast` that both forecasters share, and what they mean together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError

if TYPE_CHECKING:
    from pipelines.batch.contract import Engine, Sink

POSTGRESQL = ("postgresql://", "postgres://", "postgresql+psycopg://")

Input = Annotated[
    str | None,
    typer.Option(
        "--input",
        help="File, folder, glob or URL (s3://, gs://, az://) of Parquet, Arrow or CSV; or "
        "postgresql://... with --query.",
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output", help="Folder of Parquet, one .parquet or .csv file, or postgresql://..."
    ),
]
Model = Annotated[
    str, typer.Option("--model", help="Stored version: champion, latest, NAME@ALIAS, NAME:VERSION.")
]
EngineName = Annotated[
    str, typer.Option("--engine", help="local (processes of this machine) or ray (a cluster).")
]
RayAddress = Annotated[
    str | None, typer.Option("--ray-address", help="Ray cluster [one started here, for this run].")
]
Workers = Annotated[int, typer.Option("--workers", min=1, help="Processes that forecast.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that did not finish.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace what an earlier run left in --output.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, write nothing.")]
MemoryMb = Annotated[
    int, typer.Option("--memory-mb", min=1, help="Memory of all processes together, MB.")
]
StorageOption = Annotated[
    list[str] | None,
    typer.Option(
        "--storage-option", help="KEY=VALUE for polars' access to a store; repeat for several."
    ),
]
Query = Annotated[
    str | None, typer.Option("--query", help="SQL whose rows are the input, for postgresql://.")
]
Table = Annotated[
    str | None, typer.Option("--table", help="Table to write, for an --output of postgresql://.")
]
CreatedAt = Annotated[
    datetime | None,
    typer.Option("--created-at", help="UTC moment that the forecasts are stamped with [now]."),
]


@dataclass(frozen=True)
class RunOptions:
    """Where a batch goes, and who does it."""

    output: str
    engine: str = "local"
    ray_address: str | None = None
    workers: int = 2
    resume: bool = False
    overwrite: bool = False
    dry_run: bool = False
    table: str | None = None
    created_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.engine not in ("local", "ray"):
            raise ConfigError(f"--engine: expected local or ray, got {self.engine!r}")
        if self.ray_address is not None and self.engine != "ray":
            raise ConfigError("--ray-address: goes with --engine ray")
        if self.resume and self.overwrite:
            raise ConfigError("--resume and --overwrite: give one of them")
        if (self.table is not None) != is_postgresql(self.output):
            raise ConfigError("--table: goes with an --output of postgresql://, and only with it")

    @property
    def moment(self) -> datetime | None:
        """When the forecasts are made, UTC."""
        given = self.created_at
        return given if given is None or given.tzinfo else given.replace(tzinfo=UTC)

    def sink(self) -> Sink:
        """Where the forecasts go. Raises ConfigError."""
        if self.table is not None:
            from pipelines.batch.postgres_sink import postgres_sink

            return postgres_sink(self.output, self.table)
        from pipelines.batch.sinks import file_sink

        return file_sink(Path(self.output), overwrite=self.overwrite, resume=self.resume)

    def make_engine(self) -> Engine:
        """Who does the work."""
        if self.engine == "ray":
            from pipelines.batch.ray_engine import RayEngine

            return RayEngine(self.ray_address)
        from pipelines.batch.local_engine import LocalEngine

        return LocalEngine()


def is_postgresql(text: str) -> bool:
    """Whether a place is a database."""
    return text.startswith(POSTGRESQL)


def storage_options(given: list[str] | None) -> dict[str, str]:
    """KEY=VALUE words as a dictionary. Raises ConfigError."""
    pairs = [word.partition("=") for word in given or ()]
    for word, (key, equals, _) in zip(given or (), pairs, strict=True):
        if not key or not equals:
            raise ConfigError(f"--storage-option: expected KEY=VALUE, got {word!r}")
    return {key: value for key, _, value in pairs}


def required(value: str | None, option: str) -> str:
    """A value that has to be given. Raises ConfigError."""
    if value is None:
        raise ConfigError(f"{option}: missing; see --help for what it takes")
    return value
