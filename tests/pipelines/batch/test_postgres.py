"""Forecasts into a real PostgreSQL table."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from models.errors import ConfigError, DependencyError
from pipelines.batch.local_engine import LocalEngine
from pipelines.batch.meanings import fund_meanings
from pipelines.batch.postgres_connection import connect
from pipelines.batch.postgres_sink import PostgresSink, _copy, postgres_sink
from pipelines.batch.postgres_tables import create_tables, texts
from pipelines.batch.records import Records
from pipelines.batch.run import Summary, run_batch
from pipelines.fund_sharpe.forecast_table import FORECAST_SCHEMA
from tests.pipelines.batch.killed import run_killed
from tests.pipelines.batch.toy import MOMENT, Numbers, Squares
from tests.servers.postgres import fresh_database, run_sql, server_url

#: Forty shards by two workers, resumed where there is something to resume.
TOY = """
import sys
from pipelines.batch.local_engine import LocalEngine
from pipelines.batch.postgres_sink import postgres_sink
from pipelines.batch.run import run_batch
from tests.pipelines.batch.toy import MOMENT, Numbers, Squares

if __name__ == "__main__":
    sink, job = postgres_sink(sys.argv[1], "squares"), Squares(bad=4, pause=0.02)
    run_batch(job, Numbers(120, 3), sink, LocalEngine(), resume=True, created_at=MOMENT)
"""
ROWS = "SELECT id, square, version, created_at FROM squares ORDER BY id::int, version"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def url() -> str:
    return fresh_database()


def run(url: str, job: Squares | None = None, **more: Any) -> Summary:
    given = {"workers": 1, "created_at": MOMENT, **more}
    return run_batch(
        job or Squares(), Numbers(), postgres_sink(url, "squares"), LocalEngine(), **given
    )


def test_a_run_fills_a_table_with_its_key_and_lists_rejects_apart(url: str) -> None:
    summary = run(url, Squares(bad=4))
    assert (summary.rows, summary.rejects) == (9, 1)
    rows = run_sql(url, ROWS)
    assert [row[1] for row in rows] == [0, 1, 4, 9, 25, 36, 49, 64, 81]
    assert {row[3] for row in rows} == {MOMENT}
    rejects = run_sql(url, 'SELECT "where", id, reason FROM squares_rejects')
    assert rejects == [("number 4", "4", "expected another number, got 4")]
    key = "SELECT count(*) FROM pg_indexes WHERE tablename = 'squares' AND indexdef LIKE '%UNIQUE%'"
    assert run_sql(url, key) == [(1,)]


def test_the_same_forecast_again_replaces_its_rows_and_another_version_adds_its_own(
    url: str,
) -> None:
    run(url)
    run(url)
    assert run_sql(url, "SELECT count(*) FROM squares") == [(10,)]
    run(url, Squares(version="2"))
    assert run_sql(url, "SELECT version, count(*) FROM squares GROUP BY 1 ORDER BY 1") == [
        ("1", 10),
        ("2", 10),
    ]


def test_a_run_that_was_stopped_goes_on_and_writes_only_what_is_missing(url: str) -> None:
    def stop(done: int, _total: int) -> None:
        if done >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(url, progress=stop)
    summary = run(url, resume=True)
    assert (summary.before, summary.rows) == (2, 10)
    assert len(run_sql(url, ROWS)) == 10


def test_a_record_without_its_transaction_is_made_again(url: str) -> None:
    def stop(done: int, _total: int) -> None:
        if done >= 6:
            run_sql(url, "DELETE FROM halyard_batch_shards WHERE shard = 0")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(url, progress=stop)
    assert run(url, resume=True).before == 1


def test_kills_at_any_moment_neither_double_nor_lose_a_row(tmp_path: Path) -> None:
    script = tmp_path / "toy.py"
    script.write_text(TOY)
    urls = [fresh_database(), fresh_database()]
    assert run_killed([str(script), urls[0]], 0, 3, 0.0) == (0, 0)
    exists = "SELECT to_regclass('halyard_batch_shards') IS NOT NULL"

    def progress() -> int:
        there = run_sql(urls[1], exists) == [(True,)]
        return int(str(run_sql(urls[1], "SELECT count(*) FROM squares")[0][0])) if there else 0

    code, killed = run_killed([str(script), urls[1]], 3, 3, 0.1, progress=progress)
    assert (code, killed) == (0, 3)
    assert run_sql(urls[1], ROWS) == run_sql(urls[0], ROWS)
    rejects = 'SELECT "where" FROM squares_rejects ORDER BY 1'
    assert run_sql(urls[1], rejects) == run_sql(urls[0], rejects)


def test_a_server_that_ends_sessions_is_tried_again(url: str) -> None:
    name = url.rsplit("/", 1)[1]
    ended: list[int] = []

    def end_sessions(done: int, _total: int) -> None:
        if done == 3:
            ended.append(done)
            run_sql(
                server_url(),
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
            )

    assert run(url, progress=end_sessions).rows == 10
    assert ended == [3]
    assert len(run_sql(url, ROWS)) == 10


def test_a_server_that_stays_away_is_told_with_what_to_do(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.batch.postgres_sink._PAUSE", 0.0)
    name = url.rsplit("/", 1)[1]

    def drop(done: int, _total: int) -> None:
        if done == 3:
            run_sql(server_url(), f"DROP DATABASE {name} WITH (FORCE)")

    with pytest.raises(DependencyError, match=r"what is written stays, go on with --resume$"):
        run(url, progress=drop)


def test_a_table_that_changes_under_a_run_is_one_line_and_the_run_can_go_on(url: str) -> None:
    def close(done: int, _total: int) -> None:
        if done == 3:
            run_sql(url, "ALTER TABLE squares ADD CHECK (square < 20)")

    with pytest.raises(DependencyError, match=r"table squares: .* violates check constraint"):
        run(url, progress=close)
    run_sql(url, "ALTER TABLE squares DROP CONSTRAINT squares_square_check")
    assert run(url, resume=True).rows == 10
    assert len(run_sql(url, ROWS)) == 10


def test_an_account_that_may_only_write_rows_is_enough(url: str) -> None:
    run(url)
    run_sql(url, "DROP ROLE IF EXISTS writer")
    run_sql(url, "CREATE ROLE writer LOGIN")
    run_sql(url, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO writer")
    run(url.replace("//halyard@", "//writer@"), Squares(version="2"))
    assert run_sql(url, "SELECT count(*) FROM squares") == [(20,)]


def test_a_new_table_says_what_its_columns_mean(url: str) -> None:
    meanings = {**fund_meanings(), "gone": "of no column"}
    schema = {**FORECAST_SCHEMA, "model": pl.String}
    with connect(url) as connection:
        create_tables(connection, "funds", schema, ("id", "origin"), meanings)
    found = run_sql(url, "SELECT col_description('funds'::regclass, 6)")
    assert found == [("expected Sharpe ratio, annualised",)]
    (said,) = run_sql(url, "SELECT count(*) FROM pg_description WHERE objoid = 'funds'::regclass")
    assert said == (len(schema),)


def test_texts_that_read_like_nothing_or_hold_a_zero_byte_are_kept(url: str) -> None:
    run_sql(url, "CREATE TABLE odd (name text, size real)")
    frame = pl.DataFrame({"name": ["\\N", None, "", "a\0b", 'q"\n,'], "size": [1.5, None, 2, 3, 4]})
    with connect(url) as connection:
        _copy(connection, "odd (name, size)", texts(frame))
    rows = run_sql(url, "SELECT name, size FROM odd")
    assert rows == [("\\N", 1.5), (None, None), ("", 2), ("a\ufffdb", 3), ('q"\n,', 4)]


def test_a_table_of_another_shape_is_refused(url: str) -> None:
    run_sql(url, "CREATE TABLE squares (id text PRIMARY KEY)")
    with pytest.raises(ConfigError, match="exists without column 'square'"):
        run(url)
    run_sql(url, "DROP TABLE squares")
    columns = "id text, square float8, version text, created_at timestamptz"
    run_sql(url, f"CREATE TABLE squares ({columns})")
    with pytest.raises(ConfigError, match="exists without the key id, version"):
        run(url, overwrite=True)


def test_a_sink_travels_without_its_connection(url: str, tmp_path: Path) -> None:
    sink = PostgresSink(url, "t", tmp_path)
    sink.open()
    assert pickle.loads(pickle.dumps(sink))._connection is None
    sink.finish([])


@pytest.mark.parametrize("table", ["a b", "a.b.c", "x;y", ""])
def test_a_name_that_is_no_table_is_refused(table: str) -> None:
    with pytest.raises(ConfigError, match="expected a name such as forecasts"):
        postgres_sink("postgresql://host/name", table)


def test_a_server_that_is_not_there_is_one_line() -> None:
    with pytest.raises(DependencyError, match="cannot be opened") as told:
        run("postgresql://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


def test_an_unfinished_run_is_told_before_anything_is_written(url: str) -> None:
    def stop(done: int, _total: int) -> None:
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(url, progress=stop)
    with pytest.raises(ConfigError, match="go on with --resume"):
        run(url)
    assert run(url, overwrite=True).before == 0
    assert Records(postgres_sink(url, "squares").state).plan() is None
