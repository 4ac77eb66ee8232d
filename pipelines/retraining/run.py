"""One retraining from start to end: lock, plan, steps, and a row in the table of runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from models.errors import HalyardError
from pipelines.registry import StoredModel
from pipelines.retraining.deadline import Deadline, OutOfTimeError
from pipelines.retraining.decide import decide
from pipelines.retraining.domain import Domain
from pipelines.retraining.folder import Result, RunFolder
from pipelines.retraining.lock import sole_run
from pipelines.retraining.pipeline import Run, run_steps, steps
from pipelines.retraining.runs_table import RunsTable
from pipelines.retraining.settings import RetrainSettings
from pipelines.retraining.start import begin, start

#: Makes the predictor with its new data, given the model to beat.
MakeDomain = Callable[[StoredModel | None], Domain]


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    state     done; stopped: at the deadline; open: after the one step that was asked for
    decision  not needed, kept, promoted, challenger, refused; "" while not done
    """

    run: str
    state: str
    decision: str
    why: str
    report: Path


@dataclass(frozen=True)
class Asked:
    """How a run is to be made.

    run_id     go on with this one, or call a new one so
    if_needed  end after the decision when no new model is needed
    minutes    deadline
    only       one step alone, whose turn must have come
    database   URL of the table of runs
    say        told one line at a time
    """

    run_id: str | None = None
    if_needed: bool = False
    minutes: float | None = None
    only: str | None = None
    database: str | None = None
    say: Callable[[str], None] = lambda _line: None


def retrain(
    name: str, told: Result, make: MakeDomain, settings: RetrainSettings, asked: Asked
) -> Outcome:
    """Make a run, or go on with it, until it ends, its deadline comes or its step is done.

    told   JSON-able: what tells this run from one on other data or settings

    Raises ConfigError when another run of the name is in progress.
    """
    deadline = Deadline(asked.minutes)
    full = {**told, "if_needed": asked.if_needed, "settings": settings.model_dump(mode="json")}
    # As the plan will be read again: tuples become lists there.
    full = json.loads(json.dumps(full))
    with sole_run(name):
        table = RunsTable(asked.database)
        try:
            started = start(name, full, asked.run_id)
            domain = make(started.champion)
            begin(started, full, domain.challenger())
            asked.say(
                f"Run {started.folder.run_id} "
                f"{'goes on' if started.resumed else 'begins'} in {started.folder.path}."
            )
            table.abandon_others(name, started.folder.run_id)
            run = Run(started.folder, domain, settings, deadline, asked.if_needed, asked.say)
            return _recorded(run, table, asked.only)
        finally:
            table.close()


def look(domain: Domain, settings: RetrainSettings) -> dict[str, Any]:
    """What a run would decide, without writing anything: remarks, drift, decision."""
    found = domain.drift()
    decision = decide(domain.facts(), found, settings.need, if_needed=True)
    return {"remarks": list(domain.validate()), "drift": found, "decide": decision}


def _recorded(run: Run, table: RunsTable, only: str | None) -> Outcome:
    """Do the steps, and say in the table how it went."""

    def put(state: str, why: str = "") -> None:
        table.put(run.domain.name, run.folder.run_id, row(run.folder, state, why))

    put("running")
    try:
        finished = run_steps(run, only)
    except OutOfTimeError as stop:
        put("stopped", str(stop))
        return Outcome(run.folder.run_id, "stopped", "", str(stop), run.folder.report)
    except KeyboardInterrupt:
        put("stopped", "interrupted")
        raise
    except HalyardError as error:
        put("failed", str(error))
        raise
    if not finished:
        put("open", f"after step {only}")
        return Outcome(run.folder.run_id, "open", "", f"step {only} is done", run.folder.report)
    put("done")
    end = run.result("record")
    return Outcome(run.folder.run_id, "done", end["decision"], end["why"], run.folder.report)


def row(folder: RunFolder, state: str, why: str = "") -> dict[str, Any]:
    """The row of a run, from what its folder holds."""
    plan = folder.plan() or {}
    results = {name: folder.result(name) for name in steps()}
    done = [name for name, result in results.items() if result is not None]
    end = results["record"] or {}
    seconds = folder.seconds()
    return {
        "state": state,
        "step": done[-1] if done else None,
        "decision": end.get("decision"),
        "why": why or end.get("why"),
        "champion": plan.get("champion"),
        "challenger": (results["package"] or {}).get("version"),
        "data_last": str(plan["told"]["data"]["last"]),
        "started": datetime.fromisoformat(plan["created"]),
        "seconds": round(sum(seconds.values()), 3),
        "steps": json.dumps({name: round(value, 3) for name, value in seconds.items()}),
        "evidence": json.dumps(_evidence(results)),
        "report": str(folder.report) if folder.report.is_file() else None,
    }


def _evidence(results: Mapping[str, dict[str, Any] | None]) -> dict[str, Any]:
    """What the decision rests on, in short."""
    found: dict[str, Any] = {}
    judged, decided = results["judge"] or {}, results["decide"] or {}
    if "reasons" in decided:
        found["needed"] = {key: decided[key] for key in ("needed", "reasons")}
    if "checks" in judged:
        found["checks"] = judged["checks"]
    if "accuracy" in judged:
        found["p"] = judged["accuracy"]["p"]
        found["difference"] = judged["accuracy"]["pooled"]["difference"]
        found["latency_ratio"] = (results["latency"] or {}).get("ratio")
    return found
