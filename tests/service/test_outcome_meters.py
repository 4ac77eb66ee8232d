"""What /metrics says of outcomes: read by one worker, kept while the database is away."""

from __future__ import annotations

import asyncio
import logging
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from prometheus_client import CollectorRegistry

from models.errors import ConfigError, DependencyError
from pipelines.monitoring.outcome_scores import stored_scores
from pipelines.monitoring.outcome_store import COLUMNS, OutcomeStore
from service.outcome_meters import (
    LOCK,
    VARIABLE,
    OutcomeMeters,
    OutcomeReader,
    follow_outcomes,
    outcome_seconds,
)
from tests.servers.postgres import fresh_database, run_sql, server_url
from tests.service.running import Server, environment, free_port, serving

#: Longest wait for what a reader that looks five times a second should see at once.
PATIENCE = 60.0
WORKERS = 2
AWAY = "Outcomes cannot be read, the last values stay"


def outcomes(*versions: str) -> pl.DataFrame:
    """One outcome of each version, half a Sharpe ratio too high."""
    row: dict[str, Any] = {
        "predictor": "fund-sharpe",
        "series": "a",
        "origin": "2011-06",
        "target": "forward",
        "horizon": 6,
        "period": "2011-12",
        "point": 1.0,
        "lower_90": 0.0,
        "upper_90": 2.0,
        "outcome": 0.5,
        "error": 0.5,
        "inside": True,
        "in_sample": False,
    }
    return pl.DataFrame([{**row, "version": version} for version in versions]).select(COLUMNS)


def keep(url: str | None, *versions: str) -> None:
    store = OutcomeStore(url)
    store.add(outcomes(*versions))
    store.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HALYARD_DATABASE", raising=False)
    return tmp_path / "home"


def value(listed: CollectorRegistry, name: str, version: str) -> float | None:
    labels = {
        "predictor": "fund-sharpe",
        "version": version,
        "target": "forward",
        "horizon": "6",
        "sample": "out",
    }
    return listed.get_sample_value(f"halyard_outcome_{name}", labels)


@pytest.mark.usefixtures("home")
def test_scores_are_shown_and_those_that_are_gone_count_nothing() -> None:
    listed = CollectorRegistry()
    meters = OutcomeMeters(listed)
    keep(None, "v1", "v2")
    meters.show(stored_scores() or [])
    assert (value(listed, "count", "v1"), value(listed, "bias", "v1")) == (1, 0.5)
    meters.show([row for row in stored_scores() or [] if row["version"] == "v2"])
    assert value(listed, "count", "v1") == 0
    assert math.isnan(value(listed, "bias", "v1") or 0.0)
    assert value(listed, "coverage_90", "v2") == 1
    read = listed.get_sample_value("halyard_outcome_read_timestamp_seconds")
    assert read == pytest.approx(time.time(), abs=60)


def test_looking_makes_no_database_and_no_table(home: Path) -> None:
    assert stored_scores() is None
    assert not (home / "halyard.db").exists()
    url = fresh_database()
    assert stored_scores(url) is None
    assert run_sql(url, "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'halyard%'") == [(0,)]


def test_a_database_that_cannot_be_read_is_one_line(home: Path) -> None:
    home.mkdir()
    (home / "halyard.db").write_text("this is no database " * 100)
    with pytest.raises(DependencyError, match=r"database sqlite:///.*: .*not a database"):
        stored_scores()


@pytest.mark.usefixtures("home")
def test_a_database_that_is_away_leaves_the_last_values_and_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    keep(None, "v1")
    listed, away = CollectorRegistry(), [False]

    def read() -> Any:
        if away[0]:
            raise DependencyError("database x: cannot be opened: away")
        return stored_scores()

    reader = OutcomeReader(OutcomeMeters(listed), read, None)
    with caplog.at_level(logging.INFO, "bentoml.halyard"):
        for away[0] in (False, True, True, True, False, True):
            reader.look()
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "Outcomes cannot be read, the last values stay: database x: cannot be opened: away",
        "Outcomes are read again.",
        "Outcomes cannot be read, the last values stay: database x: cannot be opened: away",
    ]
    assert value(listed, "count", "v1") == 1


def test_only_one_process_reads_until_it_ends(tmp_path: Path) -> None:
    script = (
        "import fcntl, sys\n"
        f"file = open({str(tmp_path / LOCK)!r}, 'a')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    looks: list[int] = []
    reader = OutcomeReader(
        OutcomeMeters(CollectorRegistry()), lambda: looks.append(1), str(tmp_path)
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        reader.look()
        assert looks == []
        other.kill()
        other.wait()
    reader.look()
    reader.look()
    assert looks == [1, 1]


def test_a_slow_database_keeps_nobody_waiting() -> None:
    asked, answer = threading.Event(), threading.Event()

    def read() -> Any:
        asked.set()
        answer.wait(PATIENCE)

    async def meanwhile() -> int:
        reader = OutcomeReader(OutcomeMeters(CollectorRegistry()), read, None)
        task, turns = asyncio.create_task(follow_outcomes(reader, 60.0)), 0
        while not asked.is_set() or turns < 100:
            await asyncio.sleep(0)
            turns += 1
        task.cancel()
        answer.set()
        return turns

    assert asyncio.run(meanwhile()) >= 100


@pytest.mark.parametrize(("text", "seconds"), [("", 60.0), ("0", 0.0), ("5", 5.0)])
def test_the_time_between_looks_is_a_setting(
    text: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    assert outcome_seconds() == seconds


def test_no_time_between_looks_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "often")
    with pytest.raises(ConfigError, match=f"{VARIABLE}: expected seconds .* got 'often'"):
        outcome_seconds()


def metrics(server: Server) -> dict[str, float]:
    """Series of outcomes -> value, as a server of several workers tells them."""
    lines = httpx.get(server.address + "/metrics", timeout=30).text.splitlines()
    pairs = [line.rpartition(" ") for line in lines if line.startswith("halyard_outcome_")]
    return {series: float(number) for series, _, number in pairs}


def wait_until(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, f"not seen within {PATIENCE:.0f} seconds: {what}"
        time.sleep(0.05)


@contextmanager
def several_workers(home: Path, folder: Path, **more: str) -> Iterator[Server]:
    """The served service with WORKERS of them, which `halyard serve` has one of."""
    (folder / "several.py").write_text(
        f"from service.app import Halyard\nHalyard.config['workers'] = {WORKERS}\n"
    )
    port = free_port()
    command = [sys.executable, "-m", "bentoml", "serve", "several:Halyard"]
    command += ["--working-dir", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    env = environment(home, BENTOML_HOME=str(home / "bentoml"), **more)
    log = folder / "log"
    with serving(command, folder, port, "Completed startup hook: load", env, log) as server:
        loaded = "Completed startup hook: load"
        wait_until(lambda: server.said().count(loaded) == WORKERS, "every worker")
        yield server


def test_a_server_of_several_workers_tells_outcomes_until_and_after_its_database_is_away(
    trained_home: Path, tmp_path: Path
) -> None:
    url = fresh_database()
    keep(url, "v1")
    labels = 'horizon="6",predictor="fund-sharpe",sample="out",target="forward",version="{}"'
    first, second = ("halyard_outcome_count{" + labels.format(v) + "}" for v in ("v1", "v2"))
    more = {"HALYARD_DATABASE": url, VARIABLE: "0.2"}
    with several_workers(trained_home, tmp_path, **more) as server:
        # Added up over workers it would be as many.
        wait_until(lambda: metrics(server).get(first) == 1, "the first outcome")
        keep(url, "v1", "v2")
        wait_until(lambda: metrics(server).get(second) == 1, "the second version")
        name = url.rpartition("/")[2]
        run_sql(server_url(), f'DROP DATABASE "{name}" WITH (FORCE)')
        wait_until(lambda: AWAY in server.said(), "that it is away")
        before = metrics(server)
        time.sleep(1.0)
        assert metrics(server) == before
        assert (before[first], before[second]) == (1, 1)
        assert "halyard_outcome_read_timestamp_seconds" in before
        assert httpx.get(server.address + "/readyz", timeout=30).status_code == 200
        said = server.said()
    assert said.count(AWAY) == 1
    assert "Traceback" not in said
