"""Run a batch forecast: plan, shards, manifest. A run that was killed is taken up again.

The order of writing makes every crash harmless: the plan comes first, a shard's files before
its record, the manifest last. Whatever lies between is done again, to the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from models.errors import ConfigError, DataError
from pipelines.batch.contract import (
    BatchJob,
    Engine,
    Kept,
    PreparedJob,
    PreparedSource,
    Sink,
    Source,
    WarmEngine,
)
from pipelines.batch.plan import Plan
from pipelines.batch.records import Records, read_manifest, write_manifest
from pipelines.batch.work import Work

#: Called with (rows of input done, rows in all).
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Summary:
    """How a run ended.

    rows, rejects  of output
    shards         pieces in all, and how many of them an earlier run had done
    seconds        of this run
    reasons        how many rejects have each reason, the commonest first
    """

    rows: int
    rejects: int
    shards: int
    before: int
    seconds: float
    reasons: dict[str, int]


def run_batch(
    job: BatchJob,
    source: Source,
    sink: Sink,
    engine: Engine,
    *,
    workers: int = 2,
    resume: bool = False,
    overwrite: bool = False,
    created_at: datetime | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Forecast all of `source` into `sink`.

    resume      go on with an unfinished run, if there is one
    overwrite   remove an earlier run first
    created_at  what the forecasts are stamped with [now]; a resumed run keeps its own

    Raises ConfigError when the sink holds an unfinished run and `resume` is not set, when
    a resumed run is given another input or model, or when another run writes there.
    """
    begun = monotonic()
    preload = getattr(job, "preload", ())
    if preload and workers > 1 and isinstance(engine, WarmEngine):
        engine.warm(preload)
    records = Records(sink.state)
    with records.locked():
        if overwrite:
            sink.clear()
        done = _finished(job, source, sink, records) if resume else None
        if done is None:
            before, kept = _run(
                job, source, sink, engine, workers, resume, created_at, progress, records
            )
        else:
            before, kept = len(done), done
        records.tidy()
        sink.tidy()
    return _summary(kept, before, monotonic() - begun)


def _finished(job: BatchJob, source: Source, sink: Sink, records: Records) -> list[Kept] | None:
    """The shards of a run that needs nothing more but tidying."""
    found = read_manifest(sink.manifest)
    if found is None or (records.plan() is not None and records.plan() != found[0]):
        return None
    plan, kept = found
    plan.refuse_other(source, job, sink)
    return kept


def _run(
    job: BatchJob,
    source: Source,
    sink: Sink,
    engine: Engine,
    workers: int,
    resume: bool,
    created_at: datetime | None,
    progress: Progress | None,
    records: Records,
) -> tuple[int, list[Kept]]:
    plan = _plan_to_resume(job, source, sink, records, resume)
    records.claim_scratch({"input": source.fingerprint(), "model": job.fingerprint()})
    ready = source.prepare(records.scratch) if isinstance(source, PreparedSource) else source
    if plan is None:
        moment = created_at or datetime.now(UTC).replace(microsecond=0)
        plan = Plan.of(source, job, sink, ready.shards(), moment)
        if not plan.shards:
            raise DataError("--input: no rows; expected at least one")
        records.begin(plan)
    if isinstance(job, PreparedJob):
        job = job.prepare(records.scratch, ready, plan.shards)
    sink = sink.prepare(plan, job)
    kept = {one.index: one for one in records.kept() if sink.holds(one)}
    before = len(kept)
    left = [shard for shard in plan.shards if shard.index not in kept]
    tell = _Teller(plan, kept, progress)
    for one in engine.run(Work(job, ready, sink, plan.created_at), left, workers) if left else ():
        records.add(one)
        kept[one.index] = one
        tell()
    ordered = [kept[index] for index in sorted(kept)]
    sink.finish(ordered)
    write_manifest(sink.manifest, plan, ordered)
    return before, ordered


def _plan_to_resume(
    job: BatchJob, source: Source, sink: Sink, records: Records, resume: bool
) -> Plan | None:
    plan = records.plan()
    if plan is None:
        return None
    if not resume:
        done = len(records.kept())
        raise ConfigError(
            f"{sink.state}: holds an unfinished run ({done} of {len(plan.shards)} pieces done); "
            "go on with --resume, or start anew with --overwrite"
        )
    plan.refuse_other(source, job, sink)
    return plan


class _Teller:
    """Tells how many rows of input are done."""

    def __init__(self, plan: Plan, kept: dict[int, Kept], progress: Progress | None) -> None:
        self._rows = {shard.index: shard.rows for shard in plan.shards}
        self._kept, self._progress, self._total = kept, progress, plan.rows
        self()

    def __call__(self) -> None:
        if self._progress is not None:
            self._progress(sum(self._rows[index] for index in self._kept), self._total)


def _summary(kept: Sequence[Kept], before: int, seconds: float) -> Summary:
    reasons: dict[str, int] = {}
    for one in kept:
        for reason, count in one.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
    commonest = dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
    rows, rejects = sum(one.rows for one in kept), sum(one.rejects for one in kept)
    return Summary(rows, rejects, len(kept), before, seconds, commonest)
