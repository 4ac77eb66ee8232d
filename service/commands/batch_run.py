"""Run a batch for the command line: what would be done, a bar, the outcome, the exit code."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer

from service.commands.batch_options import RunOptions
from service.commands.batch_progress import row_progress

if TYPE_CHECKING:
    from pipelines.batch.contract import BatchJob, Sink, Source
    from pipelines.batch.run import Summary

#: Exit code of a run that is complete but for rows that are listed as rejects.
PARTIAL = 3


def run_forecast(job: BatchJob, source: Source, options: RunOptions) -> None:
    """Forecast `source` into where the options say; ends with PARTIAL when there are rejects."""
    from pipelines.batch.run import run_batch

    sink = options.sink()
    if options.dry_run:
        _tell_plan(job, source, sink, options)
        return
    with row_progress("forecasting") as progress:
        summary = run_batch(
            job,
            source,
            sink,
            options.make_engine(),
            workers=options.workers,
            resume=options.resume,
            overwrite=options.overwrite,
            created_at=options.moment,
            progress=progress,
        )
    _tell_outcome(summary, sink, options)
    if summary.rejects:
        raise typer.Exit(PARTIAL)


def _tell_plan(job: BatchJob, source: Source, sink: Sink, options: RunOptions) -> None:
    """Print what would be done; what has to be prepared is, in a folder that goes away."""
    from pipelines.batch.records import Records

    rows, pieces = _outline(source)
    about = job.fingerprint()
    typer.echo(f"input    {rows} rows in {pieces} pieces")
    typer.echo(f"model    {about.get('model')}")
    typer.echo(f"output   {options.output}")
    typer.echo(f"engine   {options.engine}, {options.workers} workers")
    size = getattr(job, "bytes_per_row", None)
    if size is not None:
        typer.echo(f"size     about {max(size * rows / 1e6, 0.1):.1f} MB")
    plan = Records(sink.state).plan()
    if plan is None:
        typer.echo("progress nothing done yet")
    else:
        done = len(Records(sink.state).kept())
        typer.echo(f"progress {done} of {len(plan.shards)} pieces done; go on with --resume")
    typer.echo("Nothing was written (--dry-run).")


def _outline(source: Source) -> tuple[int, int]:
    """Rows and pieces of an input."""
    from pipelines.batch.contract import OutlinedSource, PreparedSource

    with TemporaryDirectory(prefix="halyard-dry-run-") as folder:
        if isinstance(source, OutlinedSource):
            return source.outline(Path(folder))
        ready = source.prepare(Path(folder)) if isinstance(source, PreparedSource) else source
        shards = ready.shards()
        return sum(shard.rows for shard in shards), len(shards)


def _tell_outcome(summary: Summary, sink: Sink, options: RunOptions) -> None:
    rate = summary.rows / max(summary.seconds, 1e-9)
    before = f", {summary.before} of them by an earlier run" if summary.before else ""
    typer.echo(
        f"{options.output}: {summary.rows} forecasts in {summary.shards} pieces{before}; "
        f"{summary.seconds:.1f} s, {rate:.0f} forecasts/s"
    )
    typer.echo(f"{sink.manifest}: what is there, with checksums")
    if summary.rejects:
        typer.echo(f"{summary.rejects} rejects, in {_rejects_of(sink)}:")
        for reason, number in list(summary.reasons.items())[:5]:
            typer.echo(f"  {number} x {reason}")


def _rejects_of(sink: Sink) -> str:
    from pipelines.batch.sinks import REJECTED, OneFile, ParquetFolder

    if isinstance(sink, OneFile):
        return str(sink.rejects)
    if isinstance(sink, ParquetFolder):
        return f"{sink.folder / REJECTED}/"
    return "the table of rejects"
