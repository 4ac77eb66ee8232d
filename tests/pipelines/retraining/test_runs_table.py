"""One row per run and place, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.errors import DependencyError
from pipelines.environment import halyard_home
from pipelines.retraining.runs_table import RunsTable
from tests.servers.postgres import fresh_database

BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "a"))
    return tmp_path


def sqlite() -> str:
    return f"sqlite:///{halyard_home() / 'runs.db'}"


def row(state: str, **more: Any) -> dict[str, Any]:
    return {"state": state, "started": BEGUN, "steps": '{"train": 2.0}', **more}


@pytest.fixture(params=[sqlite, fresh_database], ids=["sqlite", "postgresql"])
def table(request: pytest.FixtureRequest) -> RunsTable:
    url: Callable[[], str] = request.param
    return RunsTable(url())


def test_a_run_has_one_row_however_often_it_is_written(table: RunsTable) -> None:
    table.put("toy", "r1", row("running"))
    table.put("toy", "r1", row("done", decision="kept", evidence='{"p": 0.5}'))
    (found,) = table.rows("toy")
    assert (found["state"], found["decision"], found["started"]) == ("done", "kept", BEGUN)
    assert (found["steps"], found["evidence"]) == ({"train": 2.0}, {"p": 0.5})


def test_homes_that_share_a_database_keep_their_runs_apart(
    table: RunsTable, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.put("toy", "r1", row("running"))
    monkeypatch.setenv("HALYARD_HOME", str(home / "b"))
    table.put("toy", "r1", row("done"))
    table.abandon_others("toy", "r2")
    assert sorted(found["state"] for found in table.rows()) == ["done", "running"]


def test_runs_that_another_one_left_behind_are_marked(table: RunsTable) -> None:
    for run, state in (("r1", "running"), ("r2", "done"), ("r3", "stopped"), ("r4", "running")):
        table.put("toy", run, row(state))
    table.abandon_others("toy", "r4")
    found = {one["run"]: one["state"] for one in table.rows("toy")}
    assert found == {"r1": "abandoned", "r2": "done", "r3": "abandoned", "r4": "running"}
    assert table.rows("other") == []


def test_a_database_that_is_not_there_is_said_in_one_line() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(DependencyError, match="cannot be opened"):
        RunsTable("postgresql://nobody@127.0.0.1:9/none")
